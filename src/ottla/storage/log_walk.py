"""Walks over the batches of a log file: by their headers alone, or through every byte to see what is sound."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from crc32c import crc32c

from ottla.records.batch import (
    CRC_START,
    HEADER_SIZE_BYTES,
    MAGIC,
    MINIMUM_BATCH_LENGTH,
    SIZE_PREFIX_BYTES,
    BatchHeader,
    CorruptBatchError,
    read_header,
)
from ottla.storage.files import Descriptor, FileSystem

_OFFSETS = struct.Struct(">qi4xB6xi")
"""Base offset, batch length, magic and last offset delta of a batch header."""

WALK_CHUNK_BYTES = 16 * 1024
"""Read at once when only headers are wanted: several batches of a few KiB, one of the usual 16 KiB."""

SCAN_CHUNK_BYTES = 1024 * 1024
"""Read at once when every byte is wanted; a larger batch is checked piece by piece, so this bounds the memory."""


def walk_headers(
    files: FileSystem, descriptor: Descriptor, position: int, end: int
) -> Iterator[tuple[int, BatchHeader]]:
    """Yield position and header of every batch from `position` to `end`.

    Raises CorruptBatchError where the bytes there are no batch or the last one reaches beyond `end`, and OSError.
    """
    chunk = b""
    chunk_start = position
    while position < end:
        at = position - chunk_start
        if at + HEADER_SIZE_BYTES > len(chunk):
            chunk = files.pread(descriptor, min(WALK_CHUNK_BYTES, end - position), position)
            chunk_start, at = position, 0
        header = read_header(chunk, at)
        _check_end(position, header, end)
        yield position, header
        position += header.size_bytes


def find_position(
    files: FileSystem, descriptor: Descriptor, position: int, end: int, offset: int
) -> int | None:
    """Return where the first batch starts, from `position` on, that ends at or after `offset`.

    The quick way through many small batches: of each only offsets and size are read. None where there is no such
    batch before `end`. Raises CorruptBatchError as `walk_headers` does, and OSError.
    """
    chunk = b""
    chunk_start = position
    while position < end:
        at = position - chunk_start
        if at + HEADER_SIZE_BYTES > len(chunk):
            chunk = files.pread(descriptor, min(WALK_CHUNK_BYTES, end - position), position)
            chunk_start, at = position, 0
            read_header(chunk)  # says what is wrong with too few bytes
        base_offset, length, magic, last_offset_delta = _OFFSETS.unpack_from(chunk, at)
        if magic != MAGIC or length < MINIMUM_BATCH_LENGTH:
            read_header(chunk, at)
        if base_offset + last_offset_delta >= offset:
            return position
        position += length + SIZE_PREFIX_BYTES
    return None


def scan_batches(files: FileSystem, descriptor: Descriptor, end: int) -> Iterator[tuple[int, BatchHeader]]:
    """Yield position and header of every batch from the start of the file to `end` whose bytes are sound.

    Raises CorruptBatchError at the first one that is not, and OSError.
    """
    chunk = b""
    chunk_start = position = 0
    while position < end:
        at = position - chunk_start
        if at + HEADER_SIZE_BYTES > len(chunk):
            chunk, chunk_start, at = _read_chunk(files, descriptor, position, end), position, 0
        header = read_header(chunk, at)
        _check_end(position, header, end)
        if at + header.size_bytes > len(chunk):
            chunk, chunk_start, at = _read_chunk(files, descriptor, position, end), position, 0
        _check_crc_in_pieces(files, descriptor, chunk, at, position, header)
        yield position, header
        position += header.size_bytes


def read_batch(files: FileSystem, descriptor: Descriptor, position: int, header: BatchHeader) -> bytes:
    """Return the bytes of one batch. Raises OSError, and CorruptBatchError where the file ends inside it."""
    content = files.pread(descriptor, header.size_bytes, position)
    if len(content) != header.size_bytes:
        raise CorruptBatchError(f"The file ends inside the record batch at byte {position}")
    return content


def _read_chunk(files: FileSystem, descriptor: Descriptor, position: int, end: int) -> bytes:
    return files.pread(descriptor, min(SCAN_CHUNK_BYTES, end - position), position)


def _check_end(position: int, header: BatchHeader, end: int) -> None:
    if position + header.size_bytes > end:
        raise CorruptBatchError(
            f"The record batch at byte {position} claims {header.size_bytes} bytes, only {end - position} are there"
        )


def _check_crc_in_pieces(
    files: FileSystem, descriptor: Descriptor, chunk: bytes, at: int, position: int, header: BatchHeader
) -> None:
    piece = memoryview(chunk)[at + CRC_START : at + header.size_bytes]
    computed = crc32c(piece)
    seen = CRC_START + len(piece)
    while seen < header.size_bytes:
        more = files.pread(descriptor, min(SCAN_CHUNK_BYTES, header.size_bytes - seen), position + seen)
        if not more:
            raise CorruptBatchError(f"The file ends inside the record batch at byte {position}")
        computed = crc32c(more, computed)
        seen += len(more)
    if computed != header.crc:
        raise CorruptBatchError(f"Record is corrupt (stored crc = {header.crc}, computed crc = {computed})")
