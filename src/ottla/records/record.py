"""The records inside a batch, one by one for those who need them; those who only check use `records.walk`.

Layout: facts 2.1, Kafka's `DefaultRecord`. Malformed records raise CorruptBatchError with what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, Buffer, CorruptBatchError
from ottla.records.compression import MAX_DECOMPRESSED_BYTES, Codec, decompress

_VARINT_BITS = 35
_VARLONG_BITS = 70


class RecordHeader(NamedTuple):
    """One header of a record; a name may occur more than once."""

    key: str
    value: bytes | None


class Record(NamedTuple):
    """One record as a consumer sees it."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[RecordHeader, ...] = ()


def records_payload(
    buffer: Buffer, position: int, header: BatchHeader, limit_bytes: int = MAX_DECOMPRESSED_BYTES
) -> bytes:
    """Return the records of the batch at `position`, uncompressed.

    Raises CorruptBatchError or DecompressionError where they do not unpack within the limit.
    """
    packed = memoryview(buffer)[position + HEADER_SIZE_BYTES : position + header.size_bytes]
    if len(packed) < header.size_bytes - HEADER_SIZE_BYTES:
        raise CorruptBatchError(f"The record batch claims {header.size_bytes} bytes, not all are there")
    if not packed:
        return b""  # compaction leaves batches without records, and without a compressed block
    codec = header.codec
    return bytes(packed if codec is Codec.NONE else decompress(codec, packed, limit_bytes))


def iterate_records(
    buffer: Buffer, position: int, header: BatchHeader, limit_bytes: int = MAX_DECOMPRESSED_BYTES
) -> Iterator[Record]:
    """Yield the records of the batch at `position` with their offsets and timestamps."""
    payload = records_payload(buffer, position, header, limit_bytes)
    base_offset = header.base_offset
    append_time = header.max_timestamp if header.is_log_append_time else None
    at = 0
    for _ in range(header.records_count):
        try:
            record, at = read_record(payload, at, base_offset, header.base_timestamp, append_time)
        except (IndexError, UnicodeDecodeError) as error:
            raise CorruptBatchError(f"Invalid record at byte {at} of its batch: {error}") from error
        yield record
    if at != len(payload):
        raise CorruptBatchError(f"{len(payload) - at} bytes follow the last record of the batch")


def _expect_length(size: int) -> None:
    if size < -1:
        raise CorruptBatchError(f"Invalid negative size {size} in a record")


def read_record(
    payload: bytes, at: int, base_offset: int, base_timestamp: int, append_time: int | None
) -> tuple[Record, int]:
    """Return the record at a position, and the position behind it.

    With `append_time` that is its timestamp. Raises CorruptBatchError, IndexError and UnicodeDecodeError.
    """
    size, at = read_varint(payload, at)
    end = at + size
    if size < 0 or end > len(payload):
        raise CorruptBatchError(
            f"Invalid record size: expected {size} bytes in a batch with {len(payload) - at} left"
        )
    timestamp_delta, at = read_varlong(payload, at + 1)
    offset_delta, at = read_varint(payload, at)
    key, at = _read_bytes(payload, at)
    value, at = _read_bytes(payload, at)
    count, at = read_varint(payload, at)
    if count < 0:
        raise CorruptBatchError(f"Found invalid number of record headers {count}")
    headers: tuple[RecordHeader, ...] = ()
    if count:
        if count > end - at:
            raise CorruptBatchError(f"Found invalid number of record headers {count}")
        collected = []
        for _ in range(count):
            name, at = _read_bytes(payload, at)
            if name is None:
                raise CorruptBatchError("Invalid null header key found in headers")
            header_value, at = _read_bytes(payload, at)
            collected.append(RecordHeader(name.decode("utf-8"), header_value))
        headers = tuple(collected)
    if at != end:
        raise CorruptBatchError(f"Invalid record size: expected to read {size} bytes, read {at - end + size}")
    timestamp = append_time if append_time is not None else base_timestamp + timestamp_delta
    return Record(base_offset + offset_delta, timestamp, key, value, headers), end


def _read_bytes(payload: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = read_varint(payload, at)
    if size < 0:
        _expect_length(size)
        return None, at
    if at + size > len(payload):
        raise CorruptBatchError(f"A field of a record claims {size} bytes, only {len(payload) - at} are left")
    return payload[at : at + size], at + size


def read_varint(payload: bytes, at: int) -> tuple[int, int]:
    """Return a signed number of at most 32 bits, and the position behind it.

    Raises CorruptBatchError and IndexError.
    """
    return _read_zigzag(payload, at, _VARINT_BITS)


def read_varlong(payload: bytes, at: int) -> tuple[int, int]:
    """Return a signed number of at most 64 bits, and the position behind it.

    Raises CorruptBatchError and IndexError.
    """
    return _read_zigzag(payload, at, _VARLONG_BITS)


def _read_zigzag(payload: bytes, at: int, most_bits: int) -> tuple[int, int]:
    value = 0
    shift = 0
    while True:
        byte = payload[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 128:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift >= most_bits:
            raise CorruptBatchError(f"A variable-length number at byte {at} of the records does not end")
