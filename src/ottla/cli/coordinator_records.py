"""What the records of coordinators say: the table of their kinds by topic, and reading one, as Kafka's tools do.

A key begins with an int16, its type; a value with an int16, its version; no value deletes (`CoordinatorRecordSerde`).
Tools show every kind that 4.1.1 knows, those included that no coordinator here writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, cast

from ottla.wire.compiler import decode
from ottla.wire.json_form import JsonValue, json_form
from ottla.wire.primitives import WireError
from ottla.wire.schema import MessageSchema, message_schema_of

_PREFIX_SIZE_BYTES = 2
_KEY_VERSION = 0
"""Version of the fields of every key; keys never had another."""


@dataclass(frozen=True, slots=True)
class RecordKind:
    """The classes of key and value of one type."""

    key: type
    value: type


@dataclass(frozen=True, slots=True)
class CoordinatorRecord:
    """A record that was read."""

    type: int
    key: Any
    value: Any = None
    """None for a record that deletes."""
    version: int = 0
    """Of the value."""

    @property
    def key_form(self) -> JsonValue:
        """The key as Kafka's JSON."""
        return json_form(self.key, _KEY_VERSION)

    @property
    def value_form(self) -> JsonValue:
        """The value as Kafka's JSON; None where there is none."""
        return None if self.value is None else json_form(self.value, self.version)


class UnreadableRecordError(Exception):
    """A record that no tool can show; the text is Kafka's as far as it tells which part it is."""


class UnknownRecordTypeError(UnreadableRecordError):
    """A type that 4.1.1 does not know."""

    def __init__(self, record_type: int) -> None:
        super().__init__(f"Found an unknown record type {record_type}")
        self.type = record_type


def read_coordinator_record(
    kinds: Mapping[int, RecordKind], key: bytes, value: bytes | None
) -> CoordinatorRecord:
    """Return what key and value say. Raises UnreadableRecordError."""
    record_type = _read_prefix(key, "key")
    kind = kinds.get(record_type)
    if kind is None:
        raise UnknownRecordTypeError(record_type)
    key_message = _read_message(kind.key, key, _KEY_VERSION, record_type, "key")
    if value is None:
        return CoordinatorRecord(record_type, key_message)
    version = _read_prefix(value, "value")
    if version not in message_schema_of(kind.value).versions:
        raise UnreadableRecordError(f"Found an unknown record version {version} for {record_type} type")
    value_message = _read_message(kind.value, value, version, version, "value")
    return CoordinatorRecord(record_type, key_message, value_message, version)


@cache
def group_record_kinds() -> Mapping[int, RecordKind]:
    """Return the kinds of `__consumer_offsets`."""
    from ottla.groups import records
    from ottla.protocol.coordinator_records import (
        consumer_group_records,
        share_group_records,
        streams_group_records,
    )

    modules = (records, consumer_group_records, share_group_records, streams_group_records)
    return _kinds_in(modules)


@cache
def transaction_record_kinds() -> Mapping[int, RecordKind]:
    """Return the kinds of `__transaction_state`."""
    from ottla.protocol.coordinator_records import transaction_records

    return _kinds_in([transaction_records])


@cache
def share_state_record_kinds() -> Mapping[int, RecordKind]:
    """Return the kinds of `__share_group_state`."""
    from ottla.protocol.coordinator_records import share_state_records

    return _kinds_in([share_state_records])


def _kinds_in(modules: Iterable[ModuleType]) -> Mapping[int, RecordKind]:
    keys: dict[int, type] = {}
    values: dict[int, type] = {}
    for module in modules:
        for found in vars(module).values():
            schema = getattr(found, "__wire_schema__", None)
            if not isinstance(schema, MessageSchema) or found.__module__ != module.__name__:
                continue
            (keys if schema.name.endswith("Key") else values)[cast("int", schema.key)] = found
    return {number: RecordKind(key, values[number]) for number, key in sorted(keys.items())}


def _read_prefix(content: bytes, part: str) -> int:
    if len(content) < _PREFIX_SIZE_BYTES:
        raise UnreadableRecordError(f"Could not read version from {part}'s buffer.")
    return int.from_bytes(content[:_PREFIX_SIZE_BYTES], "big", signed=True)


def _read_message(cls: type, content: bytes, version: int, named_version: int, part: str) -> Any:
    """Read a key or value; of a key Kafka's words name the type as its version."""
    try:
        return decode(cls, version, content, _PREFIX_SIZE_BYTES)[0]
    except WireError as error:
        raise UnreadableRecordError(
            f"Could not read record with version {named_version} from {part}'s buffer due to: {error.reason}."
        ) from error
