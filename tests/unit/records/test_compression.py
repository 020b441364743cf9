"""Codecs: round trips, other writers' framings, damage, and bombs."""

import gzip
import os
import struct

import cramjam
import pytest

from ottla.errors import ErrorCode
from ottla.records.compression import Codec, DecompressionError, compress, decompress

PACKING = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]
PAYLOADS = [b"", b"x", os.urandom(200_000), b"abc" * 100_000, bytes(5_000_000)]


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("payload", PAYLOADS, ids=len)
def test_what_is_packed_unpacks(codec: Codec, payload: bytes) -> None:
    assert bytes(decompress(codec, compress(codec, payload))) == payload


@pytest.mark.parametrize(
    ("codec", "levels"), [(Codec.GZIP, (1, 9)), (Codec.LZ4, (1, 2, 17)), (Codec.ZSTD, (-5, 1, 22))]
)
def test_levels_pack_differently_and_unpack_the_same(codec: Codec, levels: tuple[int, ...]) -> None:
    payload = b"".join(b"line %d of a text that repeats\n" % (index * 7 % 1000) for index in range(5000))
    for level in levels:
        assert bytes(decompress(codec, compress(codec, payload, level))) == payload


@pytest.mark.parametrize("codec", PACKING)
def test_a_bomb_is_refused_and_the_exact_limit_is_not(codec: Codec) -> None:
    packed = compress(codec, bytes(3_000_000))
    with pytest.raises(DecompressionError, match="limit of 2999999 bytes") as caught:
        decompress(codec, packed, limit_bytes=2_999_999)
    assert caught.value.code is ErrorCode.CORRUPT_MESSAGE
    assert len(decompress(codec, packed, limit_bytes=3_000_000)) == 3_000_000


@pytest.mark.parametrize("codec", PACKING)
def test_every_cut_is_refused(codec: Codec) -> None:
    packed = compress(codec, b"hello world " * 20)
    # Xerial framing has no end mark, and a size that is cut is one: that is "empty".
    header_alone = {16, 17, 18, 19} if codec is Codec.SNAPPY else set()
    for size in set(range(1, len(packed))) - header_alone:
        with pytest.raises(DecompressionError):
            decompress(codec, packed[:size])


@pytest.mark.parametrize("codec", PACKING)
def test_rubbish_is_refused(codec: Codec) -> None:
    with pytest.raises(DecompressionError):
        decompress(codec, b"\xff\xfe this is not compressed at all")


def test_raw_snappy_blocks_as_librdkafka_writes_them_are_read() -> None:
    assert decompress(Codec.SNAPPY, bytes(cramjam.snappy.compress_raw(b"raw" * 50))) == b"raw" * 50


def test_snappy_is_written_with_xerial_framing() -> None:
    assert compress(Codec.SNAPPY, b"abc").startswith(b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1))


def test_a_negative_xerial_chunk_is_refused() -> None:
    with pytest.raises(DecompressionError, match="-1"):
        decompress(Codec.SNAPPY, b"\x82SNAPPY\x00" + struct.pack(">iii", 1, 1, -1))


def test_concatenated_gzip_members_are_one_stream() -> None:
    assert decompress(Codec.GZIP, gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"


def test_what_follows_a_gzip_member_does_not_matter() -> None:
    assert decompress(Codec.GZIP, gzip.compress(b"one") + b"tail") == b"one"


def test_joined_xerial_streams_are_one_stream() -> None:
    joined = compress(Codec.SNAPPY, b"one ") + compress(Codec.SNAPPY, b"two")
    assert decompress(Codec.SNAPPY, joined) == b"one two"


def test_nothing_is_no_block_except_for_zstd() -> None:
    assert bytes(decompress(Codec.ZSTD, b"")) == b""
    for codec in (Codec.GZIP, Codec.SNAPPY, Codec.LZ4):
        with pytest.raises(DecompressionError):
            decompress(codec, b"")


def test_lz4_frames_that_java_does_not_read_are_refused() -> None:
    with pytest.raises(DecompressionError, match="blocks depend on each other"):
        decompress(Codec.LZ4, bytes(cramjam.lz4.compress(b"dependent " * 30_000)))


def test_lz4_is_written_with_independent_blocks() -> None:
    packed = compress(Codec.LZ4, os.urandom(70_000))
    assert packed[4] & 0x20, "Java refuses frames whose blocks depend on each other"
