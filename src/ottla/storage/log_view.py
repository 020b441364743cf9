"""What a reader sees of a log: its segments and its published end, and where in them an offset or a time lies.

A view is immutable, so that a reader in another thread sees one state of the log from beginning to end while the
log goes on. Reading rules: facts 3.4; lookups by time: facts 3.5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from ottla.records.batch import SIZE_PREFIX_BYTES, read_size_prefix
from ottla.storage.files import FileRange
from ottla.storage.segment import FoundRecord, Segment

T = TypeVar("T")

MOST_LOOKS = 100
"""How often a reader starts again because a segment was deleted meanwhile; once is rare, since files go later."""


class LogEnd(NamedTuple):
    """The published end of a log."""

    offset: int
    segment: Segment
    """The active segment."""
    position: int
    """How many bytes of it belong to the log."""
    last_append_offset: int
    """Base offset of what was appended last, which is what a consumer at the end asks for next."""
    last_append_position: int


class LogView(NamedTuple):
    """One state of a log."""

    end: LogEnd
    base_offsets: tuple[int, ...]
    segments: tuple[Segment, ...]

    def first_segment_for(self, offset: int) -> int:
        """Return the number of the segment that would hold this offset, -1 before the first."""
        return bisect_right(self.base_offsets, offset) - 1


def make_view(segments: Sequence[Segment], end: LogEnd) -> LogView:
    """Return the view of these segments; the last one is the active one."""
    return LogView(end, tuple(segment.base_offset for segment in segments), tuple(segments))


def look(current_view: Callable[[], LogView], work: Callable[[LogView], T]) -> T:
    """Do a reader's work on the log as it is now; again, if a segment was deleted under the reader's eyes.

    Raises what `work` raises.
    """
    for _ in range(MOST_LOOKS):
        view = current_view()
        try:
            return work(view)
        except FileNotFoundError:
            if view.segments == current_view().segments:
                raise
    raise AssertionError("segments vanish faster than anybody can look at them")


def read_range(
    view: LogView, offset: int, max_bytes: int, *, upper_bound: int, must_return_a_batch: bool
) -> FileRange | None:
    """Return the batches from the one with `offset` on, as `PartitionLog.read` promises; the offset is in range.

    Raises OSError, and CorruptBatchError where a segment is damaged.
    """
    end = view.end
    if offset >= upper_bound or offset >= end.offset:
        return None
    if offset == end.last_append_offset:
        segment: Segment = end.segment
        return _range_at(view, segment, end.last_append_position, max_bytes, upper_bound, must_return_a_batch)
    for segment in view.segments[max(0, view.first_segment_for(offset)) :]:
        if segment.base_offset >= upper_bound:
            break
        # Compaction may have removed the end of a segment; the offset is then in the next one.
        position = segment.find_position(offset)
        if position is not None:
            return _range_at(view, segment, position, max_bytes, upper_bound, must_return_a_batch)
    return None


def end_of_segment(view: LogView, offset: int) -> int:
    """Return where the segment ends from which a read of this offset is answered. Raises OSError."""
    first = max(0, view.first_segment_for(offset))
    for number in range(first, len(view.segments) - 1):
        if view.segments[number].find_position(offset) is not None:
            return view.base_offsets[number + 1]
    return view.end.offset


def _range_at(
    view: LogView,
    segment: Segment,
    position: int,
    max_bytes: int,
    upper_bound: int,
    must_return_a_batch: bool,
) -> FileRange | None:
    available = _end_position(view.end, segment, upper_bound) - position
    if available <= 0:
        return None
    files, descriptor = segment.log.files, segment.log.descriptor()
    size = available
    if max_bytes < available:
        _, first_batch_bytes = read_size_prefix(files.pread(descriptor, SIZE_PREFIX_BYTES, position))
        if first_batch_bytes <= max_bytes:
            size = max_bytes
        elif must_return_a_batch:
            size = min(first_batch_bytes, available)
        else:
            return None
    return FileRange(files, descriptor, position, size)


def _end_position(end: LogEnd, segment: Segment, upper_bound: int) -> int:
    """Return the position in the segment where the batches below `upper_bound` end."""
    if upper_bound < end.offset:
        position = segment.find_position(upper_bound)
        if position is not None:
            return position
    return end.position if segment is end.segment else segment.size_bytes


def find_timestamp(view: LogView, timestamp_ms: int, start_offset: int) -> FoundRecord | None:
    """Return the first record at or after `start_offset` that is not older than the timestamp.

    Raises OSError, and KafkaError where records cannot be read.
    """
    for segment in view.segments:
        if segment.largest_timestamp().timestamp_ms >= timestamp_ms:
            return segment.find_timestamp(timestamp_ms, start_offset)
    return None


def find_max_timestamp(view: LogView) -> FoundRecord | None:
    """Return the first record with the largest timestamp of all. Raises OSError and KafkaError."""
    segments = [segment for segment in view.segments if segment.size_bytes]
    if not segments:
        return None
    newest = max(segments, key=lambda segment: segment.largest_timestamp().timestamp_ms)
    return newest.find_max_timestamp()
