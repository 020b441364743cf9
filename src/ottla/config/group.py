"""The settings of a group: which may be made, and how they are described (Kafka's `GroupConfig`, facts 6.1 and 6.2).

What a group does not set follows the broker's options, and what it sets lies between the broker's bounds.
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.describe import ConfigEntry, ConfigSource, ConfigSynonym, printed
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import ConfigError, Value, default_value, parse_value, value_text
from ottla.config.resolved import BrokerConfig
from ottla.errors import ErrorCode, KafkaError

CHECK_ORDER = (
    "consumer.session.timeout.ms",
    "consumer.heartbeat.interval.ms",
    "share.session.timeout.ms",
    "share.heartbeat.interval.ms",
    "share.record.lock.duration.ms",
    "share.auto.offset.reset",
    "share.isolation.level",
    "streams.session.timeout.ms",
    "streams.heartbeat.interval.ms",
    "streams.num.standby.replicas",
)
"""The options in the order in which Kafka defines them: the first that is wrong is named."""

_BOUNDS: tuple[tuple[str, str | None, str], ...] = (
    (
        "consumer.heartbeat.interval.ms",
        "consumer.min.heartbeat.interval.ms",
        "consumer.max.heartbeat.interval.ms",
    ),
    ("consumer.session.timeout.ms", "consumer.min.session.timeout.ms", "consumer.max.session.timeout.ms"),
    ("share.heartbeat.interval.ms", "share.min.heartbeat.interval.ms", "share.max.heartbeat.interval.ms"),
    ("share.session.timeout.ms", "share.min.session.timeout.ms", "share.max.session.timeout.ms"),
    (
        "share.record.lock.duration.ms",
        "share.min.record.lock.duration.ms",
        "share.max.record.lock.duration.ms",
    ),
    (
        "streams.heartbeat.interval.ms",
        "streams.min.heartbeat.interval.ms",
        "streams.max.heartbeat.interval.ms",
    ),
    ("streams.session.timeout.ms", "streams.min.session.timeout.ms", "streams.max.session.timeout.ms"),
    ("streams.num.standby.replicas", None, "streams.max.standby.replicas"),
)
"""Options with the broker's least and most for them, which bear `group.` before their names; in Kafka's order."""

_PROTOCOLS = ("consumer", "share", "streams")
"""Those whose sessions have to be longer than the time between two heartbeats."""


def validate_group_settings(broker_config: BrokerConfig, name: str, settings: Mapping[str, str]) -> None:
    """Check the settings of a group, all of them together; the group need not exist.

    Raises KafkaError with Kafka's text for the first that cannot stand: INVALID_REQUEST for a group without a name,
    else INVALID_CONFIG.
    """
    if not name:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Default group resources are not allowed.")
    for key in settings:
        if key not in GROUP_OPTIONS:
            raise _invalid(f"Unknown group config name: {key}")
    values = group_defaults(broker_config)
    for key in CHECK_ORDER:
        if key in settings:
            try:
                values[key] = parse_value(GROUP_OPTIONS[key], settings[key])
            except ConfigError as error:
                raise _invalid(str(error)) from error
    for key, least_name, most_name in _BOUNDS:
        if least_name is not None and _number(values[key]) < _bound(broker_config, least_name):
            raise _invalid(f"{key} must be greater than or equal to group.{least_name}")
        if _number(values[key]) > _bound(broker_config, most_name):
            raise _invalid(f"{key} must be less than or equal to group.{most_name}")
    for protocol in _PROTOCOLS:
        session, heartbeat = f"{protocol}.session.timeout.ms", f"{protocol}.heartbeat.interval.ms"
        if _number(values[session]) <= _number(values[heartbeat]):
            raise _invalid(f"{session} must be greater than {heartbeat}")


def group_defaults(broker_config: BrokerConfig) -> dict[str, Value]:
    """Return what holds for a group that sets nothing, by option: the broker's value, else Kafka's default."""
    return {
        name: broker_config.values[f"group.{name}"]
        if f"group.{name}" in BROKER_OPTIONS
        else default_value(option)
        for name, option in GROUP_OPTIONS.items()
    }


def describe_group(broker_config: BrokerConfig, settings: Mapping[str, str]) -> list[ConfigEntry]:
    """Describe all options of a group, in alphabetical order.

    An option that is not set has its value as the only synonym, by its own name and as a default.
    """
    defaults = group_defaults(broker_config)
    entries = []
    for name, option in GROUP_OPTIONS.items():
        is_set = name in settings
        value = printed(option, settings[name]) if is_set else value_text(defaults[name])
        source = ConfigSource.GROUP if is_set else ConfigSource.DEFAULT
        entries.append(
            ConfigEntry(
                name=name,
                value=value,
                read_only=False,
                source=source,
                sensitive=False,
                synonyms=(ConfigSynonym(name, value, source),),
                type=option.type,
                documentation=option.documentation,
            )
        )
    return entries


def _bound(broker_config: BrokerConfig, name: str) -> int:
    return _number(broker_config.values[f"group.{name}"])


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _invalid(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_CONFIG, message)
