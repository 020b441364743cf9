"""Formatters of the console consumer: columns, coordinators' records, and that the quick way prints the same."""

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.message_formatters import DEFAULT_FORMATTER, formatter_named
from ottla.client.consumer import ConsumerRecord
from ottla.groups.records import (
    GroupMetadataKey,
    GroupMetadataValue,
    OffsetCommitKey,
    OffsetCommitValue,
    encode_key,
    encode_value,
)
from ottla.records.record import RecordHeader

PACKAGE = "org.apache.kafka.tools.consumer."
HEADERS = (RecordHeader("h1", b"v1"), RecordHeader("h2", None))


def record(
    value: bytes | None = b"v",
    key: bytes | None = b"k",
    headers: tuple[RecordHeader, ...] = (),
    *,
    is_log_append_time: bool = False,
) -> ConsumerRecord:
    return ConsumerRecord("t", 2, 7, 1000, is_log_append_time, key, value, headers, 3)


def formatted(shown: ConsumerRecord, **properties: str) -> bytes:
    named = {name.replace("_", "."): value for name, value in properties.items()}
    return formatter_named(DEFAULT_FORMATTER, named).format_record(shown)


def test_a_value_and_a_line_end_are_printed_by_default():
    assert formatted(record()) == b"v\n"
    assert formatted(record(None)) == b"null\n"


def test_all_columns_are_in_kafkas_order():
    names = ("timestamp", "partition", "offset", "delivery", "epoch", "headers", "key", "value")
    everything = {f"print_{name}": " True " for name in names}
    assert formatted(record(headers=HEADERS), **everything) == (
        b"CreateTime:1000\tPartition:2\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\th1:v1,h2:null\tk\tv\n"
    )
    appended = formatted(record(is_log_append_time=True), **everything)
    assert appended.startswith(b"LogAppendTime:1000\t")
    assert b"\tNO_HEADERS\t" in appended


def test_separators_and_the_literal_for_null_are_the_users():
    shown = formatted(
        record(None, None, HEADERS),
        print_key="true",
        print_headers="true",
        key_separator="|",
        line_separator="$",
        headers_separator="/",
        null_literal="-",
    )
    assert shown == b"h1:v1/h2:-|-|-$"


def test_without_columns_nothing_is_printed():
    formatter = formatter_named(DEFAULT_FORMATTER, {"print.value": "no"})
    assert formatter.format_record(record()) == b""
    assert formatter.format_records is not None
    assert formatter.format_records([record()]) == b""


def test_the_last_column_has_the_line_separator_behind_it():
    assert formatted(record(), print_value="false", print_offset="true") == b"Offset:7\n"


def test_deserializers_make_texts_and_get_the_literal_for_a_null():
    named = {
        "print.key": "true",
        "key.deserializer": "org.apache.kafka.common.serialization.LongDeserializer",
        "value.deserializer": "org.apache.kafka.common.serialization.IntegerDeserializer",
    }
    formatter = formatter_named(DEFAULT_FORMATTER, named)
    assert formatter.format_records is None
    assert formatter.format_record(record(None, bytes(7) + b"\5")) == b"5\t1853189228\n"
    with pytest.raises(ToolError, match="LongDeserializer is not 8"):
        formatter.format_record(record())


def test_a_deserializer_that_is_not_there_is_logged_and_left_out(capsys):
    assert formatted(record(), value_deserializer="com.example.Mine") == b"v\n"
    said = capsys.readouterr().err
    assert f"ERROR Unable to instantiate a deserializer from com.example.Mine ({DEFAULT_FORMATTER})\n" in said
    assert "\njava.lang.ClassNotFoundException: com.example.Mine\n" in said


@pytest.mark.parametrize(
    "properties", [{}, {"print.key": "true", "print.headers": "true", "null.literal": "-"}]
)
def test_many_records_are_printed_as_each(properties):
    formatter = formatter_named(DEFAULT_FORMATTER, properties)
    records = [record(), record(None), record(b""), record(b"x", None, HEADERS)]
    assert formatter.format_records is not None
    assert formatter.format_records(records) == b"".join(map(formatter.format_record, records))
    assert formatter.format_records([]) == b""


def test_offsets_are_json_without_a_line_end_and_other_kinds_are_left_out():
    offsets = formatter_named(PACKAGE + "OffsetsMessageFormatter", {})
    groups = formatter_named(PACKAGE + "GroupMetadataMessageFormatter", {})
    committed = record(
        encode_value(OffsetCommitValue(offset=4, commit_timestamp=9)),
        encode_key(OffsetCommitKey(group="g", topic="t", partition=0)),
    )
    group = record(
        encode_value(GroupMetadataValue(protocol_type="consumer", protocol=None, leader=None)),
        encode_key(GroupMetadataKey(group="g")),
    )
    assert offsets.format_record(committed) == (
        b'{"key":{"type":1,"data":{"group":"g","topic":"t","partition":0}},"value":{"version":4,"data":'
        b'{"offset":4,"leaderEpoch":-1,"metadata":"","commitTimestamp":9}}}'
    )
    assert offsets.format_record(committed._replace(value=None)).endswith(b',"value":null}')
    assert (offsets.format_record(group), groups.format_record(committed)) == (b"", b"")
    assert b'"type":2,' in groups.format_record(group)
    for formatter in (offsets, groups):
        assert formatter.format_record(record(key=None)) == b""
        assert formatter.format_record(record(key=b"\0\x63")) == b""
        with pytest.raises(
            ToolError, match="Could not read record at offset 7 due to: Could not read version"
        ):
            formatter.format_record(record(key=b"\0"))


def test_nothing_is_printed_where_nothing_was_asked_for():
    assert formatter_named(PACKAGE + "NoOpMessageFormatter", {}).format_record(record()) == b""


@pytest.mark.parametrize("name", ["kafka.tools.DefaultMessageFormatter", "com.example.Mine"])
def test_any_other_class_is_not_there(name):
    with pytest.raises(ToolError) as error:
        formatter_named(name, {})
    assert error.value.java_text() == f"java.lang.ClassNotFoundException: {name}"
