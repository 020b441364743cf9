"""The five codecs of a record batch, in the framings that Kafka's Java client writes and reads.

Everything after a batch's header is one compressed block. Decompression is bounded: a small batch that
would unpack to more than the limit is refused, so that no request can exhaust memory. Framings (facts 2.1):
gzip as in RFC 1952; snappy with xerial framing, raw blocks are read too; LZ4 frames with independent blocks
of 64 KiB, and only what Java reads of them (`lz4_frames.py`); zstd frames.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum

import cramjam

from ottla.errors import ErrorCode, KafkaError
from ottla.records.lz4_frames import (
    END_MARK,
    STORED_BIT,
    Lz4FrameError,
    frame_as_kafka_reads_it,
    frame_header,
)

MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024
"""Most that one batch may unpack to: 128 times the default max.message.bytes, more than text compresses."""

_GZIP_WINDOW_BITS = 31
_GZIP_MAGIC = b"\x1f\x8b"
_FIRST_BUFFER_BYTES = 64 * 1024
_EXPECTED_RATIO = 4
_GROWTH = 4

_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = _XERIAL_MAGIC + struct.pack(">ii", 1, 1)
_XERIAL_BLOCK_BYTES = 32 * 1024

_LZ4_HEADER = frame_header(0x60, 0x40)
"""Version 1, independent blocks, no checksums, blocks of at most 64 KiB."""
_LZ4_BLOCK_BYTES = 64 * 1024
_LZ4_HIGH_COMPRESSION_FROM = 3


class Codec(IntEnum):
    """Compression numbers as in the attributes of a batch; the names are those of `compression.type`."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


DEFAULT_LEVELS = {Codec.GZIP: -1, Codec.LZ4: 9, Codec.ZSTD: 3}
"""Levels that Kafka takes where none is set; snappy has none."""


class DecompressionError(KafkaError):
    """A block that does not unpack, or not within the limit; the client hears CORRUPT_MESSAGE."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.CORRUPT_MESSAGE, message)


def compress(codec: Codec, payload: bytes | bytearray | memoryview, level: int | None = None) -> bytes:
    """Return the payload packed as Kafka's Java client packs it; `level` None means the codec's default."""
    if codec is Codec.NONE:
        return bytes(payload)
    if codec is Codec.SNAPPY:
        return _compress_xerial(memoryview(payload))
    chosen = DEFAULT_LEVELS[codec] if level is None else level
    if codec is Codec.GZIP:
        packer = zlib.compressobj(chosen, zlib.DEFLATED, _GZIP_WINDOW_BITS)
        return packer.compress(payload) + packer.flush()
    if codec is Codec.LZ4:
        return _compress_lz4(memoryview(payload), chosen)
    return bytes(cramjam.zstd.compress(payload, level=chosen))


def decompress(
    codec: Codec, packed: bytes | bytearray | memoryview, limit_bytes: int = MAX_DECOMPRESSED_BYTES
) -> bytes | bytearray | memoryview:
    """Return what a block unpacks to; the same buffer where nothing is compressed.

    Raises DecompressionError where the block is damaged or holds more than `limit_bytes`.
    """
    if codec is Codec.NONE:
        return packed
    try:
        if codec is Codec.GZIP:
            return _decompress_gzip(packed, limit_bytes)
        if codec is Codec.SNAPPY:
            return _decompress_snappy(memoryview(packed), limit_bytes)
        frames = frame_as_kafka_reads_it(memoryview(packed)) if codec is Codec.LZ4 else packed
        return _decompress_frames(codec, frames, limit_bytes)
    except (zlib.error, cramjam.DecompressionError, struct.error, Lz4FrameError) as error:
        raise DecompressionError(
            f"The {codec.name.lower()} block of the record batch is damaged: {error}"
        ) from error


def _too_large(limit_bytes: int) -> DecompressionError:
    return DecompressionError(f"The record batch unpacks to more than the limit of {limit_bytes} bytes")


def _decompress_gzip(packed: bytes | bytearray | memoryview, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = limit_bytes
    rest: bytes | bytearray | memoryview = packed
    while True:
        unpacker = zlib.decompressobj(_GZIP_WINDOW_BITS)
        # One byte more than allowed tells "exactly full" from "too much"; zlib takes 0 for "no limit".
        part = unpacker.decompress(rest, left + 1)
        if len(part) > left:
            raise _too_large(limit_bytes)
        if not unpacker.eof:
            raise DecompressionError("The gzip block of the record batch is damaged: it ends too early")
        parts.append(part)
        left -= len(part)
        rest = unpacker.unused_data
        # Java reads concatenated members as one stream, and takes no notice of what is no member.
        if rest[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _decompress_snappy(packed: memoryview, limit_bytes: int) -> bytes:
    if packed[: len(_XERIAL_MAGIC)] != _XERIAL_MAGIC:
        return _decompress_snappy_block(packed, limit_bytes, limit_bytes)
    if len(packed) < len(_XERIAL_HEADER):
        raise DecompressionError("The snappy block of the record batch is damaged: its framing header is cut")
    parts: list[bytes] = []
    left = limit_bytes
    position = len(_XERIAL_HEADER)
    while position + 4 <= len(packed):  # as Java, which does not notice a size that is cut
        if packed[position : position + len(_XERIAL_MAGIC)] == _XERIAL_MAGIC:  # streams that were joined
            position += len(_XERIAL_HEADER)
            continue
        (size,) = struct.unpack_from(">i", packed, position)
        position += 4
        if size < 0 or position + size > len(packed):
            raise DecompressionError(
                f"The snappy block of the record batch is damaged: a chunk claims {size} bytes"
            )
        part = _decompress_snappy_block(packed[position : position + size], left, limit_bytes)
        left -= len(part)
        parts.append(part)
        position += size
    return b"".join(parts)


def _decompress_snappy_block(block: memoryview, left_bytes: int, limit_bytes: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > left_bytes:
        raise _too_large(limit_bytes)
    return bytes(cramjam.snappy.decompress_raw(block))


def _decompress_frames(
    codec: Codec, packed: bytes | bytearray | memoryview, limit_bytes: int
) -> bytearray | memoryview:
    """Unpack into a buffer that grows until everything fits; neither format promises to tell its size."""
    unpack_into = cramjam.lz4.decompress_into if codec is Codec.LZ4 else cramjam.zstd.decompress_into
    if len(packed) == 0:
        return bytearray()  # no zstd frame at all, which Java takes for the end
    size = min(limit_bytes, max(_FIRST_BUFFER_BYTES, len(packed) * _EXPECTED_RATIO))
    while True:
        target = bytearray(size)
        try:
            filled: int = unpack_into(packed, target)
        except cramjam.DecompressionError as error:
            # The library has no type of its own for a full target; a damaged block is told by any other text.
            if "write whole buffer" not in str(error):
                raise
            if size >= limit_bytes:
                raise _too_large(limit_bytes) from error
            size = min(limit_bytes, size * _GROWTH)
        else:
            return memoryview(target)[:filled]


def _compress_xerial(payload: memoryview) -> bytes:
    parts = [_XERIAL_HEADER]
    for start in range(0, len(payload), _XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(payload[start : start + _XERIAL_BLOCK_BYTES]))
        parts += (struct.pack(">i", len(block)), block)
    return b"".join(parts)


def _compress_lz4(payload: memoryview, level: int) -> bytes:
    parts = [_LZ4_HEADER]
    for start in range(0, len(payload), _LZ4_BLOCK_BYTES):
        plain = payload[start : start + _LZ4_BLOCK_BYTES]
        if level >= _LZ4_HIGH_COMPRESSION_FROM:
            block = bytes(
                cramjam.lz4.compress_block(
                    plain, mode="high_compression", compression=level, store_size=False
                )
            )
        else:
            block = bytes(cramjam.lz4.compress_block(plain, store_size=False))
        if len(block) < len(plain):
            parts += (struct.pack("<I", len(block)), block)
        else:
            parts += (struct.pack("<I", len(plain) | STORED_BIT), bytes(plain))
    parts.append(END_MARK)
    return b"".join(parts)
