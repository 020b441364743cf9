"""New record batches, as the broker itself writes them: for internal topics and the metadata log."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from crc32c import crc32c

from ottla.records.batch import (
    CONTROL_BIT,
    CRC_START,
    HEADER_SIZE_BYTES,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    NO_LEADER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    SIZE_PREFIX_BYTES,
    TRANSACTIONAL_BIT,
    BatchHeader,
)
from ottla.records.compression import Codec, compress
from ottla.records.record import RecordHeader

_HEADER = struct.Struct(">qiibIhiqqqhii")
_CRC = struct.Struct(">I")
_CRC_AT = 17
_NULL_LENGTH = b"\x01"
_ONE_BYTE_VARINTS = tuple(bytes([zigzag]) for zigzag in range(0x80))


class NewRecord(NamedTuple):
    """A record to be written; its offset follows from its place."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    """Creation time; None takes the `now_ms` of the batch."""
    headers: tuple[RecordHeader, ...] = ()


def build_batch(
    records: Sequence[NewRecord],
    *,
    now_ms: int,
    base_offset: int = 0,
    codec: Codec = Codec.NONE,
    compression_level: int | None = None,
    leader_epoch: int = NO_LEADER_EPOCH,
    log_append_time: bool = False,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = -1,
    base_sequence: int = NO_SEQUENCE,
    transactional: bool = False,
    control: bool = False,
) -> bytearray:
    """Return one batch of at least one record, writable so that the log can stamp it without a copy.

    With `log_append_time` every record reads as written at `now_ms`. Kafka never compresses a control batch.
    """
    assert records, "a batch has at least one record"
    assert not (control and codec is not Codec.NONE), "control batches are never compressed"
    first = records[0].timestamp_ms
    base_timestamp = now_ms if first is None else first
    max_timestamp = NO_TIMESTAMP
    payload = bytearray()
    for index, record in enumerate(records):
        timestamp = now_ms if record.timestamp_ms is None else record.timestamp_ms
        max_timestamp = max(max_timestamp, timestamp)
        payload += encode_record(record, timestamp - base_timestamp, index)
    attributes = (
        codec
        | (LOG_APPEND_TIME_BIT if log_append_time else 0)
        | (TRANSACTIONAL_BIT if transactional else 0)
        | (CONTROL_BIT if control else 0)
    )
    packed = payload if codec is Codec.NONE else compress(codec, payload, compression_level)
    return assemble_batch(
        packed,
        base_offset=base_offset,
        leader_epoch=leader_epoch,
        attributes=attributes,
        last_offset_delta=len(records) - 1,
        base_timestamp=base_timestamp,
        max_timestamp=now_ms if log_append_time else max_timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        records_count=len(records),
    )


def assemble_batch(
    packed_records: bytes | bytearray | memoryview,
    *,
    base_offset: int,
    leader_epoch: int,
    attributes: int,
    last_offset_delta: int,
    base_timestamp: int,
    max_timestamp: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
    records_count: int,
) -> bytearray:
    """Put a header with its CRC before records that are encoded, and compressed as the attributes say."""
    batch = bytearray(HEADER_SIZE_BYTES + len(packed_records))
    batch[HEADER_SIZE_BYTES:] = packed_records
    _HEADER.pack_into(
        batch,
        0,
        base_offset,
        len(batch) - SIZE_PREFIX_BYTES,
        leader_epoch,
        MAGIC,
        0,
        attributes,
        last_offset_delta,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        records_count,
    )
    _CRC.pack_into(batch, _CRC_AT, crc32c(memoryview(batch)[CRC_START:]))
    return batch


def assemble_like(
    header: BatchHeader,
    packed_records: bytes | bytearray | memoryview,
    *,
    attributes: int,
    base_timestamp: int,
    max_timestamp: int,
    records_count: int,
) -> bytearray:
    """Put a batch's header before other records than its own: offsets, leader epoch and producer stay as they are."""
    return assemble_batch(
        packed_records,
        base_offset=header.base_offset,
        leader_epoch=header.leader_epoch,
        attributes=attributes,
        last_offset_delta=header.last_offset_delta,
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
        base_sequence=header.base_sequence,
        records_count=records_count,
    )


def encode_record(record: NewRecord, timestamp_delta: int, offset_delta: int) -> bytes:
    """Return one record with its length before it."""
    body = bytearray(1)  # the attributes of a record, which mean nothing yet
    body += encode_varint(timestamp_delta)
    body += encode_varint(offset_delta)
    _append_bytes(body, record.key)
    _append_bytes(body, record.value)
    body += encode_varint(len(record.headers))
    for header in record.headers:
        _append_bytes(body, header.key.encode("utf-8"))
        _append_bytes(body, header.value)
    return encode_varint(len(body)) + bytes(body)


def encode_varint(value: int) -> bytes:
    """Return a signed number of up to 64 bits in zig-zag base 128."""
    zigzag = (value << 1) ^ (value >> 63)
    if zigzag < 0x80:
        return _ONE_BYTE_VARINTS[zigzag]
    if zigzag < 0x4000:
        return bytes((zigzag & 0x7F | 0x80, zigzag >> 7))
    encoded = bytearray()
    while zigzag > 127:
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)


def _append_bytes(target: bytearray, value: bytes | None) -> None:
    if value is None:
        target += _NULL_LENGTH
    else:
        target += encode_varint(len(value))
        target += value
