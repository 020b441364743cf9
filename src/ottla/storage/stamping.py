"""Offsets and leader epochs for batches that the broker's own log of metadata takes in without judging them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ottla.records.batch import Buffer, check_crc, iterate_batches, stamp
from ottla.storage.segment import BatchToIndex


class StampedBatches(NamedTuple):
    """Batches as they are to be written."""

    records: bytearray | memoryview
    batches: Sequence[BatchToIndex]


def stamp_batches(records: Buffer, base_offset: int, leader_epoch: int) -> StampedBatches:
    """Check the CRCs of one or more batches and give them consecutive offsets, in place where that is possible.

    Raises CorruptBatchError, and then some of the batches may be stamped already.
    """
    is_writable = not (isinstance(records, bytes) or (isinstance(records, memoryview) and records.readonly))
    writable = records if is_writable else bytearray(records)
    assert not isinstance(writable, bytes)
    batches = []
    for position, header in iterate_batches(writable):
        check_crc(writable, position, header)
        stamp(writable, position, base_offset, leader_epoch)
        last_offset = base_offset + header.last_offset_delta
        batches.append(BatchToIndex(last_offset, header.max_timestamp, header.size_bytes))
        base_offset = last_offset + 1
    assert batches, "an append holds at least one batch"
    return StampedBatches(writable, batches)
