"""The keys of a batch's records, for whoever compares keys and looks at nothing else.

The law: it yields what `record.iterate_records` yields of the same bytes. The log cleaner goes twice through all the
records of a compacted topic, so that the usual sizes are read in line.
"""

from __future__ import annotations

from collections.abc import Iterator

from ottla.records.batch import CorruptBatchError
from ottla.records.record import read_varint, read_varlong

KeyOfRecord = tuple[int, bytes | None, bool]
"""Offset delta, key, and whether the record has a value."""

NULL_SIZE = 1
"""The first byte of a null value: the size -1."""


def iterate_keys(payload: bytes, count: int) -> Iterator[KeyOfRecord]:
    """Yield offset delta, key and whether there is a value, of each of `count` records, uncompressed.

    Raises CorruptBatchError where they are malformed, or something is left behind the last one.
    """
    position = 0
    limit = len(payload)
    try:
        for _ in range(count):
            start = position
            size = payload[start]
            position = start + 2  # behind the attributes
            if size >= 0x80:
                size += (payload[start + 1] << 7) - 0x80
                position = start + 3
            end = position - 1 + (size >> 1)
            while payload[position] >= 0x80:  # the timestamp delta
                position += 1
            delta = payload[position + 1]
            position += 2
            if delta >= 0x80:
                delta += (payload[position] << 7) - 0x80
                position += 1
            key_size = payload[position]
            position += 1
            if (size | delta) >= 0x4000 or (size | delta) & 1 or key_size >= 0x80:
                offset_delta, key, position, end = _read_long_record(payload, start)
            else:
                offset_delta = delta >> 1
                key = None
                if not key_size & 1:
                    key = payload[position : position + (key_size >> 1)]
                    position += key_size >> 1
            if position >= end or end > limit:
                raise CorruptBatchError(
                    f"The record at byte {start} of its batch does not end where it should"
                )
            yield offset_delta, key, payload[position] != NULL_SIZE
            position = end
    except IndexError as error:
        raise CorruptBatchError("A record reaches beyond the end of its batch") from error
    if position != limit:
        raise CorruptBatchError(f"{limit - position} bytes follow the last record of the batch")


def _read_long_record(payload: bytes, start: int) -> tuple[int, bytes | None, int, int]:
    """Return offset delta, key, the position of the value and the end, whatever the sizes are."""
    size, position = read_varint(payload, start)
    end = position + size
    _, position = read_varlong(payload, position + 1)
    offset_delta, position = read_varint(payload, position)
    key_size, position = read_varint(payload, position)
    if key_size < 0:
        return offset_delta, None, position, end
    return offset_delta, payload[position : position + key_size], position + key_size, end
