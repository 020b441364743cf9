import pytest

from ottla.groups.records import (
    GroupMetadataKey,
    GroupMetadataValue,
    LegacyOffsetCommitKey,
    LegacyOffsetCommitValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
    UnknownKey,
    decode_key,
    decode_value,
    encode_key,
    encode_value,
)
from ottla.types import Uuid
from ottla.wire.primitives import WireError

TOPIC_ID = Uuid(bytes.fromhex("00000000000000010000000000000002"))
OFFSET_KEY = OffsetCommitKey(group="g", topic="t", partition=5)
GROUP_KEY = GroupMetadataKey(group="g")


def member(**changes):
    known = {"member_id": "m-1", "client_id": "c", "client_host": "/127.0.0.1", "session_timeout": 45_000}
    return MemberMetadata(**(known | {"subscription": b"\x01\x02", "assignment": b"\x03"} | changes))


def group(**changes):
    known = {"protocol_type": "consumer", "generation": 4, "protocol": "range", "leader": "m-1"}
    return GroupMetadataValue(**(known | changes))


NEWEST_MEMBER = member(group_instance_id="i", rebalance_timeout=300_000)
NEWEST_GROUP = group(current_state_timestamp=1_234_567_890_123, members=[NEWEST_MEMBER])
NEWEST_GROUP_HEX = (
    "0008636f6e73756d657200000004000572616e676500036d2d310000011f71fb04cb0000000100036d2d31000169000163000a"
    "2f3132372e302e302e31000493e00000afc80000000201020000000103"
)

WRITTEN_BY_KAFKA = [
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, leader_epoch=3, metadata="m", commit_timestamp=1_000, topic_id=TOPIC_ID),
        "0004000000000000000700000003026d00000000000003e801001000000000000000010000000000000002",
    ),
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, metadata="m", commit_timestamp=1_000),
        "00040000000000000007ffffffff026d00000000000003e800",
    ),
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, metadata="m", commit_timestamp=1_000, expire_timestamp=2_000),
        "0001000000000000000700016d00000000000003e800000000000007d0",
    ),
    (
        GROUP_KEY,
        GroupMetadataValue(protocol=None, leader=None, current_state_timestamp=1_795_244_230_690),
        "0003000000000000ffffffff000001a1fce5082200000000",
    ),
    (GROUP_KEY, NEWEST_GROUP, "0003" + NEWEST_GROUP_HEX),
]

WRITTEN_BY_OTHER_VERSIONS = [
    (
        LegacyOffsetCommitKey(group="g", topic="t", partition=5),
        LegacyOffsetCommitValue(offset=7, metadata="m", commit_timestamp=1_000),
        "0000000000000000000700016d00000000000003e8",
    ),
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, metadata="m", commit_timestamp=1_000),
        "0000000000000000000700016d00000000000003e8",
    ),
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, metadata="m", commit_timestamp=1_000),
        "0002000000000000000700016d00000000000003e8",
    ),
    (
        OFFSET_KEY,
        OffsetCommitValue(offset=7, leader_epoch=3, metadata="m", commit_timestamp=1_000),
        "000300000000000000070000000300016d00000000000003e8",
    ),
    (
        GROUP_KEY,
        group(members=[member()]),
        (
            "00000008636f6e73756d657200000004000572616e676500036d2d310000000100036d2d31000163000a2f3132372e302e302e31"
            "0000afc80000000201020000000103"
        ),
    ),
    (
        GROUP_KEY,
        group(members=[member(rebalance_timeout=300_000)]),
        (
            "00010008636f6e73756d657200000004000572616e676500036d2d310000000100036d2d31000163000a2f3132372e302e302e31"
            "000493e00000afc80000000201020000000103"
        ),
    ),
    (
        GROUP_KEY,
        group(current_state_timestamp=1_234_567_890_123, members=[member(rebalance_timeout=300_000)]),
        (
            "00020008636f6e73756d657200000004000572616e676500036d2d310000011f71fb04cb0000000100036d2d31000163000a"
            "2f3132372e302e302e31000493e00000afc80000000201020000000103"
        ),
    ),
    (
        GROUP_KEY,
        NEWEST_GROUP,
        (
            "000409636f6e73756d6572000000040672616e6765046d2d310000011f71fb04cb02046d2d31026902630b2f3132372e302e302e31"
            "000493e00000afc803010202030000"
        ),
    ),
]


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (LegacyOffsetCommitKey(group="g", topic="t", partition=5), "000000016700017400000005"),
        (OFFSET_KEY, "000100016700017400000005"),
        (GROUP_KEY, "0002000167"),
    ],
)
def test_a_key_is_the_one_that_kafka_writes_and_reads_back(key, written):
    assert encode_key(key).hex() == written
    assert decode_key(bytes.fromhex(written)) == key


@pytest.mark.parametrize(("key", "value", "written"), WRITTEN_BY_KAFKA)
def test_a_value_is_the_one_that_kafka_writes_and_reads_back(key, value, written):
    assert encode_value(value).hex() == written
    assert decode_value(key, bytes.fromhex(written)) == value


@pytest.mark.parametrize(("key", "value", "written"), WRITTEN_BY_OTHER_VERSIONS)
def test_values_that_other_brokers_wrote_are_read(key, value, written):
    assert decode_value(key, bytes.fromhex(written)) == value


@pytest.mark.parametrize("key_type", [-1, 3, 9, 99])
def test_a_key_of_an_unknown_type_says_which_it_is(key_type):
    assert decode_key(key_type.to_bytes(2, "big", signed=True) + b"\x00\x01g") == UnknownKey(key_type)


def test_bytes_behind_key_and_value_are_ignored_as_kafka_does():
    assert decode_key(encode_key(OFFSET_KEY) + b"\xff") == OFFSET_KEY
    assert decode_value(GROUP_KEY, encode_value(NEWEST_GROUP) + b"\xff") == NEWEST_GROUP


@pytest.mark.parametrize("written", ["", "00", "0001", "0001000167000174"])
def test_a_key_that_ends_early_is_refused(written):
    with pytest.raises(WireError):
        decode_key(bytes.fromhex(written))


@pytest.mark.parametrize(
    ("key", "written", "reason"),
    [
        (OFFSET_KEY, "", "the bytes end inside the version of OffsetCommitValue"),
        (OFFSET_KEY, "00", "the bytes end inside the version of OffsetCommitValue"),
        (OFFSET_KEY, "0001", "OffsetCommitValue v1, offset"),
        (OFFSET_KEY, "0005", "OffsetCommitValue v5: this version is not known"),
        (OFFSET_KEY, "ffff", "OffsetCommitValue v-1: this version is not known"),
        (GROUP_KEY, "0005", "GroupMetadataValue v5: this version is not known"),
        (LegacyOffsetCommitKey(), "0001", "LegacyOffsetCommitValue v1: this version is not known"),
    ],
)
def test_a_value_that_cannot_be_understood_is_refused(key, written, reason):
    with pytest.raises(WireError, match=reason):
        decode_value(key, bytes.fromhex(written))
