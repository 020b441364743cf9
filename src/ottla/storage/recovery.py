"""What to do with a segment whose end cannot be trusted: find out how much of it is sound, and keep that.

A scan is a function from a log file to what its indexes and epochs must be; `recover_segment` then cuts the file
and writes the indexes. The rules are those of Kafka's `LogSegment.recover` and `LogLoader` (facts 3.7), and two
more: a batch whose offsets do not fit between its neighbours is damage too, and a sound message set of an
older format is refused instead of cut off, since that would delete data.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from ottla.records.batch import BatchHeader, CorruptBatchError, UnsupportedMagicError
from ottla.storage import offset_index, time_index
from ottla.storage.files import Descriptor, FileSystem
from ottla.storage.leader_epochs import EpochStart
from ottla.storage.log_walk import scan_batches
from ottla.storage.segment import MAX_RELATIVE_OFFSET, Segment
from ottla.storage.time_index import NO_TIMESTAMP, TimestampOffset

_LEGACY_HEAD_BYTES = 17
_LEGACY_CRC = slice(12, 16)
_LEGACY_CHECKED_FROM = 16
_LEGACY_NEWEST_MAGIC = 1


class UnusableLogError(Exception):
    """A log that cannot be opened, and that nobody should change before somebody has looked at it."""


class UnsupportedSegmentError(UnusableLogError):
    """A segment in a format that is not read here; nothing was changed."""


@dataclass(slots=True)
class SegmentScan:
    """What a walk through every byte of a log file has shown."""

    base_offset: int
    offset_limit: int
    """Where the next segment begins, or as far as relative offsets reach."""
    valid_bytes: int = 0
    next_offset: int = 0
    """The offset after the last sound batch; the base offset without one."""
    first_timestamp: int = NO_TIMESTAMP
    """The largest one of the first batch."""
    largest_timestamp: int = NO_TIMESTAMP
    offset_of_largest: int = 0
    has_producers: bool = False
    """Whether a producer id was met."""
    damage: str | None = None
    """Why the file is not sound to its end, None when it is."""
    offset_entries: bytearray = field(default_factory=bytearray)
    time_entries: bytearray = field(default_factory=bytearray)
    epochs: list[EpochStart] = field(default_factory=list)
    """Leader epochs in the order in which they were met, with the first offset of each."""

    _last_entry_at: int = 0
    _last_entry_timestamp: int = NO_TIMESTAMP

    def take(self, header: BatchHeader, position: int, index_interval_bytes: int) -> None:
        """Take in the next sound batch."""
        if position == 0:
            self.first_timestamp = header.max_timestamp
        if header.has_producer_id:
            self.has_producers = True
        if header.max_timestamp > self.largest_timestamp:
            self.largest_timestamp = header.max_timestamp
            self.offset_of_largest = header.last_offset
        if position - self._last_entry_at > index_interval_bytes:
            self.offset_entries += offset_index.encode_entry(header.last_offset - self.base_offset, position)
            self.add_time_entry()
            self._last_entry_at = position
        if header.leader_epoch >= 0 and (not self.epochs or self.epochs[-1].epoch < header.leader_epoch):
            self.epochs.append(EpochStart(header.leader_epoch, header.base_offset))
        self.valid_bytes = position + header.size_bytes
        self.next_offset = header.next_offset

    def add_time_entry(self) -> None:
        """Make an entry of the largest timestamp so far, unless it has one."""
        if self.largest_timestamp > self._last_entry_timestamp:
            relative_offset = self.offset_of_largest - self.base_offset
            self.time_entries += time_index.encode_entry(self.largest_timestamp, relative_offset)
            self._last_entry_timestamp = self.largest_timestamp


def scan_segment(
    files: FileSystem,
    descriptor: Descriptor,
    *,
    base_offset: int,
    next_base_offset: int | None,
    size_bytes: int,
    index_interval_bytes: int,
) -> SegmentScan:
    """Read a whole log file and say how far it is sound and what its indexes hold.

    `next_base_offset` is where the next segment begins, None for the last one.
    Raises UnsupportedSegmentError for a sound message set of an older format, and OSError.
    """
    offset_limit = base_offset + MAX_RELATIVE_OFFSET + 1
    if next_base_offset is not None:
        offset_limit = min(offset_limit, next_base_offset)
    scan = SegmentScan(base_offset, offset_limit, next_offset=base_offset, offset_of_largest=base_offset)
    try:
        for position, header in scan_batches(files, descriptor, size_bytes):
            scan.damage = _implausible_offsets(header, scan)
            if scan.damage is not None:
                break
            scan.take(header, position, index_interval_bytes)
    except UnsupportedMagicError as error:
        if _is_sound_legacy(files, descriptor, scan.valid_bytes, size_bytes):
            raise UnsupportedSegmentError(
                f"The segment at offset {base_offset} holds a message set with magic {error.magic} at byte "
                f"{scan.valid_bytes}; only record batches with magic 2 are read"
            ) from error
        scan.damage = error.message
    except CorruptBatchError as error:
        scan.damage = error.message
    scan.add_time_entry()
    return scan


def recover_segment(
    segment: Segment,
    *,
    next_base_offset: int | None,
    index_interval_bytes: int,
    before_cut: Callable[[], None] = lambda: None,
) -> SegmentScan:
    """Cut a segment to its sound batches and make its indexes anew.

    `before_cut` is called while the damage is still there, so that an interrupted recovery finds it again.
    Raises UnsupportedSegmentError and OSError.
    """
    files, descriptor = segment.log.files, segment.log.descriptor()
    scan = scan_segment(
        files,
        descriptor,
        base_offset=segment.base_offset,
        next_base_offset=next_base_offset,
        size_bytes=segment.size_bytes,
        index_interval_bytes=index_interval_bytes,
    )
    if scan.damage is not None:
        before_cut()
    if scan.valid_bytes != segment.size_bytes:
        files.truncate(descriptor, scan.valid_bytes)
        files.fsync(descriptor)
    largest = TimestampOffset(scan.largest_timestamp, scan.offset_of_largest)
    segment.reset(scan.valid_bytes, scan.offset_entries, scan.time_entries, scan.first_timestamp, largest)
    return scan


def _implausible_offsets(header: BatchHeader, scan: SegmentScan) -> str | None:
    if header.last_offset_delta < 0 or header.base_offset < scan.next_offset:
        return (
            f"The record batch has the offsets {header.base_offset} to {header.last_offset}, "
            f"but {scan.next_offset} is the next one"
        )
    if header.last_offset >= scan.offset_limit:
        return (
            f"The record batch has the offsets {header.base_offset} to {header.last_offset}, "
            f"but the segment must end before {scan.offset_limit}"
        )
    return None


def _is_sound_legacy(files: FileSystem, descriptor: Descriptor, position: int, end: int) -> bool:
    """Tell whether a message of format 0 or 1 with a right CRC lies at `position`."""
    head = files.pread(descriptor, _LEGACY_HEAD_BYTES, position)
    if len(head) < _LEGACY_HEAD_BYTES or head[16] > _LEGACY_NEWEST_MAGIC:
        return False
    size = int.from_bytes(head[8:12], "big", signed=True) + 12
    if size < _LEGACY_HEAD_BYTES or position + size > end:
        return False
    # Messages are as large as max.message.bytes at most, so that one fits into memory.
    content = files.pread(descriptor, size - _LEGACY_CHECKED_FROM, position + _LEGACY_CHECKED_FROM)
    return zlib.crc32(content) == int.from_bytes(head[_LEGACY_CRC], "big")
