"""The settings of a consumer: Kafka's keys, defaults, rules and texts (Kafka's `ConsumerConfig`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ottla.client.failures import ApiError, ConfigurationError
from ottla.client.properties import COMMON_ROWS, Row, read_rows
from ottla.config.checks import at_least, one_of, one_of_ignoring_case
from ottla.config.kinds import BOOLEAN, INT, LIST, STRING
from ottla.config.option import invalid_value
from ottla.errors import ErrorCode

READ_UNCOMMITTED = 0
READ_COMMITTED = 1

_PACKAGE = "org.apache.kafka.clients.consumer"

ASSIGNORS = {
    f"{_PACKAGE}.RangeAssignor": "range",
    f"{_PACKAGE}.RoundRobinAssignor": "roundrobin",
    f"{_PACKAGE}.StickyAssignor": "sticky",
    f"{_PACKAGE}.CooperativeStickyAssignor": "cooperative-sticky",
}
"""The names that members give their assignors in JoinGroup, by the Java class that a setting names."""

CONSUMER_ROWS = (
    Row("allow.auto.create.topics", BOOLEAN, "true"),
    Row("auto.commit.interval.ms", INT, "5000", at_least(0)),
    Row("auto.offset.reset", STRING, "latest"),
    Row("check.crcs", BOOLEAN, "true"),
    Row("enable.auto.commit", BOOLEAN, "true"),
    Row("exclude.internal.topics", BOOLEAN, "true"),
    Row("fetch.max.bytes", INT, "52428800", at_least(0)),
    Row("fetch.max.wait.ms", INT, "500", at_least(0)),
    Row("fetch.min.bytes", INT, "1", at_least(0)),
    Row("group.id", STRING, None),
    Row("group.instance.id", STRING, None),
    Row("group.protocol", STRING, "classic", one_of_ignoring_case("CLASSIC", "CONSUMER")),
    Row("heartbeat.interval.ms", INT, "3000"),
    Row("isolation.level", STRING, "read_uncommitted", one_of("read_committed", "read_uncommitted")),
    Row("max.partition.fetch.bytes", INT, "1048576", at_least(0)),
    Row("max.poll.interval.ms", INT, "300000", at_least(1)),
    Row("max.poll.records", INT, "500", at_least(1)),
    Row(
        "partition.assignment.strategy",
        LIST,
        f"{_PACKAGE}.RangeAssignor,{_PACKAGE}.CooperativeStickyAssignor",
    ),
    Row("session.timeout.ms", INT, "45000"),
)
"""The settings that consumers have beside those of every client."""

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{0,9})?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_BY_DURATION = "by_duration:"


@dataclass(frozen=True, slots=True)
class ResetPolicy:
    """Where to start without a committed offset: `kind` is earliest, latest, none or by_duration."""

    kind: str
    duration_ms: int = 0
    """How far back from now, for by_duration (KIP-1106)."""


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What a consumer keeps to; sizes in bytes, times in ms."""

    group_id: str | None = None
    group_instance_id: str | None = None
    allow_auto_create_topics: bool = True
    auto_commit_interval_ms: int = 5_000
    auto_offset_reset: ResetPolicy = ResetPolicy("latest")
    check_crcs: bool = True
    enable_auto_commit: bool = True
    exclude_internal_topics: bool = True
    fetch_max_bytes: int = 52_428_800
    fetch_max_wait_ms: int = 500
    fetch_min_bytes: int = 1
    heartbeat_interval_ms: int = 3_000
    isolation_level: int = READ_UNCOMMITTED
    max_partition_fetch_bytes: int = 1_048_576
    max_poll_interval_ms: int = 300_000
    max_poll_records: int = 500
    assignors: tuple[str, ...] = ("range", "cooperative-sticky")
    """By the names of JoinGroup, the preferred one first."""
    session_timeout_ms: int = 45_000
    request_timeout_ms: int = 30_000
    default_api_timeout_ms: int = 60_000
    retry_backoff_ms: int = 100
    retry_backoff_max_ms: int = 1_000
    metadata_max_age_ms: int = 300_000

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ConsumerSettings:
        """Resolve the settings of a consumer. Raises ConfigurationError with Kafka's text."""
        values = read_rows((*COMMON_ROWS, *CONSUMER_ROWS), properties)
        if values["group_protocol"].upper() != "CLASSIC":
            raise ConfigurationError("group.protocol=consumer is not supported here yet; classic is")
        if values["group_instance_id"] == "":
            raise ConfigurationError(str(invalid_value("group.instance.id", "", "String must be non-empty")))
        if not values["group_id"]:
            if values["enable_auto_commit"] and "enable.auto.commit" in properties:
                raise ApiError(
                    ErrorCode.INVALID_CONFIG,
                    "enable.auto.commit cannot be set to true when default group id (null) is used.",
                )
            values["enable_auto_commit"] = False
        if values["session_timeout_ms"] <= values["heartbeat_interval_ms"] and values["group_id"]:
            raise ConfigurationError("Heartbeat must be set lower than the session timeout")
        taken = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        taken |= {
            "auto_offset_reset": parse_reset(values["auto_offset_reset"]),
            "isolation_level": (
                READ_COMMITTED if values["isolation_level"] == "read_committed" else READ_UNCOMMITTED
            ),
            "assignors": _parse_assignors(values["partition_assignment_strategy"]),
        }
        return cls(**taken)


def parse_reset(text: str) -> ResetPolicy:
    """Return the policy that auto.offset.reset names. Raises ConfigurationError with Kafka's text."""
    kind = text.lower()
    if kind in {"earliest", "latest", "none"}:
        return ResetPolicy(kind)
    if kind.startswith(_BY_DURATION):
        duration_ms = parse_duration_ms(text[len(_BY_DURATION) :])
        if duration_ms is not None:
            return ResetPolicy("by_duration", duration_ms)
    reason = (
        f"Invalid value `{text}` for configuration auto.offset.reset. The value must be either 'earliest', 'latest', "
        "'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'."
    )
    raise ConfigurationError(str(invalid_value("auto.offset.reset", text, reason)))


def parse_duration_ms(text: str) -> int | None:
    """Return the ms of an ISO 8601 duration of days and times such as `P1DT2H`; None where it is none."""
    found = _DURATION.fullmatch(text)
    if found is None or text.upper() in {"P", "PT"} or text.upper().endswith("T"):
        return None
    parts = {name: float(number or 0) for name, number in found.groupdict().items()}
    seconds = parts["days"] * 86_400 + parts["hours"] * 3_600 + parts["minutes"] * 60 + parts["seconds"]
    return int(seconds * 1000)


def _parse_assignors(names: tuple[str, ...]) -> tuple[str, ...]:
    chosen = []
    for name in names:
        if name not in ASSIGNORS:
            raise ConfigurationError(f"{name} ClassNotFoundException exception occurred")
        chosen.append(ASSIGNORS[name])
    if not chosen:
        raise ConfigurationError(
            "partition.assignment.strategy must be non-empty for a consumer that subscribes to topics"
        )
    return tuple(dict.fromkeys(chosen))
