"""Records of the offsets topic, own and foreign."""

from __future__ import annotations

import pytest

from ottla.groups.log_records import (
    ClassicGroupRecord,
    ForeignRecord,
    OffsetRecord,
    ShardRecord,
    decode_record,
    encode_record,
)
from ottla.groups.records import GroupMetadataKey, GroupMetadataValue, OffsetCommitKey, OffsetCommitValue
from ottla.wire.primitives import WireError

KEY = OffsetCommitKey(group="g", topic="t", partition=3)


@pytest.mark.parametrize(
    "record",
    [
        OffsetRecord(KEY, OffsetCommitValue(offset=5, metadata="m", commit_timestamp=9, leader_epoch=2)),
        OffsetRecord(KEY, OffsetCommitValue(offset=5, metadata="m", commit_timestamp=9, expire_timestamp=99)),
        OffsetRecord(KEY, None),
        ClassicGroupRecord(
            GroupMetadataKey(group="g"),
            GroupMetadataValue(protocol_type="consumer", generation=1, protocol=None, leader=None),
        ),
        ClassicGroupRecord(GroupMetadataKey(group="g"), None),
    ],
)
def test_own_records_survive_their_bytes(record: ShardRecord) -> None:
    assert decode_record(*encode_record(record), -1) == record


def test_values_have_the_versions_that_kafka_writes() -> None:
    def version(record: ShardRecord) -> int:
        value = encode_record(record)[1]
        assert value is not None
        return int.from_bytes(value[:2], "big")

    assert version(OffsetRecord(KEY, OffsetCommitValue(offset=5))) == 4
    assert version(OffsetRecord(KEY, OffsetCommitValue(offset=5, expire_timestamp=9))) == 1
    group = GroupMetadataValue(protocol_type="", generation=0, protocol=None, leader=None)
    assert version(ClassicGroupRecord(GroupMetadataKey(group="g"), group)) == 3


def test_a_commit_of_before_0_9_reads_like_any_other() -> None:
    key = b"\x00\x00" + b"\x00\x01g" + b"\x00\x01t" + b"\x00\x00\x00\x03"
    value = b"\x00\x00" + bytes(7) + b"\x05" + b"\x00\x01m" + bytes(7) + b"\x09"
    expected = OffsetRecord(KEY, OffsetCommitValue(offset=5, metadata="m", commit_timestamp=9))
    assert decode_record(key, value, -1) == expected


def test_the_producer_of_a_transactional_commit_is_kept() -> None:
    key, value = encode_record(OffsetRecord(KEY, OffsetCommitValue(offset=5)))
    record = decode_record(key, value, 42)
    assert isinstance(record, OffsetRecord)
    assert record.producer_id == 42


@pytest.mark.parametrize(
    ("key", "group_id"),
    [
        (b"\x00\x03\x00\x02gr", "gr"),
        (b"\x00\x63\x00\x09gr", None),
        (b"\x00\x63", None),
        (b"\x00\x63\x00\x01\xff", None),
    ],
)
def test_records_of_other_groups_are_told_apart_by_their_id(key: bytes, group_id: str | None) -> None:
    assert decode_record(key, b"whatever", -1) == ForeignRecord(key[1], group_id, is_removal=False)
    assert decode_record(key, None, -1) == ForeignRecord(key[1], group_id, is_removal=True)


def test_a_record_without_a_key_is_skipped() -> None:
    assert decode_record(None, b"x", -1) is None


def test_a_value_of_a_later_version_is_not_guessed_at() -> None:
    key, _ = encode_record(OffsetRecord(KEY, None))
    with pytest.raises(WireError):
        decode_record(key, b"\x00\x09rest", -1)
