"""The log of one partition: its segments, appended to at the end and read anywhere.

The law: what was appended and acknowledged is read back byte by byte until retention removes it, and an append
that fails leaves the log as it was, or takes the log offline. Everything that changes the log is for one caller
at a time; `read` and the lookups may run beside it in another thread, below the published end.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ottla.config.resolved import TopicConfig
from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import NO_PRODUCER_ID, Buffer
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendResult, PreparedAppend, make_tuple, prepare
from ottla.storage.deferred_deletion import DeferredDeletion
from ottla.storage.files import FileRange, FileSystem
from ottla.storage.flushing import for_each_segment, unsynced_segments
from ottla.storage.leader_epochs import EpochStart, LeaderEpochs
from ottla.storage.log_loader import LoadedLog, RecoveredLog, new_log
from ottla.storage.log_recovery import LoadRequest, load_log
from ottla.storage.log_view import (
    LogEnd,
    LogView,
    find_max_timestamp,
    find_timestamp,
    look,
    make_view,
    read_range,
)
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_metadata import (
    DELETE_SUFFIX,
    marked_directory_name,
    read_topic_id,
    topic_partition_of,
)
from ottla.storage.producer_state import ProducerStateManager
from ottla.storage.retention import count_deletable
from ottla.storage.rolling import draw_jitter_ms, must_roll
from ottla.storage.segment import BatchToIndex, CannotUndoWriteError, FoundRecord, Segment
from ottla.storage.stamping import stamp_batches
from ottla.storage.swapping import CleanedSegment, begin_swap, finish_swap, is_still_there, with_swapped
from ottla.types import TopicPartition, Uuid

if TYPE_CHECKING:
    from ottla.storage.aborted_transactions import AbortedTransaction

logger = logging.getLogger(__name__)

DEFAULT_PRODUCER_ID_EXPIRATION_MS = 86_400_000


class PartitionLog:
    """One partition directory."""

    __slots__ = (
        "_deferred",
        "_directory_needs_sync",
        "_failure",
        "_files",
        "_open_files",
        "_snapshots",
        "_view",
        "config",
        "directory",
        "has_aborted_transactions",
        "is_name_synced",
        "leader_epochs",
        "log_start_offset",
        "producer_state",
        "recovery_point",
        "topic_id",
        "topic_partition",
    )

    def __init__(
        self,
        open_files: OpenFiles,
        directory: Path,
        config: TopicConfig,
        loaded: LoadedLog,
        producer_state: ProducerStateManager,
        topic_id: Uuid | None,
        now_ms: int,
    ) -> None:
        self._files: FileSystem = open_files.files
        self._open_files = open_files
        self.directory = directory
        self.topic_partition: TopicPartition = producer_state.topic_partition
        self.topic_id = topic_id
        self.config = config
        self.log_start_offset = loaded.log_start_offset
        self.recovery_point = loaded.recovery_point
        """Offset up to which everything is known to be on the disk."""
        self.leader_epochs: LeaderEpochs = loaded.leader_epochs
        self.producer_state = producer_state
        self.has_aborted_transactions = loaded.has_aborted_transactions
        """Whether Apache Kafka has left some in this log; none are added here."""
        self._snapshots = loaded.snapshots
        active = loaded.segments[-1]
        end_offset, end_position = loaded.log_end_offset, active.size_bytes
        self._view = make_view(
            loaded.segments, LogEnd(end_offset, active, end_position, end_offset, end_position)
        )
        self._deferred = DeferredDeletion(self._files)
        self._deferred.add(loaded.deleted_paths, now_ms + config.file_delete_delay_ms)
        self._directory_needs_sync = loaded.has_unsynced_names
        self.is_name_synced = not loaded.has_unsynced_names
        """Whether the disk is known to know the directory itself; who makes many logs syncs that for all at once."""
        self._failure: str | None = None

    @classmethod
    def create(
        cls,
        open_files: OpenFiles,
        directory: Path,
        config: TopicConfig,
        *,
        topic_id: Uuid,
        now_ms: int,
        producer_id_expiration_ms: int = DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    ) -> PartitionLog:
        """Make and open an empty log in a directory that holds nothing but its topic id. Raises OSError."""
        topic_partition = topic_partition_of(directory)
        state = ProducerStateManager(topic_partition, producer_id_expiration_ms=producer_id_expiration_ms)
        loaded = new_log(open_files, directory, now_ms)
        return cls(open_files, directory, config, loaded, state, topic_id, now_ms)

    @classmethod
    def open(
        cls,
        open_files: OpenFiles,
        directory: Path,
        config: TopicConfig,
        *,
        clean_shutdown: bool,
        recovery_point: int,
        log_start_offset: int,
        now_ms: int,
        producer_id_expiration_ms: int = DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    ) -> PartitionLog:
        """Open an existing directory, and recover it unless the stop before was clean.

        Raises OSError, UnusableLogError and PartitionMetadataError.
        """
        request = LoadRequest(
            topic_partition=topic_partition_of(directory),
            directory=directory,
            index_interval_bytes=config.index_interval_bytes,
            clean_shutdown=clean_shutdown,
            recovery_point=recovery_point,
            log_start_offset=log_start_offset,
            now_ms=now_ms,
            producer_id_expiration_ms=producer_id_expiration_ms,
        )
        return cls.load(
            open_files, config, request, topic_id=read_topic_id(open_files.files, request.directory)
        )

    @classmethod
    def load(
        cls,
        open_files: OpenFiles,
        config: TopicConfig,
        request: LoadRequest,
        *,
        topic_id: Uuid | None,
        recovered: RecoveredLog | None = None,
    ) -> PartitionLog:
        """Open a log, of which `topic_id` is in its directory; with `recovered` another process has recovered it.

        Raises OSError, UnusableLogError and MuchToRecoverError.
        """
        loaded, state = load_log(open_files, request, recovered)
        return cls(open_files, request.directory, config, loaded, state, topic_id, request.now_ms)

    @property
    def log_end_offset(self) -> int:
        """The offset that the next record gets."""
        return self._view.end.offset

    @property
    def size_bytes(self) -> int:
        """Bytes of all log files together."""
        return sum(segment.size_bytes for segment in self._view.segments)

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments as they are now, at least one; the last one is appended to."""
        return self._view.segments

    @property
    def is_offline(self) -> bool:
        """Whether a failure of the disk has ended the use of this log, until the next start."""
        return self._failure is not None

    @property
    def has_rolled_since_flush(self) -> bool:
        """Whether a segment is finished that was not brought to the disk yet: Kafka flushes after each roll."""
        return self.recovery_point < self._view.end.segment.base_offset

    def append(
        self, records: Buffer, *, leader_epoch: int, origin: AppendOrigin, now_ms: int
    ) -> AppendResult:
        """Check, stamp and write batches at the end of the log.

        `records` is one batch; from the leader of the metadata quorum one or more, checked for their CRC only.
        They are stamped in place where the buffer is writable. Raises KafkaError for what is refused; an OSError
        leaves the log as it was; where not even that can be had, the log is offline with KAFKA_STORAGE_ERROR.
        """
        base_offset = self.next_offset()
        if origin is AppendOrigin.RAFT_LEADER:
            stamped, batches = stamp_batches(records, base_offset, leader_epoch)
            self._write((stamped,), batches, leader_epoch, now_ms)
            return AppendResult(base_offset, batches[-1].last_offset, -1, self.log_start_offset)
        prepared = prepare(self, records, base_offset, leader_epoch, origin, now_ms)
        if isinstance(prepared, AppendResult):
            return prepared
        self._write((prepared.records,), (prepared.to_index,), leader_epoch, now_ms)
        return self._taken_in(prepared)

    def next_offset(self) -> int:
        """Return the offset that the next batch gets. Raises KafkaError where the log is offline."""
        if self._failure is not None:
            self._check_online()
        return self._view.end.offset

    def write(self, prepared: Sequence[PreparedAppend], leader_epoch: int, now_ms: int) -> list[AppendResult]:
        """Write batches that are prepared for this place, in one go; raises as `append`, for all of them."""
        buffers = [each.records for each in prepared]
        self._write(buffers, [each.to_index for each in prepared], leader_epoch, now_ms)
        return [self._taken_in(each) for each in prepared]

    def _taken_in(self, prepared: PreparedAppend) -> AppendResult:
        """Take a batch that is written into the producer state."""
        header, _, to_index, base_offset, log_append_time_ms = prepared
        if header.producer_id > NO_PRODUCER_ID:
            self.producer_state.update(header, base_offset, to_index.max_timestamp)
        fields = (base_offset, to_index.last_offset, log_append_time_ms, self.log_start_offset, False)
        return make_tuple(AppendResult, fields)

    def _write(
        self, buffers: Sequence[Buffer], batches: Sequence[BatchToIndex], leader_epoch: int, now_ms: int
    ) -> None:
        """Write stamped batches, rolling first where needed, and publish the new end last."""
        segment = self._view.end.segment
        size_bytes = len(buffers[0]) if len(buffers) == 1 else sum(map(len, buffers))
        if must_roll(segment, batches, size_bytes, self.config, now_ms):
            segment = self.roll(now_ms)
        base_offset, position = self._view.end.offset, segment.size_bytes
        try:
            segment.append(
                buffers, batches, index_interval_bytes=self.config.index_interval_bytes, now_ms=now_ms
            )
        except CannotUndoWriteError as error:
            self._go_offline(str(error))
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        if leader_epoch != self.leader_epochs.latest_epoch:
            self.leader_epochs.assign(leader_epoch, base_offset)
        next_offset = batches[-1].last_offset + 1
        self.producer_state.end_offset = next_offset
        end = make_tuple(LogEnd, (next_offset, segment, segment.size_bytes, base_offset, position))
        _, base_offsets, segments = self._view
        self._view = make_tuple(LogView, (end, base_offsets, segments))

    def roll(self, now_ms: int) -> Segment:
        """Finish the active segment and start a new one at the log's end; an empty one is kept.

        Raises OSError, and then the old segment is still the active one.
        """
        active = self._view.end.segment
        base_offset = self._view.end.offset
        if active.base_offset == base_offset:
            return active
        active.finish_indexes()
        self._snapshots.take(self.producer_state)
        segment = Segment.create(
            self._open_files,
            self.directory,
            base_offset,
            now_ms=now_ms,
            roll_jitter_ms=draw_jitter_ms(self.config),
        )
        self._view = make_view(
            (*self._view.segments, segment), LogEnd(base_offset, segment, 0, base_offset, 0)
        )
        self._directory_needs_sync = True
        logger.debug("Rolled a new segment of %s at offset %d", self.topic_partition, base_offset)
        return segment

    def read(
        self, offset: int, max_bytes: int, *, upper_bound: int, must_return_a_batch: bool
    ) -> FileRange | None:
        """Return up to `max_bytes` of batches from the one with `offset` on, all below `upper_bound`.

        The range lies in one segment. It starts with a whole batch, the last one may be cut. A first batch that
        is larger than `max_bytes` is returned whole if `must_return_a_batch`, else nothing is. None where there
        is nothing to read. Raises KafkaError OFFSET_OUT_OF_RANGE and KAFKA_STORAGE_ERROR, and OSError.
        """
        self._check_online()

        def read(view: LogView) -> FileRange | None:
            if not self.log_start_offset <= offset <= view.end.offset:
                raise KafkaError(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    f"Received request for offset {offset} for partition {self.topic_partition}, but we only "
                    f"have log segments in the range {self.log_start_offset} to {view.end.offset}.",
                )
            return read_range(
                view, offset, max_bytes, upper_bound=upper_bound, must_return_a_batch=must_return_a_batch
            )

        return look(lambda: self._view, read)

    def aborted_transactions(self, offset: int, upper_bound: int) -> list[AbortedTransaction]:
        """Return the aborted transactions that a read from `offset` on may meet. Raises OSError and KafkaError."""
        # Imported late: only logs that Apache Kafka has written have any.
        from ottla.storage.aborted_transactions import aborted_in_read  # noqa: PLC0415

        return look(
            lambda: self._view,
            lambda view: aborted_in_read(self._files, self.directory, view, offset, upper_bound),
        )

    def offset_for_timestamp(self, timestamp_ms: int) -> FoundRecord | None:
        """Return the first record that is not older than the timestamp, None without one.

        Raises OSError and KafkaError.
        """
        self._check_online()
        return look(
            lambda: self._view, lambda view: find_timestamp(view, timestamp_ms, self.log_start_offset)
        )

    def max_timestamp_offset(self) -> FoundRecord | None:
        """Return the first record with the largest timestamp of all, None without one.

        Raises OSError and KafkaError.
        """
        self._check_online()
        return look(lambda: self._view, find_max_timestamp)

    def end_offset_for_epoch(self, epoch: int) -> EpochStart:
        """Return the newest epoch not above `epoch` and the offset where it ends; -1 and -1 where unknown."""
        return self.leader_epochs.end_offset_for(epoch, self._view.end.offset)

    def delete_records_before(self, offset: int) -> bool:
        """Move the log start offset forward; tell whether it moved. The files go with `delete_old_segments`.

        Raises KafkaError OFFSET_OUT_OF_RANGE where the offset is beyond the log's end.
        """
        self._check_online()
        if offset > self._view.end.offset:
            raise KafkaError(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                f"Cannot increment the log start offset to {offset} of partition {self.topic_partition} since it is "
                f"larger than the high watermark {self._view.end.offset}",
            )
        if offset <= self.log_start_offset:
            return False
        self.log_start_offset = offset
        self.leader_epochs.truncate_from_start(offset)
        return True

    def delete_old_segments(self, now_ms: int, high_watermark: int) -> int:
        """Take the segments out of the log that retention does not keep; return how many.

        Their files are renamed at once and removed by `delete_expired_files`. Raises OSError.
        """
        self._check_online()
        segments = self._view.segments
        count = count_deletable(
            segments,
            self.config,
            log_start_offset=self.log_start_offset,
            log_end_offset=self._view.end.offset,
            high_watermark=high_watermark,
            now_ms=now_ms,
        )
        if count == 0:
            return 0
        if count == len(segments):
            self.roll(now_ms)
        remaining = self._view.segments[count:]
        self.log_start_offset = max(self.log_start_offset, remaining[0].base_offset)
        self._view = make_view(remaining, self._view.end)
        self.leader_epochs.truncate_from_start(self.log_start_offset)
        self.recovery_point = max(self.recovery_point, min(self.log_start_offset, self._view.end.offset))
        due_ms = now_ms + self.config.file_delete_delay_ms
        for segment in segments[:count]:
            self._deferred.add(segment.mark_deleted(), due_ms)
            self._deferred.add(self._snapshots.mark_deleted(segment.base_offset), due_ms)
        start = self.log_start_offset
        logger.info("Deleted %d segments of %s, it now starts at %d", count, self.topic_partition, start)
        return count

    def swap_in(self, cleaned: CleanedSegment, now_ms: int) -> bool:
        """Put a cleaned segment in the place of those it was made of; False where these are not there any more.

        Raises OSError and leaves the log as it was, or offline.
        """
        self._check_online()
        if not is_still_there(self._view, cleaned):
            return False
        segment = begin_swap(self._open_files, self.directory, cleaned)
        view, self._view = self._view, with_swapped(self._view, cleaned, segment)
        replaced = [each for each in view.segments if each.base_offset in cleaned.replaces]
        due_ms = now_ms + self.config.file_delete_delay_ms
        try:
            finish_swap(replaced, segment, self._deferred, self._snapshots, due_ms)
        except OSError as error:
            self._go_offline(f"swapping segments of {self.directory} failed: {error}")
            raise
        return True

    def delete_expired_files(self, now_ms: int) -> int:
        """Remove the files of deleted segments whose delay is over; return how many. Raises OSError."""
        return self._deferred.delete_expired(now_ms)

    def flush(self, up_to_offset: int | None = None) -> None:
        """Bring the log to the disk, all of it or the segments below an offset, and move the recovery point.

        May run beside appends and deletions, in another thread; one flush at a time. Raises OSError: nothing has
        changed when something could not be written, as on a full disk; when something could not be synced the log
        goes offline, since after that nobody knows what is on the disk.
        """
        self._check_online()
        view = self._view
        target = view.end.offset if up_to_offset is None else min(up_to_offset, view.end.offset)
        segments = unsynced_segments(view, self.recovery_point, target)
        needs_sync = self._directory_needs_sync or self._snapshots.has_unsynced
        if target <= self.recovery_point and not segments and not needs_sync:
            return
        is_syncing = False
        try:
            for_each_segment(segments, Segment.write_out, lambda: self._view)
            is_syncing = True
            for_each_segment(segments, Segment.sync, lambda: self._view)
            self._snapshots.sync()
            if needs_sync:
                self._directory_needs_sync = False  # first, so that a roll meanwhile is not taken for synced
                self._files.sync_directory(self.directory)
                if not self.is_name_synced:
                    self._files.sync_directory(self.directory.parent)
                    self.is_name_synced = True
            is_syncing = False
            self.leader_epochs.write()
        except OSError as error:
            if self._failure is not None:
                return  # the log was closed or deleted meanwhile
            if is_syncing:
                self._go_offline(f"flushing {self.directory} failed: {error}")
            raise
        self.recovery_point = max(self.recovery_point, target)

    def rename_for_deletion(self) -> Path:
        """Rename the directory so that a restart deletes it too; the log is of no use afterwards. Raises OSError.

        Durable once the directory around it is synced. What is being read from it stays readable.
        """
        target = self.directory.with_name(marked_directory_name(self.topic_partition, DELETE_SUFFIX))
        self.forget_files()
        self._files.rename_lazily(self.directory, target)
        self.directory = target
        self._failure = "the partition was deleted"
        return target

    def close(self) -> None:
        """Complete indexes, epochs and producer snapshot, flush, and let go of the files. Raises OSError."""
        if self._failure is None:
            try:
                self._view.end.segment.finish_indexes()
                self._snapshots.take(self.producer_state)
            except OSError as error:
                self._go_offline(f"closing {self.directory} failed: {error}")
                raise
            self.flush()
            self._failure = "the log is closed"
        self.forget_files()

    def forget_files(self) -> None:
        """Let go of the descriptors; what is being read from them stays open."""
        for segment in self._view.segments:
            segment.forget_files()

    def _check_online(self) -> None:
        if self._failure is not None:
            raise KafkaError(
                ErrorCode.KAFKA_STORAGE_ERROR,
                f"The log of {self.topic_partition} is offline: {self._failure}",
            )

    def _go_offline(self, reason: str) -> None:
        self._failure = reason
        logger.error("The log of %s goes offline: %s", self.topic_partition, reason)
