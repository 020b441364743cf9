"""What is shown of keys and values by the decoders of kafka-dump-log."""

import pytest

from ottla.cli.coordinator_records import group_record_kinds, transaction_record_kinds
from ottla.cli.dump_log_decoders import (
    coordinator_parser,
    decoder_named,
    group_value_form,
    metadata_parser,
    plain_parser,
)
from ottla.cli.failures import ToolError
from ottla.groups.records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    encode_key,
    encode_value,
)
from ottla.metadata.records import FeatureLevelRecord, RegisterBrokerRecord, encode_record
from ottla.protocol.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
)
from ottla.protocol.coordinator_records.transaction_records import TransactionLogKey
from ottla.records.record import Record
from ottla.wire.compiler import encode

API = "org.apache.kafka.tools.api."


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("StringDecoder", b"a\xff", "a\N{REPLACEMENT CHARACTER}"),
        ("IntegerDecoder", b"\xff\xff\xff\xfeignored", "-2"),
        ("LongDecoder", bytes(7) + b"\5", "5"),
    ],
)
def test_plain_decoders(name, content, text):
    assert decoder_named(API + name)(content) == text


def test_what_a_decoder_cannot_read_ends_the_tool():
    with pytest.raises(ToolError) as error:
        decoder_named(API + "LongDecoder")(b"short")
    assert error.value.java_text() == "java.nio.BufferUnderflowException"
    for name in ("StringDecoder", API + "NoSuchDecoder", "com.example.Mine"):
        with pytest.raises(ToolError, match=name):
            decoder_named(name)


def test_nulls_are_not_shown():
    parse = plain_parser(decoder_named(API + "StringDecoder"), decoder_named(API + "StringDecoder"))
    assert parse(Record(0, 0, None, b"v")) == (None, "v")
    assert parse(Record(0, 0, b"k", None)) == ("k", None)


def group_record(subscription: bytes, assignment: bytes, protocol_type: str = "consumer") -> Record:
    member = MemberMetadata(member_id="m", subscription=subscription, assignment=assignment)
    value = GroupMetadataValue(protocol_type=protocol_type, protocol="range", leader="m", members=[member])
    return Record(4, 0, encode_key(GroupMetadataKey(group="g")), encode_value(value))


def test_the_members_of_a_consumer_group_are_read_too():
    subscription = b"\0\1" + encode(ConsumerProtocolSubscription(topics=["t"]), 1)
    owned = [TopicPartition(topic="t", partitions=[0, 2])]
    assignment = b"\0\0" + encode(ConsumerProtocolAssignment(assigned_partitions=owned), 0)
    parse = coordinator_parser(group_record_kinds(), group_value_form)
    key, payload = parse(group_record(subscription, assignment))
    assert key == '{"type":"2","data":{"group":"g"}}'
    assert payload is not None
    assert payload.startswith('{"version":"3","data":{"protocolType":"consumer",')
    assert '"subscription":{"topics":["t"],"userData":null,"ownedPartitions":[]}' in payload
    assert '"assignment":{"assignedPartitions":[{"topic":"t","partitions":[0,2]}],"userData":null}' in payload


def test_bytes_of_members_that_are_no_subscription_stay_as_they_are():
    parse = coordinator_parser(group_record_kinds(), group_value_form)
    for record in (group_record(b"\0", b"\0\0\x7f"), group_record(b"\0\0" + bytes(8), b"", "connect")):
        _, payload = parse(record)
        assert payload is not None
        assert '"subscription":"AA' in payload


def test_what_cannot_be_read_is_said_instead():
    parse = coordinator_parser(transaction_record_kinds())
    assert parse(Record(7, 0, b"\0\5", None)) == ("Unknown record type 5 at offset 7, skipping.", None)
    key = b"\0\0" + encode(TransactionLogKey(transactional_id="t"), 0)
    assert parse(Record(7, 0, key, b"\0\x09")) == (
        "Error at offset 7, skipping. Found an unknown record version 9 for 0 type",
        None,
    )
    assert parse(Record(7, 0, key, None)) == ('{"type":"0","data":{"transactionalId":"t"}}', "<DELETE>")
    with pytest.raises(ToolError, match="Failed to decode message at offset 7 using the specified decoder"):
        parse(Record(7, 0, None, b""))


def test_metadata_has_type_version_and_fields():
    value = encode_record(FeatureLevelRecord(name="group.version", feature_level=1), 0)
    assert metadata_parser(Record(3, 0, None, value)) == (
        None,
        '{"type":"FEATURE_LEVEL_RECORD","version":0,"data":{"name":"group.version","featureLevel":1}}',
    )


def test_metadata_of_a_newer_version_is_read_as_the_highest_known():
    value = bytearray(encode_record(RegisterBrokerRecord(broker_id=4), 3))
    value[2] = 9
    _, payload = metadata_parser(Record(3, 0, None, bytes(value)))
    assert payload is not None
    assert payload.startswith('{"type":"REGISTER_BROKER_RECORD","version":9,"data":{"brokerId":4,')


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"", "Error while reading frame version"),
        (b"\0", "Could not deserialize metadata record with frame version 0. "),
        (b"\2\2\0", "due to unknown frame version 2(only frame version 1 is supported)"),
        (b"\1\x63\0", "org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id 99"),
        (b"\1\2\0\7", "Failed to deserialize record with type 2"),
        (b"\1\x14\0\0extra", "Found 5 byte(s) of garbage after 20"),
    ],
)
def test_bytes_that_are_no_metadata_are_said(value, words):
    key, payload = metadata_parser(Record(3, 0, None, value))
    assert key is None
    assert payload is not None
    assert payload.startswith("Error at 3, skipping. ")
    assert words in payload
