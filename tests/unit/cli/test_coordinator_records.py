"""Records of coordinators: every kind that Kafka 4.1.1 knows is found, and what cannot be read says why."""

import pytest

from ottla.cli.coordinator_records import (
    UnknownRecordTypeError,
    UnreadableRecordError,
    group_record_kinds,
    read_coordinator_record,
    share_state_record_kinds,
    transaction_record_kinds,
)
from ottla.groups.records import OffsetCommitKey, OffsetCommitValue, encode_key, encode_value
from ottla.protocol.coordinator_records.consumer_group_records import (
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
)
from ottla.protocol.coordinator_records.transaction_records import TransactionLogKey, TransactionLogValue
from ottla.wire.compiler import encode


def test_the_kinds_are_those_of_kafka():
    assert set(group_record_kinds()) == {*range(9), *range(10, 18), *range(19, 24)}
    assert set(transaction_record_kinds()) == {0}
    assert set(share_state_record_kinds()) == {0, 1}
    for kinds in (group_record_kinds(), transaction_record_kinds(), share_state_record_kinds()):
        for kind in kinds.values():
            assert kind.key.__name__.removesuffix("Key") == kind.value.__name__.removesuffix("Value")


def test_a_committed_offset_is_read():
    key = encode_key(OffsetCommitKey(group="g", topic="t", partition=3))
    value = encode_value(OffsetCommitValue(offset=7, commit_timestamp=1000))
    found = read_coordinator_record(group_record_kinds(), key, value)
    assert (found.type, found.version) == (1, 4)
    assert found.key_form == {"group": "g", "topic": "t", "partition": 3}
    assert found.value_form == {"offset": 7, "leaderEpoch": -1, "metadata": "", "commitTimestamp": 1000}


def test_a_record_without_a_value_deletes():
    key = b"\0\3" + encode(ConsumerGroupMetadataKey(group_id="g"), 0)
    found = read_coordinator_record(group_record_kinds(), key, None)
    assert (found.key_form, found.value, found.value_form) == ({"groupId": "g"}, None, None)


def test_a_transaction_is_read_in_both_versions():
    key = b"\0\0" + encode(TransactionLogKey(transactional_id="tx"), 0)
    for version in (0, 1):
        value = version.to_bytes(2, "big") + encode(TransactionLogValue(producer_id=9), version)
        found = read_coordinator_record(transaction_record_kinds(), key, value)
        assert found.version == version
        assert found.value_form["producerId"] == 9


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (b"", None, "Could not read version from key's buffer."),
        (b"\0\1", None, "Could not read record with version 1 from key's buffer due to: "),
        (b"\0\3\0\1g", b"\0", "Could not read version from value's buffer."),
        (b"\0\3\0\1g", b"\0\x09rest", "Found an unknown record version 9 for 3 type"),
        (b"\0\3\0\1g", b"\0\0\0", "Could not read record with version 0 from value's buffer due to: "),
    ],
)
def test_what_cannot_be_read_says_which_part(key, value, words):
    with pytest.raises(UnreadableRecordError, match=words):
        read_coordinator_record(group_record_kinds(), key, value)


def test_an_unknown_type_is_told_apart():
    with pytest.raises(UnknownRecordTypeError) as error:
        read_coordinator_record(group_record_kinds(), b"\0\x63rest", None)
    assert error.value.type == 0x63


def test_forms_need_only_the_fields_of_the_version():
    value = ConsumerGroupMetadataValue(epoch=4)
    key = b"\0\3" + encode(ConsumerGroupMetadataKey(group_id="g"), 0)
    found = read_coordinator_record(group_record_kinds(), key, b"\0\0" + encode(value, 0))
    assert found.value_form == {"epoch": 4}
