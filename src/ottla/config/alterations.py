"""The arithmetic of IncrementalAlterConfigs: what a resource's settings are after some changes of them.

The same for every kind of resource; which of its options are lists, and their defaults, come from its table. What the
settings mean together is checked elsewhere, once all changes are made (facts 6.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from ottla.config.option import Option, OptionType
from ottla.errors import ErrorCode, KafkaError

VALUE_SIZE_LIMIT_BYTES = 32767
"""Longest value that a configuration record holds: its length is written as a signed 16-bit number."""


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


def check_alterations(alterations: Sequence[tuple[str, int, str | None]]) -> None:
    """Check the form of a resource's changes: each a name, an operation's number and a value.

    Raises KafkaError INVALID_REQUEST for a key that is named twice, and for one that has no value and needs one.
    """
    if len({name for name, _, _ in alterations}) < len(alterations):
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
    missing = [
        name for name, operation, value in alterations if value is None and operation != AlterOperation.DELETE
    ]
    if missing:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Null value not supported for : {', '.join(missing)}")


def apply_alterations(
    current: Mapping[str, str], alterations: Sequence[Alteration], options: Mapping[str, Option]
) -> dict[str, str]:
    """Return a resource's settings after these changes, unchecked against the options' rules.

    `options` are those that the resource may have. APPEND and SUBTRACT start from the setting, else from Kafka's
    default for the key; APPEND skips what is there already. Deleting what is not there changes nothing. Raises
    KafkaError INVALID_CONFIG for list arithmetic on what is no list.
    """
    result = dict(current)
    for name, operation, value in alterations:
        if operation is AlterOperation.DELETE:
            result.pop(name, None)
        elif operation is AlterOperation.SET:
            result[name] = value or ""
        else:
            option = options.get(name)
            if option is None or option.type is not OptionType.LIST:
                raise KafkaError(
                    ErrorCode.INVALID_CONFIG,
                    f"Can't {operation.name} to key {name} because its type is not LIST.",
                )
            default = option.default if isinstance(option.default, str) else ""
            result[name] = _alter_list(result.get(name, default), operation, value or "")
    return result


def check_value_size(value: str | None) -> None:
    """Raise KafkaError INVALID_CONFIG for a value that is too long to be stored."""
    if value is not None and len(value) > VALUE_SIZE_LIMIT_BYTES:
        raise KafkaError(
            ErrorCode.INVALID_CONFIG,
            "The configuration value cannot be added because it exceeds the maximum value size of "
            f"{VALUE_SIZE_LIMIT_BYTES} bytes.",
        )


def _alter_list(current: str, operation: AlterOperation, change: str) -> str:
    items = [item for item in current.split(",") if item]
    for part in _split(change):
        if operation is AlterOperation.APPEND and part not in items:
            items.append(part)
        elif operation is AlterOperation.SUBTRACT and part in items:
            items.remove(part)
    return ",".join(items)


def _split(text: str) -> list[str]:
    """Split at commas as Java's `String.split` does: empty parts at the end are none, but for an empty text."""
    parts = text.split(",")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return [] if text and parts == [""] else parts
