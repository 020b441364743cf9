"""How a cleaned segment takes the place of those that it was made of, so that a crash at any point loses nothing.

The law: readers find either the old segments or the new one, and so does a start after a crash (`leftovers`). The
order is that of Kafka's `LocalLog.replaceSegments`: the new files are called `.swap`, which is the point of no return;
the log shows the new segment; the old files are called `.deleted`; the new ones get their final names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.storage.deferred_deletion import DeferredDeletion
from ottla.storage.leftovers import CLEANED_SUFFIX, SWAP_SUFFIX
from ottla.storage.log_view import LogView, make_view
from ottla.storage.open_files import OpenFiles
from ottla.storage.producer_snapshots import ProducerSnapshots
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, SEGMENT_SUFFIXES, Segment, file_name


class CleanedSegment(NamedTuple):
    """A finished one, and the segments whose place it is to take."""

    base_offset: int
    replaces: tuple[int, ...]
    """Their base offsets, in order; the first one is its own."""
    size_bytes: int
    offset_index_bytes: int
    time_index_bytes: int
    modified_ms: int
    has_aborted_index: bool


def is_still_there(view: LogView, cleaned: CleanedSegment) -> bool:
    """Tell whether the log has the segments that were cleaned, next to each other, and goes on behind them."""
    count = len(cleaned.replaces)
    first = view.first_segment_for(cleaned.base_offset)
    return view.base_offsets[first : first + count] == cleaned.replaces and first + count < len(view.segments)


def begin_swap(open_files: OpenFiles, directory: Path, cleaned: CleanedSegment) -> Segment:
    """Call the cleaned files `.swap`; return the segment over them.

    Raises OSError; then nothing has happened, and no file of this segment is left.
    """
    files = open_files.files
    renamed = []
    try:
        for suffix in SEGMENT_SUFFIXES:
            if suffix != ABORTED_INDEX_SUFFIX or cleaned.has_aborted_index:
                path = directory / file_name(cleaned.base_offset, suffix)
                swap = path.with_name(path.name + SWAP_SUFFIX)
                files.rename_lazily(path.with_name(path.name + CLEANED_SUFFIX), swap)
                renamed.append(swap)
    except OSError:
        for path in reversed(renamed):
            files.unlink(path)
        raise
    return Segment(
        open_files,
        directory,
        cleaned.base_offset,
        size_bytes=cleaned.size_bytes,
        offset_index_bytes=cleaned.offset_index_bytes,
        time_index_bytes=cleaned.time_index_bytes,
        modified_ms=cleaned.modified_ms,
        name_suffix=SWAP_SUFFIX,
    )


def with_swapped(view: LogView, cleaned: CleanedSegment, segment: Segment) -> LogView:
    """Return what the log shows once the new segment stands for the old ones."""
    first = view.first_segment_for(cleaned.base_offset)
    rest = view.segments[first + len(cleaned.replaces) :]
    return make_view((*view.segments[:first], segment, *rest), view.end)


def finish_swap(
    replaced: Sequence[Segment],
    segment: Segment,
    deferred: DeferredDeletion,
    snapshots: ProducerSnapshots,
    due_ms: int,
) -> None:
    """Doom the old files, from `due_ms` on, and give the new ones their final names.

    Raises OSError; the next start then does the rest.
    """
    for old in replaced:
        deferred.add(old.mark_deleted(), due_ms)
        if old.base_offset != segment.base_offset:
            deferred.add(snapshots.mark_deleted(old.base_offset), due_ms)
    segment.take_final_names()
    segment.log.files.sync_directory(segment.directory)
