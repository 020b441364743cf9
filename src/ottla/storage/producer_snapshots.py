"""The `.snapshot` files of a partition: what its producers were at some offset, so that a start need not replay
the whole log.

One is written on roll, at the new segment's base, and one on close, at the log's end (facts 2.4). A snapshot can
always be made again from the log, so that a damaged one is deleted and passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ottla.records.batch import BatchHeader
from ottla.records.control import ControlType, read_control_record, read_marker
from ottla.storage.files import FileSystem
from ottla.storage.log_walk import WALK_CHUNK_BYTES, read_batch
from ottla.storage.producer_state import CorruptSnapshotError, ProducerEntry, ProducerStateManager
from ottla.storage.segment import DELETED_SUFFIX, Segment, file_name

logger = logging.getLogger(__name__)

SNAPSHOT_SUFFIX = ".snapshot"

RECALLED_RECORDS = 50_000
"""How far before a snapshot the log is read again for the batches that the snapshot leaves out. A client repeats only
what is without an answer, its last five batches; of records of 100 bytes in batches of 16 KiB, sixty clients have no
more than this under way. Where each is a batch of its own their headers take a sixth of a second of the processor, less
than the recovery that has read all these bytes before."""


class ProducerSnapshots:
    """The snapshot files of one partition directory, by offset."""

    __slots__ = ("_directory", "_files", "_offsets", "_unsynced")

    def __init__(self, files: FileSystem, directory: Path, offsets: Iterable[int]) -> None:
        self._files = files
        self._directory = directory
        self._offsets = set(offsets)
        self._unsynced: set[int] = set()

    @property
    def offsets(self) -> list[int]:
        """The offsets that have a snapshot, in order."""
        return sorted(self._offsets)

    def path(self, offset: int) -> Path:
        """Return where the snapshot at this offset lies."""
        return self._directory / file_name(offset, SNAPSHOT_SUFFIX)

    def take(self, state: ProducerStateManager) -> None:
        """Write a snapshot of the state, unless there is one at its offset; an empty log needs none, as with Kafka.

        Raises OSError.
        """
        if state.end_offset > 0 and state.end_offset not in self._offsets:
            self._files.write_file(self.path(state.end_offset), state.snapshot())
            self._offsets.add(state.end_offset)
            self._unsynced.add(state.end_offset)

    def take_over(self, offset: int) -> None:
        """Take note that another process has written the snapshot at this offset, without a sync."""
        if offset in self._offsets:
            self._unsynced.add(offset)

    @property
    def has_unsynced(self) -> bool:
        """Whether a snapshot was written since the last `sync`."""
        return bool(self._unsynced)

    def sync(self) -> None:
        """Wait until the snapshots are on the disk; their names are the caller's to sync. Raises OSError.

        May run beside a change of the snapshots, in another thread.
        """
        while self._unsynced:
            path = self.path(self._unsynced.pop())
            try:
                self._files.fsync(self._files.open(path))
            except FileNotFoundError:
                continue  # it went together with its segment

    def load_newest(
        self, state: ProducerStateManager, *, start_offset: int, end_offset: int, now_ms: int
    ) -> None:
        """Bring the state to the newest usable snapshot up to `end_offset`, or empty to `start_offset`.

        Snapshots beyond the end, and damaged ones, are deleted. Raises OSError.
        """
        stale = [offset for offset in self._offsets if offset > end_offset]
        for offset in stale:
            self.delete(offset)
        if stale:
            # Another crash must not bring them back, to a log that has reached their offsets with other batches.
            self._files.sync_directory(self._directory)
        for offset in reversed(self.offsets):
            try:
                content = self._files.read_file(f"{self._directory}/{file_name(offset, SNAPSHOT_SUFFIX)}")
                state.load(content, offset, now_ms)
            except CorruptSnapshotError as error:
                logger.warning("Deleting the damaged snapshot %s: %s", self.path(offset), error)
                self.delete(offset)
            else:
                return
        state.reset(start_offset)

    def delete(self, offset: int) -> None:
        """Delete the snapshot at this offset, if there is one. Raises OSError."""
        if offset in self._offsets:
            self._files.unlink(self.path(offset))
            self._offsets.discard(offset)

    def mark_deleted(self, offset: int) -> list[Path]:
        """Rename the snapshot at this offset to `.deleted`; return the new path. Raises OSError."""
        if offset not in self._offsets:
            return []
        path = self.path(offset)
        target = path.with_name(path.name + DELETED_SUFFIX)
        self._files.rename_lazily(path, target)
        self._offsets.discard(offset)
        return [target]

    def delete_strays(self, segment_offsets: Iterable[int]) -> None:
        """Keep the snapshots of segments, and the newest one. Raises OSError."""
        if len(self._offsets) < 2:
            return
        kept = set(segment_offsets)
        for offset in self.offsets[:-1]:
            if offset not in kept:
                self.delete(offset)


def load_producers(
    state: ProducerStateManager,
    snapshots: ProducerSnapshots,
    segments: Sequence[Segment],
    *,
    start_offset: int,
    end_offset: int,
    clean_shutdown: bool,
    now_ms: int,
    recovered: Mapping[int, ProducerEntry] | None = None,
    without_producers: Collection[int] = (),
) -> None:
    """Bring the producers of a log to its end: from the newest snapshot, and the batches after it.

    `recovered` are those that another process has found which has recovered the log: they spare asking it again, as
    does a segment whose base offset is in `without_producers`.

    A log that was stopped cleanly and has no snapshot had no producers, as Kafka takes it (facts 3.7). After a crash
    clients repeat what they had no answer to, which may be more than the one batch of each that a snapshot lists: here
    the log itself is asked, where Kafka takes the older batches for gaps. Raises OSError, and CorruptBatchError where a
    segment is damaged.
    """
    if recovered is None:
        snapshots.delete_strays(segment.base_offset for segment in segments)
    if clean_shutdown and not snapshots.offsets:
        state.reset(end_offset)
        return
    # Whom a recovery has met in the log stays, however long ago that was; the next sweep forgets who has expired.
    as_of_ms = now_ms if recovered is None else 0
    snapshots.load_newest(state, start_offset=start_offset, end_offset=end_offset, now_ms=as_of_ms)
    if recovered is not None:
        state.recall(recovered)
        snapshots.take_over(state.end_offset)
    elif not clean_shutdown:
        _recall(state, segments, start_offset)
    if state.end_offset < end_offset:
        asked = [each for each in segments if each.base_offset not in without_producers]
        _replay(state, asked, max(state.end_offset, start_offset), end_offset)
    if not clean_shutdown and recovered is None and _is_worth_a_snapshot(segments, without_producers):
        snapshots.take(state)


def _is_worth_a_snapshot(segments: Sequence[Segment], without_producers: Collection[int]) -> bool:
    """Tell whether a snapshot spares more than its file costs: a small log without producers is read again at once."""
    return sum(each.size_bytes for each in segments) > WALK_CHUNK_BYTES or any(
        each.base_offset not in without_producers for each in segments
    )


def _recall(state: ProducerStateManager, segments: Sequence[Segment], start_offset: int) -> None:
    """Learn from the log of the batches before those that a snapshot lists."""
    first = max(start_offset, state.end_offset - RECALLED_RECORDS)
    if state.entries and first < state.end_offset:
        earlier = ProducerStateManager(
            state.topic_partition, producer_id_expiration_ms=state.producer_id_expiration_ms
        )
        _replay(earlier, segments, first, state.end_offset)
        state.recall(earlier.entries)


def _replay(
    state: ProducerStateManager, segments: Sequence[Segment], start_offset: int, end_offset: int
) -> None:
    for segment in segments:
        if segment.base_offset >= end_offset:
            break
        first = segment.find_position(max(start_offset, segment.base_offset))
        if first is None:
            continue
        for position, header in segment.walk(first):
            if header.base_offset >= end_offset:
                break
            if header.has_producer_id:  # the first batch too, where the log starts in the middle of it
                _replay_batch(state, segment, position, header)
    state.end_offset = end_offset


def _replay_batch(state: ProducerStateManager, segment: Segment, position: int, header: BatchHeader) -> None:
    if not header.is_control:
        state.update(header, header.base_offset, header.max_timestamp)
        return
    content = read_batch(segment.log.files, segment.log.descriptor(), position, header)
    if header.records_count == 0:
        return  # compaction keeps the batch of a removed marker for its epoch only
    control_type, record = read_control_record(content, 0, header)
    if control_type not in {ControlType.ABORT, ControlType.COMMIT}:
        return
    marker = read_marker(control_type, record.value)
    state.update_with_marker(
        header,
        record.offset,
        coordinator_epoch=marker.coordinator_epoch,
        timestamp=record.timestamp_ms,
        is_aborted=control_type is ControlType.ABORT,
    )
