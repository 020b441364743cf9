"""How kafka-console-consumer prints records: Kafka's formatters by the names of their classes.

A formatter gives the bytes of a record. Where no record can fail, it has a quicker way for many at once too, which
gives the same bytes: the console consumer prints a hundred thousand records a second and more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ottla.cli.coordinator_records import (
    CoordinatorRecord,
    RecordKind,
    UnknownRecordTypeError,
    UnreadableRecordError,
    group_record_kinds,
    read_coordinator_record,
    share_state_record_kinds,
    transaction_record_kinds,
)
from ottla.cli.deserializers import Deserializer, deserializer_named
from ottla.cli.failures import ToolError
from ottla.cli.tool_clients import log_error
from ottla.client.fetched_records import ConsumerRecord
from ottla.wire.json_form import json_text

FormatRecord: TypeAlias = Callable[[ConsumerRecord], bytes]
FormatRecords: TypeAlias = Callable[[Sequence[ConsumerRecord]], bytes]

_PACKAGE = "org.apache.kafka.tools.consumer."
DEFAULT_FORMATTER = f"{_PACKAGE}DefaultMessageFormatter"
_SHARE_STATE_FORMATTER = f"{_PACKAGE}group.share.ShareGroupStateMessageFormatter"


@dataclass(frozen=True, slots=True)
class MessageFormatter:
    """A way to print records."""

    format_record: FormatRecord
    """The bytes of one record. Raises ToolError for one that cannot be shown."""
    format_records: FormatRecords | None = None
    """The bytes of many, where none can fail."""


def formatter_named(class_name: str, properties: Mapping[str, str]) -> MessageFormatter:
    """Return one of Kafka's formatters, with these properties. Raises ToolError for any other class."""
    make = _FORMATTERS.get(class_name)
    if make is None:
        raise ToolError("java.lang.ClassNotFoundException", class_name)
    return make(properties)


def default_formatter(properties: Mapping[str, str]) -> MessageFormatter:
    """Return the formatter that prints the columns that were asked for, the value by default."""

    def text_bytes(name: str, default: str) -> bytes:
        return properties.get(name, default).encode("utf-8", "surrogateescape")

    null = text_bytes("null.literal", "null")
    key_separator, line_separator = text_bytes("key.separator", "\t"), text_bytes("line.separator", "\n")
    keys = _reader(properties, "key.deserializer", null)
    values = _reader(properties, "value.deserializer", null)
    headers = _reader(properties, "headers.deserializer", null)
    prints = {name: _is_true(properties.get(f"print.{name}", default)) for name, default in _COLUMNS.items()}
    all_columns: dict[str, FormatRecord] = {
        "timestamp": _timestamp,
        "partition": lambda record: b"Partition:%d" % record.partition,
        "offset": lambda record: b"Offset:%d" % record.offset,
        "delivery": lambda _record: b"Delivery:NOT_PRESENT",
        "epoch": lambda _record: b"Epoch:NOT_PRESENT",
        "headers": _headers_column(headers, text_bytes("headers.separator", ",")),
        "key": lambda record: keys(record.key),
        "value": lambda record: values(record.value),
    }
    columns = [column for name, column in all_columns.items() if prints[name]]
    if not columns:
        return MessageFormatter(lambda _record: b"", lambda _records: b"")

    def format_record(record: ConsumerRecord) -> bytes:
        return key_separator.join([column(record) for column in columns]) + line_separator

    if any(f"{kind}.deserializer" in properties for kind in ("key", "value", "headers")):
        return MessageFormatter(format_record)
    if columns == [all_columns["value"]]:
        return MessageFormatter(format_record, _values_only(null, line_separator))
    return MessageFormatter(format_record, lambda records: b"".join(map(format_record, records)))


_COLUMNS = {
    "timestamp": "false",
    "partition": "false",
    "offset": "false",
    "delivery": "false",
    "epoch": "false",
    "headers": "false",
    "key": "false",
    "value": "true",
}
"""The columns in their order, and whether each is printed by default.

Deliveries and leader epochs are never known: Kafka's tool leaves them out before it formats a record.
"""


def _values_only(null: bytes, line_separator: bytes) -> FormatRecords:
    """Return what most consumers print, in the quickest way."""

    def format_records(records: Sequence[ConsumerRecord]) -> bytes:
        if not records:
            return b""
        values = [record.value for record in records]
        shown = [null if value is None else value for value in values] if None in values else values
        return line_separator.join(shown) + line_separator  # type: ignore[arg-type] # none is None

    return format_records


def _reader(properties: Mapping[str, str], name: str, null: bytes) -> Callable[[bytes | None], bytes]:
    """Return what makes the bytes of a key, value or header those that are printed.

    A deserializer is given the null literal for a null, as Kafka's formatter gives it.
    """
    deserialize = _deserializer(properties, name)
    if deserialize is None:
        return lambda content: null if content is None else content
    return lambda content: deserialize(null if content is None else content).encode("utf-8", "replace")


def _deserializer(properties: Mapping[str, str], name: str) -> Deserializer | None:
    class_name = properties.get(name)
    if class_name is None:
        return None
    prefix = f"{name}."
    own = {key.removeprefix(prefix): value for key, value in properties.items() if key.startswith(prefix)}
    try:
        return deserializer_named(class_name, own, is_key=name == "key.deserializer")
    except ToolError as error:
        log_error(DEFAULT_FORMATTER, f"Unable to instantiate a deserializer from {class_name}", error)
        return None


def _timestamp(record: ConsumerRecord) -> bytes:
    return (b"LogAppendTime:%d" if record.is_log_append_time else b"CreateTime:%d") % record.timestamp_ms


def _headers_column(read: Callable[[bytes | None], bytes], separator: bytes) -> FormatRecord:
    def format_headers(record: ConsumerRecord) -> bytes:
        if not record.headers:
            return b"NO_HEADERS"
        return separator.join([name.encode() + b":" + read(value) for name, value in record.headers])

    return format_headers


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


def _coordinator_formatter(
    kinds: Callable[[], Mapping[int, RecordKind]], shown_types: frozenset[int] | None = None
) -> Callable[[Mapping[str, str]], MessageFormatter]:
    """Return the maker of a formatter for a coordinator's topic; records of other types than these are left out."""

    def make(_properties: Mapping[str, str]) -> MessageFormatter:
        table = kinds()

        def format_record(record: ConsumerRecord) -> bytes:
            if record.key is None:
                return b""
            try:
                found = read_coordinator_record(table, record.key, record.value)
            except UnknownRecordTypeError:
                return b""
            except UnreadableRecordError as error:
                raise ToolError(
                    "java.lang.RuntimeException",
                    f"Could not read record at offset {record.offset} due to: {error}",
                ) from error
            if shown_types is not None and found.type not in shown_types:
                return b""
            return coordinator_text(found).encode()

        return MessageFormatter(format_record)

    return make


def coordinator_text(record: CoordinatorRecord) -> str:
    """Return a coordinator's record as Kafka's formatters print it, without an end of line."""
    value = None if record.value is None else {"version": record.version, "data": record.value_form}
    return json_text({"key": {"type": record.type, "data": record.key_form}, "value": value})


_OFFSET_TYPES = frozenset({0, 1})
_GROUP_TYPES = frozenset({2})
_SHARE_GROUP_TYPES = frozenset({10, 11, 12, 13, 14, 15})

_FORMATTERS: Mapping[str, Callable[[Mapping[str, str]], MessageFormatter]] = {
    DEFAULT_FORMATTER: default_formatter,
    # It logs each record besides, on a level that Kafka's tools do not show.
    f"{_PACKAGE}LoggingMessageFormatter": default_formatter,
    f"{_PACKAGE}NoOpMessageFormatter": lambda _: MessageFormatter(lambda _: b"", lambda _: b""),
    f"{_PACKAGE}OffsetsMessageFormatter": _coordinator_formatter(group_record_kinds, _OFFSET_TYPES),
    f"{_PACKAGE}GroupMetadataMessageFormatter": _coordinator_formatter(group_record_kinds, _GROUP_TYPES),
    f"{_PACKAGE}ShareGroupMessageFormatter": _coordinator_formatter(group_record_kinds, _SHARE_GROUP_TYPES),
    f"{_PACKAGE}TransactionLogMessageFormatter": _coordinator_formatter(transaction_record_kinds),
    _SHARE_STATE_FORMATTER: _coordinator_formatter(share_state_record_kinds),
}
"""Kafka's formatters by the names of their classes; a user's own are Java and cannot be loaded here."""
