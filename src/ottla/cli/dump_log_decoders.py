"""What kafka-dump-log shows of a record's key and value: texts and numbers, or a coordinator's or the metadata's JSON.

A parser takes a record and returns the texts of key and payload, None for what is not shown. What it cannot read it
says in the place of the payload, as Kafka's `DumpLogSegments` does; only a record without a key, where every record has
one, ends the tool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ottla.cli.coordinator_records import (
    CoordinatorRecord,
    RecordKind,
    UnknownRecordTypeError,
    UnreadableRecordError,
    read_coordinator_record,
)
from ottla.cli.failures import ToolError
from ottla.records.record import Record
from ottla.wire.compiler import decode
from ottla.wire.json_form import json_form, json_text
from ottla.wire.primitives import WireError, read_uvarint
from ottla.wire.schema import message_schema_of

RecordParser: TypeAlias = Callable[[Record], tuple[str | None, str | None]]
Decoder: TypeAlias = Callable[[bytes], str]

_TOOLS_API = "org.apache.kafka.tools.api."
_DELETES = "<DELETE>"
_FRAME_VERSION = 1
_GROUP_METADATA = 2
_CONSUMER_PROTOCOL = "consumer"
_LARGEST_INT16 = 0x7FFF


def decoder_named(class_name: str) -> Decoder:
    """Return one of Kafka's decoders by the name of its class. Raises ToolError for any other class."""
    found = _DECODERS.get(class_name.removeprefix(_TOOLS_API)) if class_name.startswith(_TOOLS_API) else None
    if found is None:
        raise ToolError("java.lang.ClassNotFoundException", class_name)
    return found


def plain_parser(decode_key: Decoder, decode_value: Decoder) -> RecordParser:
    """Return the parser of records that nothing is known of."""

    def parse(record: Record) -> tuple[str | None, str | None]:
        key = None if record.key is None else decode_key(record.key)
        return key, None if record.value is None else decode_value(record.value)

    return parse


def coordinator_parser(
    kinds: Mapping[int, RecordKind],
    value_form: Callable[[CoordinatorRecord], Any] = lambda each: each.value_form,
) -> RecordParser:
    """Return the parser of a coordinator's topic with these kinds of records."""

    def parse(record: Record) -> tuple[str | None, str | None]:
        if record.key is None:
            raise ToolError(
                "java.lang.RuntimeException",
                f"Failed to decode message at offset {record.offset} using the specified decoder "
                "(message had a missing key)",
            )
        try:
            found = read_coordinator_record(kinds, record.key, record.value)
        except UnknownRecordTypeError as error:
            return f"Unknown record type {error.type} at offset {record.offset}, skipping.", None
        except UnreadableRecordError as error:
            return f"Error at offset {record.offset}, skipping. {error}", None
        key = json_text({"type": str(found.type), "data": found.key_form})
        if found.value is None:
            return key, _DELETES
        return key, json_text({"version": str(found.version), "data": value_form(found)})

    return parse


def group_value_form(record: CoordinatorRecord) -> Any:
    """Return the JSON of a record of `__consumer_offsets`; in a consumer group's, members' own bytes are read too."""
    form = record.value_form
    if record.type == _GROUP_METADATA and form["protocolType"] == _CONSUMER_PROTOCOL:
        from ottla.protocol.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription

        for member, shown in zip(record.value.members, form["members"], strict=True):
            _show_versioned(shown, "subscription", member.subscription, ConsumerProtocolSubscription)
            _show_versioned(shown, "assignment", member.assignment, ConsumerProtocolAssignment)
    return form


def metadata_parser(record: Record) -> tuple[str | None, str | None]:
    """Show a record of the metadata log."""
    from ottla.metadata.records import RECORDS

    try:
        version, message = read_framed(RECORDS, record.value or b"")
    except UnreadableRecordError as error:
        return None, f"Error at {record.offset}, skipping. {error}"
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(message).__name__).upper()
    return None, json_text({"type": name, "version": version, "data": json_form(message, version)})


def read_framed(classes: Mapping[int, type], content: bytes) -> tuple[int, Any]:
    """Return version and message of a frame: its version, the message's key, its version, its fields.

    A version above the highest that is known is read as that one, as Kafka does. Raises UnreadableRecordError.
    """
    key, version, position = _read_frame(content)
    cls = classes.get(key)
    if cls is None:
        reason = f"org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id {key}"
        raise UnreadableRecordError(reason)
    try:
        message: Any
        message, end = decode(cls, min(version, message_schema_of(cls).versions.highest), content, position)
    except WireError as error:
        raise UnreadableRecordError(f"Failed to deserialize record with type {key}") from error
    if end < len(content):
        raise UnreadableRecordError(f"Found {len(content) - end} byte(s) of garbage after {key}")
    return version, message


def _read_frame(content: bytes) -> tuple[int, int, int]:
    """Return key and version of a metadata record, and where its fields begin. Raises UnreadableRecordError."""
    numbers: list[int] = []
    position = 0
    for part in ("frame version", "type", "version"):
        try:
            number, position = read_uvarint(content, position)
        except (IndexError, WireError) as error:
            raise UnreadableRecordError(f"Error while reading {part}") from error
        if number > _LARGEST_INT16:
            raise UnreadableRecordError(f"Value for {part} was too large.")
        if not numbers and number == 0:
            raise UnreadableRecordError(
                "Could not deserialize metadata record with frame version 0. "
                "Note that upgrades from the preview release of KRaft in 2.8 to newer versions are not supported."
            )
        if not numbers and number != _FRAME_VERSION:
            raise UnreadableRecordError(
                f"Could not deserialize metadata record due to unknown frame version {number}"
                f"(only frame version {_FRAME_VERSION} is supported)"
            )
        numbers.append(number)
    return numbers[1], numbers[2], position


def _show_versioned(shown: dict[str, Any], name: str, content: bytes, cls: type) -> None:
    """Put the JSON of bytes that begin with their version in the place of their base64, where they can be read."""
    if len(content) < 2:
        return
    version = int.from_bytes(content[:2], "big", signed=True)
    highest = message_schema_of(cls).versions.highest
    try:
        message: Any
        message, _ = decode(cls, min(max(version, 0), highest), content, 2)
    except WireError:
        return
    shown[name] = json_form(message, version)


def _number_decoder(size_bytes: int) -> Decoder:
    def decode_number(content: bytes) -> str:
        if len(content) < size_bytes:
            raise ToolError("java.nio.BufferUnderflowException", None)
        return str(int.from_bytes(content[:size_bytes], "big", signed=True))

    return decode_number


def _java_bytes(content: bytes) -> str:
    """Show bytes as Java prints an array of them: by a number for the object, which says nothing of what is in it."""
    return f"[B@{id(content) & 0xFFFFFFFF:x}"


_DECODERS: Mapping[str, Decoder] = {
    "DefaultDecoder": _java_bytes,
    "IntegerDecoder": _number_decoder(4),
    "LongDecoder": _number_decoder(8),
    "StringDecoder": lambda content: content.decode("utf-8", "replace"),
}
"""By the names of Kafka's classes; decoders of a user's own are Java and cannot be loaded here."""
