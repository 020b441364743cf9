"""What happens between a partition directory on the disk and a log that can be used.

After a clean stop only names, sizes and the tail of the last segment are looked at. After any other stop every
segment from the recovery point on is scanned: the log is cut at the first batch that is not sound, later segments
go, indexes and epochs are made anew (facts 3.7, Kafka's `LogLoader`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ottla.records.batch import CorruptBatchError
from ottla.storage.checkpoints import CorruptCheckpointError
from ottla.storage.leader_epochs import EpochStart, LeaderEpochs
from ottla.storage.leftovers import settle_leftovers
from ottla.storage.log_files import LogFiles, SegmentFiles, find_log_files
from ottla.storage.log_walk import WALK_CHUNK_BYTES
from ottla.storage.open_files import OpenFiles
from ottla.storage.producer_snapshots import ProducerSnapshots
from ottla.storage.producer_state import ProducerEntry
from ottla.storage.recovery import recover_segment
from ottla.storage.segment import Segment

logger = logging.getLogger(__name__)


class MuchToRecoverError(Exception):
    """More of a log has to be recovered than whoever opens it wants to wait for."""


class RecoveredLog(NamedTuple):
    """What a recovery has found out that is not in the files that it leaves."""

    log_end_offset: int
    segment_count: int
    unsynced_segments: frozenset[int]
    """By base offset; what was recovered goes to the disk with the next flush, as does the checkpoint of epochs."""
    has_unsynced_names: bool
    leader_epochs: tuple[EpochStart, ...]
    producers: Mapping[int, ProducerEntry]
    """Those of which more than one batch is known; a snapshot holds the last one alone."""


@dataclass(slots=True)
class LoadedLog:
    """A log as it was found, or as recovery has left it."""

    segments: list[Segment]
    """At least one, by base offset."""
    leader_epochs: LeaderEpochs
    snapshots: ProducerSnapshots
    log_start_offset: int
    log_end_offset: int
    recovery_point: int
    deleted_paths: list[Path] = field(default_factory=list)
    """Files that recovery has set aside as `.deleted`."""
    has_unsynced_names: bool = False
    """Whether files were made or taken over from a crash, of which the disk may not know the names yet."""
    has_aborted_transactions: bool = False
    without_producers: frozenset[int] = frozenset()
    """By base offset, the segments in which a recovery has met no producer id."""


@dataclass(slots=True)
class LogLoader:
    """The arguments and the progress of one load."""

    open_files: OpenFiles
    directory: Path
    index_interval_bytes: int
    now_ms: int
    _deleted_paths: list[Path] = field(default_factory=list)
    _without_index: set[int] = field(default_factory=set)
    """Base offsets of segments that lack an index."""
    _next_offsets: dict[int, int] = field(default_factory=dict)
    """By base offset, where each recovered segment ends."""
    _without_producers: set[int] = field(default_factory=set)
    _has_new_segment: bool = False

    def load(
        self,
        *,
        clean_shutdown: bool,
        recovery_point: int,
        log_start_offset: int,
        recovered: RecoveredLog | None = None,
        most_bytes_to_recover: int | None = None,
    ) -> LoadedLog:
        """Return the log in this directory, recovered where that is needed.

        With `recovered` another process has done so: its files are taken as after a clean stop, but not for synced.
        Raises OSError, UnsupportedSegmentError for segments of older formats, CorruptBatchError for damage in what was
        trusted, and MuchToRecoverError.
        """
        files = self.open_files.files
        found = find_log_files(files, self.directory, settle_leftovers(files, self.directory))
        is_sound = clean_shutdown or recovered is not None
        if not is_sound and most_bytes_to_recover is not None:
            to_recover = bytes_from(found.segments, recovery_point)
            if to_recover > most_bytes_to_recover:
                raise MuchToRecoverError(f"{to_recover} bytes of {self.directory} are to be recovered")
        segments = [self._segment(each) for each in found.segments]
        snapshots = ProducerSnapshots(files, self.directory, found.snapshots)
        leader_epochs = self._leader_epochs(found)
        is_changed = False
        if recovered is not None:
            for segment in segments:
                segment.is_unsynced = segment.base_offset in recovered.unsynced_segments
            self._has_new_segment = recovered.has_unsynced_names
        elif clean_shutdown:
            is_changed = self._restore_indexes(segments, leader_epochs)
        else:
            segments = self._recover(segments, recovery_point, leader_epochs)
        if not segments:
            segments = [self._new_segment(log_start_offset)]
        log_end_offset = self._end_offset(segments, leader_epochs)
        if log_end_offset < log_start_offset:
            logger.warning(
                "%s ends at offset %d, before its log start offset %d: starting it anew there",
                self.directory,
                log_end_offset,
                log_start_offset,
            )
            self._set_aside(segments)
            segments = [self._new_segment(log_start_offset)]
            log_end_offset = log_start_offset
        segments[-1].load()
        start = max(log_start_offset, segments[0].base_offset)
        leader_epochs.truncate_from_end(log_end_offset)
        leader_epochs.truncate_from_start(start)
        if recovered is not None:
            leader_epochs.replace(recovered.leader_epochs)
        return LoadedLog(
            segments,
            leader_epochs,
            snapshots,
            start,
            log_end_offset,
            log_end_offset if clean_shutdown and not is_changed else min(recovery_point, log_end_offset),
            self._deleted_paths,
            self._has_new_segment or (not clean_shutdown and recovery_point < log_end_offset),
            found.has_aborted_transactions,
            frozenset(self._without_producers),
        )

    def _segment(self, found: SegmentFiles) -> Segment:
        if found.lacks_index:
            self._without_index.add(found.base_offset)
        return Segment(
            self.open_files,
            self.directory,
            found.base_offset,
            size_bytes=found.size_bytes,
            offset_index_bytes=found.offset_index_bytes,
            time_index_bytes=found.time_index_bytes,
            modified_ms=found.modified_ms,
        )

    def _leader_epochs(self, found: LogFiles) -> LeaderEpochs:
        files = self.open_files.files
        try:
            if found.has_leader_epochs:
                return LeaderEpochs.load(files, self.directory)
        except CorruptCheckpointError as error:
            logger.warning("Learning the leader epochs from the log, their checkpoint is damaged: %s", error)
        return LeaderEpochs(files, self.directory)

    def _restore_indexes(self, segments: Sequence[Segment], leader_epochs: LeaderEpochs) -> bool:
        """Make the indexes of segments that lack one; tell whether a log file had to be cut for that."""
        is_changed = False
        for number, segment in enumerate(segments if self._without_index else ()):
            if segment.base_offset in self._without_index:
                logger.info("Making the indexes of %s anew, they are missing", segment.log.path)
                is_changed |= self._recover_segment(segments, number, leader_epochs)
        return is_changed

    def _recover(
        self, segments: list[Segment], recovery_point: int, leader_epochs: LeaderEpochs
    ) -> list[Segment]:
        first = first_unflushed([segment.base_offset for segment in segments], recovery_point)
        if first > 0 and segments[first].base_offset == recovery_point:
            # It may have been rolled since the flush that has moved the recovery point here.
            with suppress(CorruptBatchError):
                segments[first - 1].complete_time_index()
        for number in range(first, len(segments)):
            segment = segments[number]
            if segment.has_empty_files:
                continue
            # Lines about ten thousand small logs would take a tenth of the time of such a start.
            logger.log(
                logging.INFO if segment.size_bytes > WALK_CHUNK_BYTES else logging.DEBUG,
                "Recovering unflushed segment %d. %d/%d recovered for %s.",
                segment.base_offset,
                number - first,
                len(segments) - first,
                self.directory.name,
            )
            later = segments[number + 1 :]
            if self._recover_segment(segments, number, leader_epochs, partial(self._give_up, later)):
                return segments[: number + 1]
        return segments

    def _give_up(self, later: Sequence[Segment]) -> None:
        """Take segments out of the log that follow damage; they must be gone before the damage is."""
        if later:
            logger.warning(
                "Deleting %d segments of %s from offset %d on, they follow the damage",
                len(later),
                self.directory,
                later[0].base_offset,
            )
            self._set_aside(later)
            self.open_files.files.sync_directory(self.directory)

    def _recover_segment(
        self,
        segments: Sequence[Segment],
        number: int,
        leader_epochs: LeaderEpochs,
        before_cut: Callable[[], None] = lambda: None,
    ) -> bool:
        """Recover one segment, and tell whether its log file had to be cut."""
        segment = segments[number]
        size_before = segment.size_bytes
        scan = recover_segment(
            segment,
            next_base_offset=segments[number + 1].base_offset if number + 1 < len(segments) else None,
            index_interval_bytes=self.index_interval_bytes,
            before_cut=before_cut,
        )
        self._next_offsets[segment.base_offset] = scan.next_offset
        if not scan.has_producers:
            self._without_producers.add(segment.base_offset)
        for epoch, start_offset in scan.epochs:
            if epoch > leader_epochs.latest_epoch:
                leader_epochs.assign(epoch, start_offset)
        if scan.damage is None:
            return False
        logger.warning(
            "Truncated %s from %d to %d bytes, offset %d is now the next: %s",
            segment.log.path,
            size_before,
            scan.valid_bytes,
            scan.next_offset,
            scan.damage,
        )
        return True

    def _end_offset(self, segments: Sequence[Segment], leader_epochs: LeaderEpochs) -> int:
        active = segments[-1]
        known = self._next_offsets.get(active.base_offset)
        if known is not None:
            return known
        try:
            return active.next_offset()
        except CorruptBatchError:
            # The stop was not as clean as it said.
            self._recover_segment(segments, len(segments) - 1, leader_epochs)
            return active.next_offset()

    def _new_segment(self, base_offset: int) -> Segment:
        self._has_new_segment = True
        return Segment.create(
            self.open_files, self.directory, base_offset, now_ms=self.now_ms, roll_jitter_ms=0
        )

    def _set_aside(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            self._deleted_paths += segment.mark_deleted()


def new_log(open_files: OpenFiles, directory: Path, now_ms: int) -> LoadedLog:
    """Make the files of an empty log in a directory that has none of them. Raises OSError."""
    files = open_files.files
    return LoadedLog(
        segments=[Segment.create(open_files, directory, 0, now_ms=now_ms, roll_jitter_ms=0)],
        leader_epochs=LeaderEpochs(files, directory),
        snapshots=ProducerSnapshots(files, directory, ()),
        log_start_offset=0,
        log_end_offset=0,
        recovery_point=0,
        has_unsynced_names=True,
    )


def first_unflushed(base_offsets: Sequence[int], recovery_point: int) -> int:
    """Return the number of the first segment that a recovery reads: the one that holds the recovery point."""
    first = len(base_offsets)
    while first > 0 and (first == len(base_offsets) or base_offsets[first] > recovery_point):
        first -= 1
    return first


def bytes_from(segments: Sequence[SegmentFiles], recovery_point: int) -> int:
    """Return how many bytes of log files a recovery reads."""
    first = first_unflushed([each.base_offset for each in segments], recovery_point)
    return sum(each.size_bytes for each in segments[first:])
