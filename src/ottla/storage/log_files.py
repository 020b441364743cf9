"""What lies in a partition directory: the files of its log, by one look at the names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.storage import leader_epochs, offset_index, time_index
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import offset_of_file
from ottla.storage.producer_snapshots import SNAPSHOT_SUFFIX
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, LOG_SUFFIX


class SegmentFiles(NamedTuple):
    """The files of a segment as they lie in the directory."""

    base_offset: int
    size_bytes: int
    modified_ms: int
    offset_index_bytes: int | None
    """None where there is no such file, as of the other index."""
    time_index_bytes: int | None

    @property
    def lacks_index(self) -> bool:
        """Whether an index is missing."""
        return self.offset_index_bytes is None or self.time_index_bytes is None


class LogFiles(NamedTuple):
    """The files of a log."""

    segments: list[SegmentFiles]
    """By base offset; in a log that is in use the last one is being appended to."""
    snapshots: list[int]
    """The offsets of the snapshots of producers."""
    has_leader_epochs: bool
    has_aborted_transactions: bool
    """Whether a segment has an index of them; Apache Kafka makes one with the first that it has to enter."""


def find_segments(files: FileSystem, directory: Path, names: Sequence[str]) -> list[SegmentFiles]:
    """Return the segments among these names, without those that were deleted since. Raises OSError."""
    segments = []
    present = frozenset(names)
    for name in names:
        base_offset = offset_of_file(name) if name.endswith(LOG_SUFFIX) else None
        if base_offset is None:
            continue
        stem = name.removesuffix(LOG_SUFFIX)
        indexes = (stem + offset_index.SUFFIX, stem + time_index.SUFFIX)
        try:
            size_bytes, modified_ms = files.status(f"{directory}/{name}")
            index_bytes = [
                files.status(f"{directory}/{index}").size_bytes if index in present else None
                for index in indexes
            ]
        except FileNotFoundError:
            continue
        segments.append(SegmentFiles(base_offset, size_bytes, modified_ms, *index_bytes))
    return segments


def find_log_files(files: FileSystem, directory: Path, names: Sequence[str]) -> LogFiles:
    """Return the files of a log among these names. Raises OSError."""
    snapshots = [offset_of_file(name) for name in names if name.endswith(SNAPSHOT_SUFFIX)]
    return LogFiles(
        find_segments(files, directory, names),
        [offset for offset in snapshots if offset is not None],
        leader_epochs.FILE_NAME in names,
        any(name.endswith(ABORTED_INDEX_SUFFIX) for name in names),
    )
