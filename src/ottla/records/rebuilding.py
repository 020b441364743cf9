"""A batch after compaction has taken records out of it: the header that it keeps, and the records that stay.

The law: offsets, the producer's sequences, leader epoch and codec are the original's, so that no consumer and no
producer sees that something is gone (Kafka's `MemoryRecords.filterTo` and `buildRetainedRecordsInto`). The base
timestamp is that of the first record that stays, or the delete horizon, and the deltas follow from it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ottla.records.batch import (
    CONTROL_BIT,
    DELETE_HORIZON_BIT,
    LOG_APPEND_TIME_BIT,
    NO_TIMESTAMP,
    TRANSACTIONAL_BIT,
    BatchHeader,
    CorruptBatchError,
)
from ottla.records.builder import assemble_like, encode_varint
from ottla.records.compression import Codec, compress
from ottla.records.record import read_varint, read_varlong

_KEPT_BY_EMPTY_BATCH = LOG_APPEND_TIME_BIT | TRANSACTIONAL_BIT | CONTROL_BIT


def rebuild_batch(
    header: BatchHeader, payload: bytes, is_kept: Sequence[bool], delete_horizon_ms: int | None
) -> bytearray:
    """Return the batch with the records that are kept, at least one; `payload` are all of them, uncompressed.

    With a delete horizon the batch says from when its tombstones, or its marker, may go. Raises CorruptBatchError
    where the records are malformed.
    """
    append_time = header.max_timestamp if header.is_log_append_time else None
    base_timestamp = delete_horizon_ms
    max_timestamp = NO_TIMESTAMP
    position = 0
    records = bytearray()
    try:
        for stays in is_kept:
            start = position
            size, position = read_varint(payload, start)
            end = position + size
            if stays:
                delta, rest = read_varlong(payload, position + 1)
                timestamp = header.base_timestamp + delta if append_time is None else append_time
                if base_timestamp is None:
                    base_timestamp = timestamp
                max_timestamp = max(max_timestamp, timestamp)
                if timestamp - base_timestamp == delta:
                    records += payload[start:end]
                else:
                    body = b"\0" + encode_varint(timestamp - base_timestamp) + payload[rest:end]
                    records += encode_varint(len(body)) + body
            position = end
    except IndexError as error:
        raise CorruptBatchError("A record reaches beyond the end of its batch") from error
    assert base_timestamp is not None, "a batch without records is not rebuilt but emptied"
    codec = header.codec
    attributes = header.attributes & ~DELETE_HORIZON_BIT
    return assemble_like(
        header,
        records if codec is Codec.NONE else compress(codec, records),
        attributes=attributes if delete_horizon_ms is None else attributes | DELETE_HORIZON_BIT,
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp if append_time is None else append_time,
        records_count=sum(is_kept),
    )


def empty_batch(header: BatchHeader) -> bytearray:
    """Return the batch without any record, which still tells its last offset and its producer's last sequence."""
    return assemble_like(
        header,
        b"",
        attributes=header.attributes & _KEPT_BY_EMPTY_BATCH,
        base_timestamp=NO_TIMESTAMP,
        max_timestamp=header.max_timestamp,
        records_count=0,
    )
