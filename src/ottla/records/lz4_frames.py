"""LZ4 frames as Apache Kafka reads them, which is less and more than the format has.

Kafka's reader (Lz4BlockInputStream) knows no dependent blocks, no dictionaries and no frames before the first; a
batch with one of them would be lost to every Java client. It looks neither at the size and the checksum that a
frame gives of its content nor at what follows its end mark. All of it was tried with Apache Kafka 4.1.1: see the
case `frames-of-lz4` in `tests/differential`.
"""

from __future__ import annotations

import struct

import xxhash

MAGIC = bytes.fromhex("04224d18")
STORED_BIT = 1 << 31
"""Set in the size of a block that is not compressed."""
END_MARK = bytes(4)

_VERSION_MASK, _VERSION_1 = 0xC0, 0x40
_INDEPENDENT_BLOCKS = 0x20
_BLOCK_CHECKSUMS = 0x10
_CONTENT_SIZE = 0x08
_CONTENT_CHECKSUM = 0x04
_RESERVED_AND_DICTIONARY = 0x03

_WORD = struct.Struct("<I")
_CONTENT_SIZE_BYTES = 8
_BLOCK_CHECKSUM_BYTES = 4


class Lz4FrameError(ValueError):
    """Not a frame that Kafka reads; the text says why, to go behind a colon."""


def frame_as_kafka_reads_it(packed: memoryview) -> bytes | memoryview:
    """Return a frame without what Kafka does not look at; the same buffer where there is nothing of it.

    Raises Lz4FrameError where Kafka would refuse the frame, or where it is cut. The blocks are not looked into.
    """
    try:
        start, end = _blocks(packed)
    except (struct.error, IndexError) as error:
        raise Lz4FrameError("it is cut") from error
    flags, block_sizes = packed[4], packed[5]
    if packed[end:] == END_MARK and not flags & (_CONTENT_SIZE | _CONTENT_CHECKSUM):
        return packed
    header = frame_header(flags & ~(_CONTENT_SIZE | _CONTENT_CHECKSUM), block_sizes)
    return b"".join((header, packed[start:end], END_MARK))


def frame_header(flags: int, block_sizes: int) -> bytes:
    """Return what stands before the first block of a frame that does not give the size of its content."""
    descriptor = bytes((flags, block_sizes))
    return MAGIC + descriptor + bytes((_descriptor_checksum(descriptor),))


def _blocks(packed: memoryview) -> tuple[int, int]:
    """Return where the blocks of a frame begin and where its end mark stands."""
    if packed[:4] != MAGIC:
        raise Lz4FrameError("it does not begin with a frame")
    flags = packed[4]
    if flags & _VERSION_MASK != _VERSION_1:
        raise Lz4FrameError("its version is not 1")
    if flags & _RESERVED_AND_DICTIONARY:
        raise Lz4FrameError("it needs a dictionary, or has reserved bits set")
    if not flags & _INDEPENDENT_BLOCKS:
        raise Lz4FrameError("its blocks depend on each other, which Kafka's clients do not read")
    descriptor_end = 6 + (_CONTENT_SIZE_BYTES if flags & _CONTENT_SIZE else 0)
    if packed[descriptor_end] != _descriptor_checksum(packed[4:descriptor_end]):
        raise Lz4FrameError("the checksum of its header is wrong")
    position = start = descriptor_end + 1
    after_block = _BLOCK_CHECKSUM_BYTES if flags & _BLOCK_CHECKSUMS else 0
    while True:
        (size,) = _WORD.unpack_from(packed, position)
        size_bytes = size & ~STORED_BIT
        if size_bytes == 0:
            return start, position
        position += _WORD.size + size_bytes + after_block


def _descriptor_checksum(descriptor: bytes | memoryview) -> int:
    """Return the checksum of a header: the second byte of its xxHash32."""
    return xxhash.xxh32_intdigest(descriptor) >> 8 & 0xFF
