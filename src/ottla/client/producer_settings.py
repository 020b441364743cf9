"""The settings of a producer: Kafka's keys, defaults, rules and texts (Kafka's `ProducerConfig`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ottla.client.failures import ConfigurationError
from ottla.client.properties import COMMON_ROWS, Row, read_rows
from ottla.config.checks import at_least, between, gzip_level, one_of
from ottla.config.kinds import BOOLEAN, INT, LONG, STRING
from ottla.records.compression import Codec

_LARGEST_INT = 2**31 - 1
_MOST_IN_FLIGHT_WITH_IDEMPOTENCE = 5

CODECS = {codec.name.lower(): codec for codec in Codec}

PRODUCER_ROWS = (
    Row("acks", STRING, "all", one_of("all", "-1", "0", "1")),
    Row("batch.size", INT, "16384", at_least(0)),
    Row("buffer.memory", LONG, "33554432", at_least(0)),
    Row("compression.type", STRING, "none", one_of("none", "gzip", "snappy", "lz4", "zstd")),
    Row("compression.gzip.level", INT, "-1", gzip_level()),
    Row("compression.lz4.level", INT, "9", between(1, 17)),
    Row("compression.zstd.level", INT, "3", between(-131072, 22)),
    Row("delivery.timeout.ms", INT, "120000", at_least(0)),
    Row("enable.idempotence", BOOLEAN, "true"),
    Row("linger.ms", LONG, "5", at_least(0)),
    Row("max.block.ms", LONG, "60000", at_least(0)),
    Row("max.in.flight.requests.per.connection", INT, "5", at_least(1)),
    Row("max.request.size", INT, "1048576", at_least(0)),
    Row("partitioner.adaptive.partitioning.enable", BOOLEAN, "true"),
    Row("partitioner.ignore.keys", BOOLEAN, "false"),
    Row("retries", INT, str(_LARGEST_INT), between(0, _LARGEST_INT)),
)
"""The settings that producers have beside those of every client."""


@dataclass(frozen=True, slots=True)
class ProducerSettings:
    """What a producer keeps to; sizes in bytes, times in ms."""

    acks: int = -1
    """-1 all replicas in sync, 1 the leader, 0 nobody: then there is no answer at all."""
    batch_size: int = 16_384
    buffer_memory: int = 33_554_432
    compression_type: Codec = Codec.NONE
    compression_level: int | None = None
    """None takes the codec's own default."""
    delivery_timeout_ms: int = 120_000
    enable_idempotence: bool = True
    linger_ms: int = 5
    max_block_ms: int = 60_000
    max_in_flight_requests_per_connection: int = 5
    max_request_size: int = 1_048_576
    partitioner_adaptive_partitioning_enable: bool = True
    partitioner_ignore_keys: bool = False
    request_timeout_ms: int = 30_000
    retries: int = _LARGEST_INT
    retry_backoff_ms: int = 100
    retry_backoff_max_ms: int = 1_000
    metadata_max_age_ms: int = 300_000

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ProducerSettings:
        """Resolve the settings of a producer. Raises ConfigurationError with Kafka's text."""
        if properties.get("transactional.id"):
            raise ConfigurationError("transactional.id is not supported here yet")
        values = read_rows((*COMMON_ROWS, *PRODUCER_ROWS), properties)
        acks = -1 if values["acks"] == "all" else int(values["acks"])
        codec = CODECS[values["compression_type"]]
        level = values.get(f"compression_{values['compression_type']}_level")
        idempotent = _resolve_idempotence(values, acks, is_set="enable.idempotence" in properties)
        delivery_timeout_ms = _resolve_delivery_timeout(values, is_set="delivery.timeout.ms" in properties)
        taken = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        taken |= {
            "acks": acks,
            "compression_type": codec,
            "compression_level": level,
            "enable_idempotence": idempotent,
            "delivery_timeout_ms": delivery_timeout_ms,
        }
        return cls(**taken)


def _resolve_idempotence(values: dict[str, object], acks: int, *, is_set: bool) -> bool:
    """Return whether the producer is idempotent: not where another setting rules it out, unless it was asked for."""
    if not values["enable_idempotence"]:
        return False
    retries, in_flight = values["retries"], values["max_in_flight_requests_per_connection"]
    assert isinstance(retries, int)
    assert isinstance(in_flight, int)
    if retries == 0:
        if is_set:
            raise ConfigurationError("Must set retries to non-zero when using the idempotent producer.")
        return False
    if acks != -1:
        if is_set:
            raise ConfigurationError(
                "Must set acks to all in order to use the idempotent producer. "
                "Otherwise we cannot guarantee idempotence."
            )
        return False
    if in_flight > _MOST_IN_FLIGHT_WITH_IDEMPOTENCE:
        raise ConfigurationError(
            "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. "
            f"Current value is {in_flight}."
        )
    return True


def _resolve_delivery_timeout(values: dict[str, object], *, is_set: bool) -> int:
    """Return delivery.timeout.ms, which has to leave room for lingering and one request."""
    delivery, linger, request = (
        values["delivery_timeout_ms"],
        values["linger_ms"],
        values["request_timeout_ms"],
    )
    assert isinstance(delivery, int)
    assert isinstance(linger, int)
    assert isinstance(request, int)
    needed = min(linger + request, _LARGEST_INT)
    if delivery < needed:
        if is_set:
            raise ConfigurationError(
                "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"
            )
        return needed
    return delivery
