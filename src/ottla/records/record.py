"""The records inside a batch: one by one for those who need them, and one fast walk for those who only check.

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


class RecordsSummary(NamedTuple):
    """What the checks before an append want to know about all records of a batch."""

    records_count: int
    offsets_are_dense: bool
    """Whether the offset deltas are 0, 1, 2 …"""
    has_null_key: bool
    min_timestamp_delta: int
    max_timestamp_delta: int
    max_timestamp_offset_delta: int
    """Offset delta of the first record that has the largest timestamp."""


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
            record, at = _read_record(payload, at, base_offset, header.base_timestamp, append_time)
        except (IndexError, UnicodeDecodeError) as error:
            raise CorruptBatchError(f"Invalid record at byte {at} of its batch: {error}") from error
        yield record
    if at != len(payload):
        raise CorruptBatchError(f"{len(payload) - at} bytes follow the last record of the batch")


def summarize_records(payload: bytes, records_count: int) -> RecordsSummary:
    """Walk over `records_count` uncompressed records without making any, checking their structure.

    Raises CorruptBatchError where a record, its key, value or headers do not fit, or bytes are left over.
    """
    at = 0
    dense = True
    null_key = False
    least = most = most_at = 0
    try:
        for index in range(records_count):
            size = payload[at]
            at += 1
            if size > 127:
                size, at = _read_varint(payload, at - 1)
            else:
                size = (size >> 1) ^ -(size & 1)
            end = at + size
            at += 1  # the attributes of a record, which mean nothing yet
            delta = payload[at]
            at += 1
            if delta > 127:
                delta, at = _read_varlong(payload, at - 1)
            else:
                delta = (delta >> 1) ^ -(delta & 1)
            offset_delta = payload[at]
            at += 1
            if offset_delta > 127:
                offset_delta, at = _read_varint(payload, at - 1)
            else:
                offset_delta = (offset_delta >> 1) ^ -(offset_delta & 1)
            if offset_delta != index:
                dense = False
            if index == 0:
                least = most = delta
                most_at = offset_delta
            elif delta > most:
                most = delta
                most_at = offset_delta
            elif delta < least:
                least = delta
            if payload[at] == 1:
                null_key = True
            at = _skip_body(payload, at)
            if at != end or size < 0:
                raise CorruptBatchError(
                    f"Invalid record size: record {index} claims {size} bytes in its batch"
                )
    except IndexError as error:
        raise CorruptBatchError(f"The batch ends inside its record {index}") from error
    if at != len(payload):
        raise CorruptBatchError(f"{len(payload) - at} bytes follow the last record of the batch")
    return RecordsSummary(records_count, dense, null_key, least, most, most_at)


def _skip_body(payload: bytes, at: int) -> int:
    """Return where a record ends whose key length is at `at`."""
    size = payload[at]
    if size > 127:
        size, at = _read_varint(payload, at)
        at += max(size, 0)
    elif size & 1:
        _expect_null(size)
        at += 1
    else:
        at += 1 + (size >> 1)
    size = payload[at]
    if size > 127:
        size, at = _read_varint(payload, at)
        _expect_length(size)
        at += max(size, 0)
    elif size & 1:
        _expect_null(size)
        at += 1
    else:
        at += 1 + (size >> 1)
    if payload[at] == 0:
        return at + 1
    count, at = _read_varint(payload, at)
    if count < 0:
        raise CorruptBatchError(f"Found invalid number of record headers {count}")
    for _ in range(count):
        size, at = _read_varint(payload, at)
        if size < 0:
            raise CorruptBatchError(f"Invalid negative header key size {size}")
        size, at = _read_varint(payload, at + size)
        _expect_length(size)
        at += max(size, 0)
    return at


def _expect_null(encoded: int) -> None:
    if encoded != 1:
        raise CorruptBatchError(f"Invalid negative size {-(encoded + 1 >> 1)} in a record")


def _expect_length(size: int) -> None:
    if size < -1:
        raise CorruptBatchError(f"Invalid negative size {size} in a record")


def _read_record(
    payload: bytes, at: int, base_offset: int, base_timestamp: int, append_time: int | None
) -> tuple[Record, int]:
    size, at = _read_varint(payload, at)
    end = at + size
    if size < 0 or end > len(payload):
        raise CorruptBatchError(
            f"Invalid record size: expected {size} bytes in a batch with {len(payload) - at} left"
        )
    timestamp_delta, at = _read_varlong(payload, at + 1)
    offset_delta, at = _read_varint(payload, at)
    key, at = _read_bytes(payload, at)
    value, at = _read_bytes(payload, at)
    count, at = _read_varint(payload, at)
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
    size, at = _read_varint(payload, at)
    if size < 0:
        _expect_length(size)
        return None, at
    if at + size > len(payload):
        raise CorruptBatchError(f"A field of a record claims {size} bytes, only {len(payload) - at} are left")
    return payload[at : at + size], at + size


def _read_varint(payload: bytes, at: int) -> tuple[int, int]:
    return _read_zigzag(payload, at, _VARINT_BITS)


def _read_varlong(payload: bytes, at: int) -> tuple[int, int]:
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
