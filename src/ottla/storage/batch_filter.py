"""What compaction keeps of one batch: all of it, some records, an empty batch, or nothing.

The rules are those of Kafka's `Cleaner.cleanInto` and `MemoryRecords.filterTo` (facts 3.9). A record stays while it is
the latest of its key or lies behind the offset map; a tombstone goes in the first cleaning after its delete horizon,
which the first cleaning that keeps it writes into the batch; records without a key go. The last batch of a producer
that may still write, and the last one of the cleaned range, stay even without records: they tell sequences and offsets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ottla.records.batch import BatchHeader, Buffer
from ottla.records.control import ControlType, read_control_record
from ottla.records.keys import iterate_keys
from ottla.records.rebuilding import empty_batch, rebuild_batch
from ottla.records.record import records_payload
from ottla.storage.aborted_transactions import TransactionsInCleaning
from ottla.storage.offset_map import OffsetMap


class LastOfProducer(NamedTuple):
    """What the log has last of a producer that may still write (Kafka's `LastRecord`)."""

    last_data_offset: int
    """-1 where it is a marker."""
    epoch: int


def control_type_in(content: Buffer, header: BatchHeader) -> ControlType | None:
    """Return what a control batch says, None where it was emptied. Raises CorruptBatchError."""
    return read_control_record(content, 0, header)[0] if header.records_count else None


@dataclass(slots=True)
class BatchFilter:
    """The rules of one cleaning, applied to all batches in order."""

    offset_map: OffsetMap
    transactions: TransactionsInCleaning
    last_of_producers: Mapping[int, LastOfProducer]
    end_offset: int
    """Where the cleaned range ends; the batch that ends there stays."""
    now_ms: int
    delete_retention_ms: int
    first_dirty_offset: int = 0
    latest_flags: bytearray | None = None
    """What `OffsetMap.latest_flags` says of the offsets from `first_dirty_offset` on."""
    records_read: int = 0
    records_kept: int = 0

    def filter(self, content: Buffer, header: BatchHeader) -> Buffer | None:
        """Return what is kept of a batch, which is `content` itself where that is all; None for nothing.

        Raises CorruptBatchError and DecompressionError.
        """
        if header.is_control:
            can_go = self.transactions.takes_marker(header, control_type_in(content, header))
            drops_all = can_go and self._is_past_horizon(header)
        else:
            can_go = drops_all = self.transactions.takes_batch(header)
        stays_empty = self._is_last_of_producer(header) or header.next_offset == self.end_offset
        self.records_read += header.records_count
        if drops_all or not header.records_count or self._is_overtaken(header):
            return empty_batch(header) if stays_empty else None
        payload = records_payload(content, 0, header)
        is_kept, has_tombstone = self._judge(header, payload)
        kept = sum(is_kept)
        self.records_kept += kept
        if not kept:
            return empty_batch(header) if stays_empty else None
        horizon_ms = header.base_timestamp if header.has_delete_horizon else None
        needs_horizon = horizon_ms is None and (has_tombstone or (can_go and header.is_control))
        if kept == len(is_kept) and not needs_horizon:
            return content
        if needs_horizon:
            horizon_ms = self.now_ms + self.delete_retention_ms
        return rebuild_batch(header, payload, is_kept, horizon_ms)

    def _judge(self, header: BatchHeader, payload: bytes) -> tuple[list[bool], bool]:
        """Tell of each record whether it stays, and whether a tombstone does."""
        if header.is_control:
            return [True] * header.records_count, False
        base_offset, latest_offset, find = (
            header.base_offset,
            self.offset_map.latest_offset,
            self.offset_map.get,
        )
        flags = self.latest_flags if self._is_flagged(header) else None
        flags_at = base_offset - self.first_dirty_offset
        keeps_tombstones = not self._is_past_horizon(header)
        has_tombstone = False
        is_kept = []
        for delta, key, has_value in iterate_keys(payload, header.records_count):
            if flags is not None:
                stays = flags[flags_at + delta] == 1
            elif base_offset + delta > latest_offset:
                is_kept.append(True)
                has_tombstone |= not has_value
                continue
            else:
                stays = key is not None and base_offset + delta >= find(key)
            if stays and not has_value:
                stays = keeps_tombstones
                has_tombstone |= stays
            is_kept.append(stays)
        return is_kept, has_tombstone

    def _is_flagged(self, header: BatchHeader) -> bool:
        """Tell whether the flags say of every record of a batch whether it is the latest of its key."""
        return (
            self.latest_flags is not None
            and header.base_offset >= self.first_dirty_offset
            and header.last_offset <= self.offset_map.latest_offset
        )

    def _is_overtaken(self, header: BatchHeader) -> bool:
        """Tell whether all records of a batch are known to have later ones, without a look at them."""
        if header.is_control or not self._is_flagged(header):
            return False
        assert self.latest_flags is not None
        start = self.first_dirty_offset
        return self.latest_flags.find(1, header.base_offset - start, header.next_offset - start) < 0

    def _is_past_horizon(self, header: BatchHeader) -> bool:
        return header.has_delete_horizon and header.base_timestamp <= self.now_ms

    def _is_last_of_producer(self, header: BatchHeader) -> bool:
        """Tell whether the batch holds the state of a producer: its last sequence, or else its epoch."""
        last = self.last_of_producers.get(header.producer_id) if header.has_producer_id else None
        if last is None:
            return False
        if last.last_data_offset >= 0:
            return header.last_offset == last.last_data_offset
        return header.is_control and header.producer_epoch == last.epoch
