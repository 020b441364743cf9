"""One segment of a partition log: a file of record batches, and two sparse indexes over it.

What is here follows Kafka's `LogSegment`: when index entries are made, what a segment knows of timestamps, how an
offset and a time are found. Only the last segment of a log is appended to, by one caller at a time; `size_bytes`
is moved last, so that readers below it see finished bytes only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, CorruptBatchError, read_header
from ottla.records.record import iterate_records
from ottla.storage import offset_index, time_index
from ottla.storage.files import Buffer, Descriptor
from ottla.storage.log_walk import WALK_CHUNK_BYTES, find_position, read_batch, walk_headers
from ottla.storage.offset_index import OffsetIndex
from ottla.storage.open_files import CachedFile, OpenFiles
from ottla.storage.time_index import NO_TIMESTAMP, TimeIndex, TimestampOffset

logger = logging.getLogger(__name__)

LOG_SUFFIX = ".log"
ABORTED_INDEX_SUFFIX = ".txnindex"
DELETED_SUFFIX = ".deleted"
OFFSET_DIGITS = 20
MAX_RELATIVE_OFFSET = 2**31 - 1

SEGMENT_SUFFIXES = (LOG_SUFFIX, offset_index.SUFFIX, time_index.SUFFIX, ABORTED_INDEX_SUFFIX)


class CannotUndoWriteError(Exception):
    """A failed write left bytes behind that could not be cut off: the log must not be written any more."""


class BatchToIndex(NamedTuple):
    """What the indexes need of a batch that is appended."""

    last_offset: int
    max_timestamp: int
    size_bytes: int


class FoundRecord(NamedTuple):
    """A record that a search by time has found."""

    timestamp_ms: int
    offset: int
    leader_epoch: int


def file_name(offset: int, suffix: str) -> str:
    """Return the name of a file of the segment (or snapshot) at this offset."""
    return f"{offset:0{OFFSET_DIGITS}d}{suffix}"


class Segment:
    """The files that start at one base offset."""

    __slots__ = (
        "_bytes_since_entry",
        "_first_timestamp",
        "_has_changed",
        "_largest",
        "base_offset",
        "created_ms",
        "directory",
        "is_unsynced",
        "log",
        "modified_ms",
        "offset_index",
        "roll_jitter_ms",
        "size_bytes",
        "time_index",
    )

    def __init__(
        self,
        open_files: OpenFiles,
        directory: Path,
        base_offset: int,
        *,
        size_bytes: int,
        offset_index_bytes: int | None,
        time_index_bytes: int | None,
        modified_ms: int,
        roll_jitter_ms: int = 0,
        name_suffix: str = "",
    ) -> None:
        stem = file_name(base_offset, "")

        def file(suffix: str) -> CachedFile:
            return CachedFile(open_files, directory, f"{stem}{suffix}{name_suffix}")

        # Each batch has at most an entry; an index with more ends in the zeros that Kafka makes room for entries with.
        most_entries = size_bytes // HEADER_SIZE_BYTES if size_bytes <= WALK_CHUNK_BYTES else 0
        self.directory = directory
        self.base_offset = base_offset
        self.size_bytes = size_bytes
        self.created_ms = self.modified_ms = modified_ms
        """`modified_ms` stands in for the largest timestamp where no record has one."""
        self.roll_jitter_ms = roll_jitter_ms
        self.log = file(LOG_SUFFIX)
        self.offset_index = OffsetIndex(
            file(offset_index.SUFFIX), base_offset, offset_index_bytes, most_entries
        )
        self.time_index = TimeIndex(file(time_index.SUFFIX), base_offset, time_index_bytes, most_entries)
        self.is_unsynced = False
        """Whether something was written since the last flush began."""
        self._bytes_since_entry = 0
        self._has_changed = False
        self._first_timestamp: int | None = None
        self._largest: TimestampOffset | None = None

    @classmethod
    def create(
        cls, open_files: OpenFiles, directory: Path, base_offset: int, *, now_ms: int, roll_jitter_ms: int
    ) -> Segment:
        """Make the files of a new, empty segment. Raises OSError, and then leaves none behind."""
        segment = cls(
            open_files,
            directory,
            base_offset,
            size_bytes=0,
            offset_index_bytes=0,
            time_index_bytes=0,
            modified_ms=now_ms,
            roll_jitter_ms=roll_jitter_ms,
        )
        made = (segment.log, segment.offset_index.entries.file, segment.time_index.entries.file)
        files = open_files.files
        try:
            for file in made:
                descriptor = file.create()
                if files.size_bytes(descriptor):
                    # What was there must not come back; a new file has only its name to be synced.
                    files.truncate(descriptor, 0)
                    segment.is_unsynced = True
        except OSError:
            for file in made:
                file.forget()
                files.unlink(file.path)
            raise
        # Index files of an active segment are written rarely: they need not stay open.
        segment.load()
        return segment

    def load(self) -> None:
        """Learn what an active segment has to know of its indexes, before it is appended to or read.

        Later a reader and the appending caller could both find out, and one overwrite what the other has made of it.
        Raises OSError.
        """
        self.offset_index.entries.load()
        self.time_index.entries.load()
        self.largest_timestamp()
        self.first_timestamp()
        for index in (self.offset_index.entries, self.time_index.entries):
            index.file.forget()

    def append(
        self,
        buffers: Sequence[Buffer],
        batches: Sequence[BatchToIndex],
        *,
        index_interval_bytes: int,
        now_ms: int,
    ) -> None:
        """Write the bytes of batches at the end, in one go, and index them.

        Raises OSError when the log is as it was before, and CannotUndoWriteError when not even that is sure.
        """
        if self._bytes_since_entry > index_interval_bytes or len(batches) > 1:
            self._make_room_for_entries()
        start = position = self.size_bytes
        descriptor = self.log.descriptor()
        try:
            self.log.files.pwrite(descriptor, buffers, position)
        except OSError as error:
            self._cut_back(descriptor, position, error)
            raise
        if start == 0 and batches:
            self._first_timestamp = max(batch.max_timestamp for batch in batches)
        largest = self._largest
        assert largest is not None, "a segment is loaded before it is appended to"
        for last_offset, max_timestamp, size in batches:
            if max_timestamp > largest.timestamp_ms:
                self._largest = largest = TimestampOffset(max_timestamp, last_offset)
            if self._bytes_since_entry > index_interval_bytes:
                self.offset_index.append(last_offset, position)
                self.time_index.append_if_newer(largest.timestamp_ms, largest.offset)
                self._bytes_since_entry = 0
            self._bytes_since_entry += size
            position += size
        self.modified_ms = now_ms
        self._has_changed = self.is_unsynced = True
        self.size_bytes = position

    def _make_room_for_entries(self) -> None:
        """Do what could fail of making an entry, so that nothing can after the write."""
        self.offset_index.entries.make_room()
        self.time_index.entries.make_room()
        self.time_index.last()

    def _cut_back(self, descriptor: Descriptor, position: int, error: OSError) -> None:
        try:
            self.log.files.truncate(descriptor, position)
        except OSError as second:
            raise CannotUndoWriteError(
                f"Writing {self.log.path} failed ({error}), and so did cutting off what was written ({second})"
            ) from second

    def are_indexes_full(self, segment_index_bytes: int) -> bool:
        """Tell whether one of the indexes, which may have this size, takes no more entries."""
        return self.offset_index.is_full(segment_index_bytes) or self.time_index.is_full(segment_index_bytes)

    @property
    def has_empty_files(self) -> bool:
        """Whether nothing is in the log nor in its indexes."""
        indexes = (self.offset_index.entries, self.time_index.entries)
        return self.size_bytes == 0 and all(each.is_file_empty for each in indexes)

    def first_timestamp(self) -> int:
        """Return the largest timestamp of the first batch, -1 without one. Raises OSError."""
        if self._first_timestamp is None and self.size_bytes > 0:
            for _, header in self.walk(0):
                self._first_timestamp = header.max_timestamp
                break
        return NO_TIMESTAMP if self._first_timestamp is None else self._first_timestamp

    def largest_timestamp(self) -> TimestampOffset:
        """Return the largest timestamp of any batch, -1 without one, and that batch's last offset.

        Raises OSError.
        """
        largest = self._largest
        if largest is None:
            largest = self._largest = self.time_index.last()
        return largest

    def retention_timestamp_ms(self) -> int:
        """Return what retention by time counts from: the largest timestamp, or the file's time without one."""
        largest = self.largest_timestamp().timestamp_ms
        return largest if largest >= 0 else self.modified_ms

    def walk(self, position: int, end: int | None = None) -> Iterator[tuple[int, BatchHeader]]:
        """Yield position and header of each batch from `position` on. Raises OSError and CorruptBatchError."""
        limit = self.size_bytes if end is None else end
        return walk_headers(self.log.files, self.log.descriptor(), position, limit)

    def find_position(self, offset: int) -> int | None:
        """Return where the first batch starts that ends at or after `offset`; None past the end.

        Raises OSError, and CorruptBatchError where the log file is damaged.
        """
        limit = self.size_bytes
        index_offset, position = self.offset_index.lookup(offset)
        descriptor = self.log.descriptor()
        if position == 0:
            return find_position(self.log.files, descriptor, 0, limit, offset)
        if self._is_batch_with(index_offset, position, descriptor, limit):
            return find_position(self.log.files, descriptor, position, limit, offset)
        logger.warning("%s does not fit its log and is passed over", self._index_path())
        return find_position(self.log.files, descriptor, 0, limit, offset)

    def _is_batch_with(self, last_offset: int, position: int, descriptor: Descriptor, limit: int) -> bool:
        """Tell whether a batch with this last offset starts there, as an index entry says."""
        if not 0 < position < limit:
            return False
        try:
            head = self.log.files.pread(descriptor, HEADER_SIZE_BYTES, position)
            return read_header(head).last_offset == last_offset
        except CorruptBatchError:
            return False

    def _index_path(self) -> Path:
        return self.offset_index.entries.file.path

    def find_timestamp(self, timestamp_ms: int, start_offset: int) -> FoundRecord | None:
        """Return the first record at or after `start_offset` that is not older than the timestamp.

        Raises OSError, and KafkaError where records cannot be read.
        """
        reached = self.time_index.lookup(timestamp_ms)
        position = self.offset_index.lookup(max(reached.offset, start_offset)).position
        for at, header in self.walk(position):
            if header.max_timestamp < timestamp_ms or header.last_offset < start_offset:
                continue
            content = read_batch(self.log.files, self.log.descriptor(), at, header)
            for record in iterate_records(content, 0, header):
                if record.timestamp_ms >= timestamp_ms and record.offset >= start_offset:
                    return FoundRecord(record.timestamp_ms, record.offset, header.leader_epoch)
        return None

    def find_max_timestamp(self) -> FoundRecord | None:
        """Return the first record with the segment's largest timestamp, which is -1 where none has any.

        Raises OSError and KafkaError.
        """
        return self.find_timestamp(self.largest_timestamp().timestamp_ms, self.base_offset)

    def next_offset(self) -> int:
        """Return the offset after the last batch, found from the last index entry on.

        A small segment is walked through, which takes one read, and spares a start to open its indexes. Raises OSError,
        and CorruptBatchError where the log file does not end with a whole batch.
        """
        if not self.size_bytes:
            return self.base_offset
        if self.size_bytes <= WALK_CHUNK_BYTES:
            with suppress(CorruptBatchError):  # an index entry may lead past the damage
                return self._next_offset_from(0)
        start = self.offset_index.last().position
        return self._next_offset_from(start if 0 <= start < self.size_bytes else 0)

    def _next_offset_from(self, start: int) -> int:
        """Return the offset after the last batch, walking from the one at `start`; from 0 on, learn the timestamps."""
        first_timestamp = largest_timestamp = NO_TIMESTAMP
        next_offset = offset_of_largest = self.base_offset
        for position, header in self.walk(start):
            next_offset = header.next_offset
            if position == 0:
                first_timestamp = header.max_timestamp
            if header.max_timestamp > largest_timestamp:
                largest_timestamp, offset_of_largest = header.max_timestamp, header.last_offset
        if start == 0:
            self._first_timestamp = first_timestamp
            self._largest = TimestampOffset(largest_timestamp, offset_of_largest)
        return next_offset

    def write_out(self) -> None:
        """Bring the entries of the indexes into their files. Raises OSError, and then nothing is lost."""
        self.offset_index.entries.write_out()
        self.time_index.entries.write_out()

    def sync(self) -> None:
        """Wait until what is in the files is on the disk. Raises OSError."""
        self.is_unsynced = False  # first, so that what is written meanwhile is not taken for synced
        self.log.files.fsync(self.log.descriptor())
        self.offset_index.entries.sync()
        self.time_index.entries.sync()

    def finish_indexes(self) -> None:
        """Complete the indexes: the largest timestamp gets its entry, and the files end with their entries.

        Done when the segment becomes inactive and when the log is closed; nothing where nothing was appended since.
        Raises OSError.
        """
        if not self._has_changed:
            return
        largest = self.largest_timestamp()
        self.is_unsynced = True
        self.time_index.append_if_newer(largest.timestamp_ms, largest.offset)
        self.offset_index.entries.trim()
        self.time_index.entries.trim()
        self._has_changed = False

    def complete_time_index(self) -> None:
        """Make the entry of the largest timestamp, which a crash after the roll can have taken from the disk.

        Everything else of the segment must be sound. Raises OSError, and CorruptBatchError where it is not.
        """
        largest = self.time_index.last()
        for _, header in self.walk(self.offset_index.last().position):
            if header.max_timestamp > largest.timestamp_ms:
                largest = TimestampOffset(header.max_timestamp, header.last_offset)
        if largest != self.time_index.last():
            self.time_index.append_if_newer(*largest)
            self.time_index.entries.trim()
            self._largest = largest
            self.is_unsynced = True

    def reset(
        self,
        size_bytes: int,
        offset_entries: bytes | bytearray,
        time_entries: bytes | bytearray,
        first_timestamp: int,
        largest: TimestampOffset,
    ) -> None:
        """Hold what a scan of the log file has found. Raises OSError."""
        self.is_unsynced = True
        self.offset_index.entries.replace(offset_entries)
        self.time_index.replace(time_entries)
        self.size_bytes = size_bytes
        self._first_timestamp = first_timestamp
        self._largest = largest
        self._bytes_since_entry = 0

    def forget_files(self) -> None:
        """Let go of the descriptors; what is being read from them stays open."""
        for file in (self.log, *self._indexes()):
            file.forget()

    def mark_deleted(self) -> list[Path]:
        """Rename the files to `.deleted`, out of the way of a restart; return the new paths.

        Ranges already handed out stay readable. Raises OSError.
        """
        renamed = self._rename_aborted_index(DELETED_SUFFIX)
        for file in (self.log, *self._indexes()):
            with suppress(FileNotFoundError):
                renamed.append(self._rename(file, DELETED_SUFFIX))
        return renamed

    def take_final_names(self) -> None:
        """Rename the files to the names of a segment of the log; until now they had a suffix more.

        Indexes first: a log file that has its final name has complete indexes beside it. Raises OSError.
        """
        self._rename_aborted_index("")
        for file in (*self._indexes(), self.log):
            self._rename(file, "")

    def _indexes(self) -> tuple[CachedFile, CachedFile]:
        return self.offset_index.entries.file, self.time_index.entries.file

    def _rename(self, file: CachedFile, suffix: str) -> Path:
        file.rename(file_name(self.base_offset, file.path.suffixes[0]) + suffix)
        return file.path

    def _rename_aborted_index(self, suffix: str) -> list[Path]:
        """Rename the index of aborted transactions, which few segments have."""
        name = self.log.path.name.replace(LOG_SUFFIX, ABORTED_INDEX_SUFFIX)
        target = self.directory / (file_name(self.base_offset, ABORTED_INDEX_SUFFIX) + suffix)
        with suppress(FileNotFoundError):
            self.log.files.rename_lazily(self.directory / name, target)
            return [target]
        return []
