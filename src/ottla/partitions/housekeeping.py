"""What has to be done from time to time: checkpoints, flushes, retention, forgotten producers, deleted files.

The law: a broker at rest does nothing but look after the age of its data, once in minutes. Checkpoints and flushes
are due after appends only, so their timers start with the first append after a rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.partitions.cleaning import JobRunner, LogCleaner
from ottla.partitions.partition import NEVER_FLUSH, Partition, Scheduler
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.writer import DirectoryWriter
from ottla.storage.checkpoints import OffsetCheckpoint
from ottla.storage.log_dirs import LogDirectory
from ottla.storage.partition_log import PartitionLog
from ottla.tasks import Timer
from ottla.types import TopicPartition

logger = logging.getLogger("ottla.partitions.housekeeping")

PARTITIONS_PER_TURN = 100
"""How many partitions retention looks at before the loop serves others again: about a millisecond's worth."""

LONGEST_DELAY_MS = 24 * 60 * 60 * 1000
"""Options may name centuries; no timer is set further ahead than a day, and then it is looked at again."""


class Housekeeping:
    """Keeps the house of one data directory, from `start` until `close`.

    It is made before the partitions, which report their appends to it.
    """

    def __init__(
        self,
        config: BrokerConfig,
        directory: LogDirectory,
        writer: DirectoryWriter,
        scheduler: Scheduler,
        clock: Clock,
        helpers: JobRunner,
    ) -> None:
        self._config = config
        self._directory = directory
        self._writer = writer
        self._scheduler = scheduler
        self._clock = clock
        self._partitions: PartitionSet | None = None
        self._cleaner: LogCleaner | None = None
        if config.log_cleaner_enable:
            self._cleaner = LogCleaner(config, directory.files, writer, scheduler, clock, helpers, self)
        self._timers: dict[object, Timer] = {}
        self._flush_delays_ms: dict[Partition, int] = {}
        """How long the flush timers that are set were to wait."""
        self._rolled: set[Partition] = set()
        self._is_closed = False

    def start(self, partitions: PartitionSet) -> None:
        """Begin, `log.initial.task.delay.ms` from now, to look after the age of data and producers."""
        self._partitions = partitions
        delay_ms = self._config.log_initial_task_delay_ms
        self._set_timer("retention", delay_ms, self._delete_old_segments)
        self._set_timer("producers", delay_ms, self._forget_producers)
        if self._cleaner is not None:
            self._cleaner.start(partitions)

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Go by these options, each from when it is due for the next time."""
        self._config = config
        if self._cleaner is not None:
            self._cleaner.update_broker_config(config)

    def close(self) -> None:
        """Do nothing from now on."""
        self._is_closed = True
        if self._cleaner is not None:
            self._cleaner.close()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def appended(self, partition: Partition) -> None:
        """Take note that a partition has grown: checkpoints become due, and maybe a flush."""
        if "high watermarks" not in self._timers:
            self._start_checkpoints()
        log = partition.log
        if log.has_rolled_since_flush and partition not in self._rolled:
            self._flush_rolled(partition)
            self._look_at(partition)
        if log.config.flush_ms < NEVER_FLUSH and partition not in self._timers:
            self._flush_later(partition)

    def log_start_moved(self) -> None:
        """Take note that records were deleted: a crash must not bring them back for longer than Kafka would."""
        self._start_checkpoints()

    def reconfigured(self, partition: Partition) -> None:
        """Have a log looked at that may have become worth a cleaning, or must be on the disk sooner or later."""
        self._look_at(partition)
        self._flush_later(partition)

    def _look_at(self, partition: Partition) -> None:
        if self._cleaner is not None:
            self._cleaner.look_at(partition)

    def retired(self, partition: Partition) -> None:
        """Forget a partition whose topic was deleted."""
        if self._cleaner is not None:
            self._cleaner.forget(partition)

    def has_cleaned(self, partition: Partition) -> None:
        """Write down how far logs are clean, and remove the files of segments that were replaced, later."""
        self._write(self._directory.cleaner_offsets, PartitionSet.cleaner_offsets)
        self._remove_files_later(partition)

    def delete_later(self, directory: Path) -> None:
        """Remove the directory of a deleted partition after file.delete.delay.ms."""
        delay_ms = self._config.log_segment_delete_delay_ms
        self._set_timer(directory, delay_ms, partial(self._delete_directory, directory))

    def _set_timer(self, key: object, delay_ms: int, callback: Callable[[], None]) -> None:
        if self._is_closed or key in self._timers:
            return

        def run() -> None:
            del self._timers[key]
            if delay_ms > LONGEST_DELAY_MS:
                self._set_timer(key, delay_ms - LONGEST_DELAY_MS, callback)
            else:
                callback()

        self._timers[key] = self._scheduler.call_later(min(delay_ms, LONGEST_DELAY_MS), run)

    def _start_checkpoints(self) -> None:
        config = self._config
        self._set_timer(
            "high watermarks",
            config.replica_high_watermark_checkpoint_interval_ms,
            lambda: self._write(self._directory.high_watermarks, PartitionSet.high_watermarks),
        )
        self._set_timer(
            "recovery points",
            config.log_flush_offset_checkpoint_interval_ms,
            lambda: self._write(self._directory.recovery_points, PartitionSet.recovery_points),
        )
        self._set_timer(
            "log start offsets",
            config.log_flush_start_offset_checkpoint_interval_ms,
            lambda: self._write(self._directory.log_start_offsets, PartitionSet.log_start_offsets),
        )

    def _write(
        self,
        checkpoint: OffsetCheckpoint,
        offsets_of: Callable[[PartitionSet], Mapping[TopicPartition, int]],
    ) -> None:
        if self._partitions is not None:
            writing = self._writer.submit_flush(partial(checkpoint.write, offsets_of(self._partitions)))
            writing.on_done(partial(_log_failure, f"write {checkpoint.path}"))

    def _flush_rolled(self, partition: Partition) -> None:
        """Flush the finished segments, as Kafka does after a roll, so that a recovery never reads them again."""
        self._rolled.add(partition)

        def flushed(flushing: Completion[None]) -> None:
            self._rolled.discard(partition)
            self._look_at(partition)  # it may have rolled again meanwhile
            _log_failure(f"flush {partition.topic_partition}", flushing)

        partition.flush(partition.log.segments[-1].base_offset).on_done(flushed)

    def _flush_later(self, partition: Partition) -> None:
        """Flush what is not on the disk within flush.ms; a timer that is set for another time gives way."""
        log = partition.log
        flush_ms = log.config.flush_ms
        if self._flush_delays_ms.get(partition) == flush_ms:
            return
        self._flush_delays_ms.pop(partition, None)
        timer = self._timers.pop(partition, None)
        if timer is not None:
            timer.cancel()
        if flush_ms < NEVER_FLUSH and log.recovery_point < log.log_end_offset and not self._is_closed:
            self._flush_delays_ms[partition] = flush_ms
            self._set_timer(partition, flush_ms, partial(self._flush, partition))

    def _flush(self, partition: Partition) -> None:
        self._flush_delays_ms.pop(partition, None)
        if not partition.is_deleted:
            partition.flush().on_done(partial(_log_failure, f"flush {partition.topic_partition}"))

    def _delete_old_segments(self) -> None:
        self._sweep(list(self._partitions or ()), self.retain)
        self._set_timer("retention", self._config.log_retention_check_interval_ms, self._delete_old_segments)

    def _sweep(self, partitions: list[Partition], visit: Callable[[Partition], None]) -> None:
        """Visit some partitions now and the rest in later turns of the loop."""
        for partition in partitions[:PARTITIONS_PER_TURN]:
            if not (partition.is_offline or partition.is_deleted or self._is_closed):
                visit(partition)
        rest = partitions[PARTITIONS_PER_TURN:]
        if rest:
            self._scheduler.call_soon(partial(self._sweep, rest, visit))

    def retain(self, partition: Partition) -> None:
        """Apply retention to a log. That of a compacted one waits for its cleaning, and without a cleaner for ever.

        So does Kafka's, where the cleaner deletes the old segments of compacted logs.
        """
        is_compacted = "compact" in partition.config.cleanup_policy
        if is_compacted and (self._cleaner is None or self._cleaner.is_cleaning(partition)):
            return
        now_ms = self._clock.now_ms()

        def work(log: PartitionLog) -> int:
            log.delete_expired_files(now_ms)
            return log.delete_old_segments(now_ms, partition.high_watermark)

        def done(deleting: Completion[int]) -> None:
            _log_failure(f"delete old segments of {partition.topic_partition}", deleting)
            if deleting.error is None and deleting.result() > 0:
                self._start_checkpoints()
                self._flush_rolled(
                    partition
                )  # an empty segment that keeps the offsets must outlive the others
                self._remove_files_later(partition)

        partition.run_on_log(work).on_done(done)

    def _remove_files_later(self, partition: Partition) -> None:
        delay_ms = partition.config.file_delete_delay_ms
        self._set_timer(("files", partition), delay_ms, partial(self._delete_files, partition))

    def _delete_files(self, partition: Partition) -> None:
        if partition.is_deleted:
            return
        now_ms = self._clock.now_ms()
        deleting = partition.run_on_log(lambda log: log.delete_expired_files(now_ms))
        deleting.on_done(partial(_log_failure, f"remove deleted segments of {partition.topic_partition}"))

    def _delete_directory(self, directory: Path) -> None:
        deleting = self._writer.submit_apart(partial(self._directory.files.remove_directory, directory))
        deleting.on_done(partial(_log_failure, f"remove {directory}"))

    def _forget_producers(self) -> None:
        self._sweep(list(self._partitions or ()), self._forget_producers_of)
        interval_ms = self._config.producer_id_expiration_check_interval_ms
        self._set_timer("producers", interval_ms, self._forget_producers)

    def _forget_producers_of(self, partition: Partition) -> None:
        if partition.log.producer_state.entries:
            now_ms = self._clock.now_ms()
            partition.run_on_log(lambda log: log.producer_state.remove_expired(now_ms))


def _log_failure(what: str, completion: Completion[Any]) -> None:
    if completion.error is not None:
        logger.error("Cannot %s: %s", what, completion.error)
