"""What of a log has to go to the disk before its recovery point may move, and how.

The law: below the recovery point everything is on the disk, indexes and producer snapshots too, since a recovery looks
at nothing there. A flush runs beside appends, rolls and deletions, so that it works on one view of the log.
"""

from __future__ import annotations

from collections.abc import Callable

from ottla.storage.log_view import LogView
from ottla.storage.segment import Segment


def unsynced_segments(view: LogView, recovery_point: int, target: int) -> list[Segment]:
    """Return the segments that a flush up to the offset `target` brings to the disk, oldest first.

    The one before the recovery point is among them when a roll has completed its indexes since it was flushed.
    """
    first = max(0, view.first_segment_for(recovery_point) - 1)
    return [
        segment
        for segment in view.segments[first:]
        if segment.is_unsynced and (segment.base_offset < target or segment.base_offset == recovery_point)
    ]


def for_each_segment(
    segments: list[Segment], work: Callable[[Segment], None], current_view: Callable[[], LogView]
) -> None:
    """Do a part of a flush for segments, except those that retention deletes meanwhile. Raises OSError."""
    for segment in segments:
        try:
            work(segment)
        except FileNotFoundError:
            if segment in current_view().segments:
                raise
