"""The segment that a cleaning writes: the files of a segment under `.cleaned` names, durable once it is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ottla.records.batch import BatchHeader, Buffer
from ottla.storage import offset_index, time_index
from ottla.storage.aborted_transactions import AbortedTransaction, encode_aborted
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import CLEANED_SUFFIX
from ottla.storage.recovery import SegmentScan
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, LOG_SUFFIX, MAX_RELATIVE_OFFSET, file_name
from ottla.storage.swapping import CleanedSegment

WRITE_BYTES = 1024 * 1024
"""Written at once: large enough that calls cost nothing, small beside the offset map."""


class SegmentCopy:
    """A segment that is being written. Its log file may hold leftovers of an earlier attempt, which go."""

    def __init__(
        self, files: FileSystem, directory: Path, base_offset: int, index_interval_bytes: int
    ) -> None:
        """Make the log file. Raises OSError."""
        self._files = files
        self._directory = directory
        self._index_interval_bytes = index_interval_bytes
        self._scan = SegmentScan(base_offset, base_offset + MAX_RELATIVE_OFFSET + 1)
        self._log = files.open(self._path(LOG_SUFFIX), create=True)
        files.truncate(self._log, 0)
        self._buffer = bytearray()

    def append(self, content: Buffer, header: BatchHeader) -> None:
        """Add a batch. Raises OSError."""
        self._scan.take(header, self._scan.valid_bytes, self._index_interval_bytes)
        self._buffer += content
        if len(self._buffer) >= WRITE_BYTES:
            self._write_out()

    def finish(
        self, aborted: Sequence[AbortedTransaction], replaces: Sequence[int], modified_ms: int
    ) -> CleanedSegment:
        """Write the rest and the indexes, wait until all is on the disk, and give it the time of its source.

        Raises OSError.
        """
        scan = self._scan
        self._write_out()
        self._files.fsync(self._log)
        scan.add_time_entry()
        self._write_index(offset_index.SUFFIX, scan.offset_entries)
        self._write_index(time_index.SUFFIX, scan.time_entries)
        if aborted:
            self._write_index(ABORTED_INDEX_SUFFIX, encode_aborted(aborted))
        self._files.set_modified(self._path(LOG_SUFFIX), modified_ms)
        return CleanedSegment(
            scan.base_offset,
            tuple(replaces),
            scan.valid_bytes,
            len(scan.offset_entries),
            len(scan.time_entries),
            modified_ms,
            bool(aborted),
        )

    def _write_out(self) -> None:
        start = self._scan.valid_bytes - len(self._buffer)
        if self._buffer:
            self._files.pwrite(self._log, (self._buffer,), start)
            self._buffer = bytearray()

    def _write_index(self, suffix: str, content: Buffer) -> None:
        path = self._path(suffix)
        self._files.write_file(path, content)
        self._files.fsync(self._files.open(path))

    def _path(self, suffix: str) -> Path:
        return self._directory / (file_name(self._scan.base_offset, suffix) + CLEANED_SUFFIX)
