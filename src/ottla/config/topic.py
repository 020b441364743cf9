"""Changes to a topic's overrides: what may be set, and the arithmetic of IncrementalAlterConfigs.

Texts and their order are those of Kafka's controller (facts 6.2): unknown names first, then each option's own rule,
then the rules between options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from ottla.config.option import ConfigError, OptionType, Value, default_value, parse_value, value_text
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.errors import ErrorCode, KafkaError

VALUE_SIZE_LIMIT_BYTES = 32767
"""Longest value that a configuration record holds: its length is written as a signed 16-bit number."""


CHECK_ORDER = (
    "segment.bytes",
    "segment.ms",
    "segment.jitter.ms",
    "segment.index.bytes",
    "flush.messages",
    "flush.ms",
    "retention.bytes",
    "retention.ms",
    "max.message.bytes",
    "index.interval.bytes",
    "delete.retention.ms",
    "min.compaction.lag.ms",
    "max.compaction.lag.ms",
    "file.delete.delay.ms",
    "min.cleanable.dirty.ratio",
    "cleanup.policy",
    "unclean.leader.election.enable",
    "min.insync.replicas",
    "compression.type",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "preallocate",
    "message.timestamp.type",
    "message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms",
    "leader.replication.throttled.replicas",
    "follower.replication.throttled.replicas",
    "remote.storage.enable",
    "local.retention.ms",
    "local.retention.bytes",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "internal.segment.bytes",
)
"""The topic options in the order in which Kafka's LogConfig defines them: the first that is wrong is named."""


class AlterOperation(IntEnum):
    """What IncrementalAlterConfigs does with a key, by its number on the wire."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class Alteration(NamedTuple):
    """One change of one key; DELETE takes no value."""

    name: str
    operation: AlterOperation
    value: str | None


def validate_topic_overrides(overrides: Mapping[str, str | None]) -> None:
    """Check the overrides of a topic, all of them together.

    Raises KafkaError INVALID_CONFIG with Kafka's text for the first that cannot stand.
    """
    missing = [name for name, text in overrides.items() if text is None]
    if missing:
        raise _invalid(f"Null value not supported for topic configs: {','.join(missing)}")
    for name in overrides:
        if name not in TOPIC_OPTIONS:
            raise _invalid(f"Unknown topic config name: {name}")
    values: dict[str, Value] = {}
    for name in CHECK_ORDER:
        option = TOPIC_OPTIONS[name]
        try:
            values[name] = (
                parse_value(option, overrides[name]) if name in overrides else default_value(option)
            )
        except ConfigError as error:
            raise _invalid(str(error)) from error
    least, most = values["min.compaction.lag.ms"], values["max.compaction.lag.ms"]
    if isinstance(least, int) and isinstance(most, int) and least > most:
        raise _invalid(
            f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        )
    if values["remote.storage.enable"] is True:
        raise _invalid(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )


def apply_alterations(current: Mapping[str, str], alterations: Sequence[Alteration]) -> dict[str, str]:
    """Return a topic's overrides after these changes, unchecked against the options' rules.

    APPEND and SUBTRACT start from the override, else from Kafka's default for the key; APPEND skips what is there
    already. Deleting what is not there changes nothing. Raises KafkaError: INVALID_REQUEST for a key that is named
    twice or has no value, INVALID_CONFIG for list arithmetic on what is no list and for a value that is too long.
    """
    names = [alteration.name for alteration in alterations]
    if len(set(names)) < len(names):
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
    missing = [
        each.name
        for each in alterations
        if each.value is None and each.operation is not AlterOperation.DELETE
    ]
    if missing:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Null value not supported for : {', '.join(missing)}")
    result = dict(current)
    for name, operation, value in alterations:
        if operation is AlterOperation.DELETE:
            result.pop(name, None)
        elif operation is AlterOperation.SET:
            result[name] = value or ""
        else:
            result[name] = _alter_list(name, operation, result.get(name), value or "")
        if len(result.get(name, "")) > VALUE_SIZE_LIMIT_BYTES:
            raise _invalid(
                "The configuration value cannot be added because it exceeds the maximum value size of "
                f"{VALUE_SIZE_LIMIT_BYTES} bytes."
            )
    return result


def _alter_list(name: str, operation: AlterOperation, current: str | None, change: str) -> str:
    option = TOPIC_OPTIONS.get(name)
    if option is None or option.type is not OptionType.LIST:
        raise _invalid(f"Can't {operation.name} to key {name} because its type is not LIST.")
    base = value_text(default_value(option)) if current is None else current
    items = [item for item in (base or "").split(",") if item]
    for part in change.split(","):
        if operation is AlterOperation.APPEND and part not in items:
            items.append(part)
        elif operation is AlterOperation.SUBTRACT and part in items:
            items.remove(part)
    return ",".join(items)


def _invalid(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_CONFIG, message)
