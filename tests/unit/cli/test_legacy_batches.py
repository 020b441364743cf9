"""Message sets of magic 0 and 1."""

import struct
import zlib

import pytest

from ottla.cli.legacy_batches import messages_in, read_message
from ottla.records.batch import CorruptBatchError
from ottla.records.compression import Codec, compress

LOG_APPEND_TIME = 0x08


def sized(content: bytes | None) -> bytes:
    return struct.pack(">i", -1) if content is None else struct.pack(">i", len(content)) + content


def message(
    offset: int,
    value: bytes | None,
    *,
    magic: int = 1,
    attributes: int = 0,
    time_ms: int = 5,
    key: bytes | None = None,
) -> bytes:
    body = struct.pack(">bb", magic, attributes)
    body += struct.pack(">q", time_ms) if magic else b""
    body += sized(key) + sized(value)
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


@pytest.mark.parametrize(
    ("magic", "attributes", "kind", "time_ms"),
    [(0, 0, "NoTimestampType", -1), (1, 0, "CreateTime", 5), (1, LOG_APPEND_TIME, "LogAppendTime", 5)],
)
def test_a_message_is_a_record(magic, attributes, kind, time_ms):
    content = message(7, b"v", magic=magic, attributes=attributes, key=b"k")
    found = read_message(b"before" + content, 6)
    assert found.size_bytes == len(content)
    assert (found.timestamp_type, found.timestamp_ms, found.is_valid) == (kind, time_ms, True)
    assert list(messages_in(found)) == [found]
    assert (found.record.offset, found.record.key, found.record.value) == (7, b"k", b"v")


def test_damage_is_told():
    content = bytearray(message(7, b"value"))
    content[-1] ^= 1
    assert not read_message(bytes(content)).is_valid
    with pytest.raises(CorruptBatchError):
        read_message(bytes(content[:20]))


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.SNAPPY])
def test_offsets_in_a_compressed_message_of_magic_1_count_from_the_first(codec):
    inner = b"".join(message(index, b"%d" % index, time_ms=100 + index) for index in range(3))
    wrapper = read_message(message(12, compress(codec, inner), attributes=codec))
    found = [(each.offset, each.timestamp_ms, each.value) for each in messages_in(wrapper)]
    assert found == [(10, 100, b"0"), (11, 101, b"1"), (12, 102, b"2")]


def test_and_those_of_magic_0_are_the_offsets():
    inner = message(4, b"a", magic=0) + message(6, None, magic=0)
    wrapper = read_message(message(6, compress(Codec.GZIP, inner), magic=0, attributes=Codec.GZIP))
    assert [(each.offset, each.value) for each in messages_in(wrapper)] == [(4, b"a"), (6, None)]


def test_the_append_time_of_the_wrapper_is_that_of_all():
    inner = message(0, b"a", time_ms=1) + message(1, b"b", time_ms=2)
    packed = compress(Codec.GZIP, inner)
    wrapper = read_message(message(1, packed, attributes=Codec.GZIP | LOG_APPEND_TIME, time_ms=99))
    assert [(each.timestamp_type, each.timestamp_ms) for each in messages_in(wrapper)] == [
        ("LogAppendTime", 99)
    ] * 2


def test_a_compressed_message_without_a_value_is_refused():
    with pytest.raises(CorruptBatchError, match=r"null value \(magic = 1\)"):
        list(messages_in(read_message(message(1, None, attributes=Codec.GZIP))))
