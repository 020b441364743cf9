"""The log cleaner: which compacted log is cleaned next, and how the result gets into the log.

The law: a helper process reads and writes, and the partition's own log is changed by short swaps only, in the order of
its appends. Nothing ticks while no segment of a compacted topic was finished: a log is looked at when it has rolled,
when its configuration changed, at the start, and when one of its lags is over. A cleaning that fails changes nothing,
and its partition is not cleaned again before the next start (Kafka's `LogCleaner` and `LogCleanerManager`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.errors import KafkaError
from ottla.partitions.cleanable import DirtySection, dirty_section
from ottla.partitions.partition import Partition, Scheduler
from ottla.partitions.writer import DirectoryWriter
from ottla.processes.helper_processes import HelperError, HelpersClosedError
from ottla.records.batch import CorruptBatchError
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import remove_cleaned
from ottla.storage.partition_log import PartitionLog
from ottla.storage.swapping import CleanedSegment
from ottla.tasks import Timer

if TYPE_CHECKING:
    from ottla.partitions.cleaning_job import CleaningJob
    from ottla.storage.compaction import CompactionResult

logger = logging.getLogger("ottla.partitions.cleaning")

LOOKS_PER_TURN = 100
"""How many logs are judged before the loop serves others again: a few milliseconds' worth."""

LONGEST_DELAY_MS = 24 * 60 * 60 * 1000
"""Lags may be centuries; no timer is set further ahead than a day, and then it is looked at again."""

_SHAPES_A_CLEANING = (
    "log_cleaner_threads",
    "log_cleaner_dedupe_buffer_size",
    "log_cleaner_io_buffer_load_factor",
    "log_cleaner_io_buffer_size",
    "log_cleaner_io_max_bytes_per_second",
)
"""Options that a helper is told when it begins. Kafka's cleaner begins anew, too, when one of them changes."""


class JobRunner(Protocol):
    """What of `HelperProcesses` the cleaner uses."""

    def run(self, job: Callable[[Any], Any], request: Any) -> Completion[Any]:
        """Call `job(request)` in a helper process."""

    def resize(self, limit: int) -> None:
        """Let so many jobs run at once."""

    def abort(self, completion: Completion[Any]) -> None:
        """End the job that has this completion."""


class CleaningListener(Protocol):
    """Who keeps house around the cleaner."""

    def retain(self, partition: Partition) -> None:
        """Apply retention to a compacted log, which is at rest now."""

    def has_cleaned(self, partition: Partition) -> None:
        """Write down how far logs are clean, and remove files when their time has come."""


@dataclass(slots=True)
class Cleaning:
    """A cleaning that is under way."""

    partition: Partition
    section: DirtySection
    job: Completion[CompactionResult | None] | None = None
    is_interrupted: bool = False
    """Whether other options hold by now, so that it begins again."""


class LogCleaner:
    """Cleans the compacted logs of one data directory, at most `log.cleaner.threads` at a time."""

    def __init__(
        self,
        config: BrokerConfig,
        files: FileSystem,
        writer: DirectoryWriter,
        scheduler: Scheduler,
        clock: Clock,
        helpers: JobRunner,
        listener: CleaningListener,
    ) -> None:
        self._config = config
        self._files = files
        self._writer = writer
        self._scheduler = scheduler
        self._clock = clock
        self._helpers = helpers
        self._listener = listener
        self._due: dict[Partition, None] = {}
        self._later: dict[Partition, int] = {}
        self._cleanable: dict[Partition, DirtySection] = {}
        self._running: dict[Partition, Cleaning] = {}
        self._uncleanable: set[Partition] = set()
        self._timer: Timer | None = None
        self._timer_due_ms = 0
        self._is_closed = False

    def start(self, partitions: Iterable[Partition]) -> None:
        """Look at all logs, as soon as a roll is looked at."""
        for partition in partitions:
            self.look_at(partition)

    def close(self) -> None:
        """Begin nothing from now on; what runs is ended with the helpers."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Go by these options: what is waited for comes as early as they say, what runs begins again under them."""
        before, self._config = self._config, config
        self._helpers.resize(config.log_cleaner_threads)
        if any(getattr(before, name) != getattr(config, name) for name in _SHAPES_A_CLEANING):
            for cleaning in list(self._running.values()):
                self._interrupt(cleaning)
            if self._cleanable and not self._is_closed:
                self._scheduler.call_soon(self._look)
        if self._due and not self._is_closed:
            self._arm(self._clock.now_ms() + config.log_cleaner_backoff_ms)

    def is_cleaning(self, partition: Partition) -> bool:
        """Whether a cleaning of this log is under way, so that its segments must stay."""
        return partition in self._running

    def look_at(self, partition: Partition) -> None:
        """Judge a log within `log.cleaner.backoff.ms`: it has finished a segment, or is configured in another way."""
        if "compact" in partition.config.cleanup_policy and not self._is_closed:
            self._due[partition] = None
            self._arm(self._clock.now_ms() + self._config.log_cleaner_backoff_ms)

    def forget(self, partition: Partition) -> None:
        """End what is done for a partition whose topic was deleted."""
        for each in (self._due, self._later, self._cleanable):
            each.pop(partition, None)
        self._uncleanable.discard(partition)
        cleaning = self._running.get(partition)
        if cleaning is not None and cleaning.job is not None and not cleaning.job.done:
            self._helpers.abort(cleaning.job)

    def _interrupt(self, cleaning: Cleaning) -> None:
        """Have a cleaning begin again, unless its helper is done already."""
        if cleaning.job is None or not cleaning.job.done:
            cleaning.is_interrupted = True
        if cleaning.job is not None and not cleaning.job.done:
            self._helpers.abort(cleaning.job)

    def _arm(self, due_ms: int) -> None:
        if self._timer is not None:
            if self._timer_due_ms <= due_ms:
                return
            self._timer.cancel()
        self._timer_due_ms = due_ms
        delay_ms = min(max(due_ms - self._clock.now_ms(), 0), LONGEST_DELAY_MS)
        self._timer = self._scheduler.call_later(delay_ms, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        for partition in [each for each, due_ms in self._later.items() if due_ms <= now_ms]:
            del self._later[partition]
            self._due[partition] = None
        self._look()

    def _look(self) -> None:
        """Judge what is due, some logs in each turn of the loop; then begin with the dirtiest."""
        if self._is_closed:
            return
        for partition in list(self._due)[:LOOKS_PER_TURN]:
            del self._due[partition]
            if not (partition.is_deleted or partition.is_offline or partition in self._running):
                self._judge(partition)
        if self._due:
            self._scheduler.call_soon(self._look)
            return
        while self._cleanable and len(self._running) < self._config.log_cleaner_threads:
            dirtiest = max(self._cleanable, key=lambda each: self._cleanable[each].ratio)
            self._begin(Cleaning(dirtiest, self._cleanable.pop(dirtiest)))
        if self._later:
            self._arm(min(self._later.values()))

    def _judge(self, partition: Partition) -> None:
        self._cleanable.pop(partition, None)
        if "compact" not in partition.config.cleanup_policy or partition in self._uncleanable:
            return
        try:
            section = self._section_of(partition)
        except (OSError, CorruptBatchError) as error:
            self._give_up(partition, error)
            return
        if section.is_cleanable(partition.config):
            self._cleanable[partition] = section
            return
        self._listener.retain(partition)
        if section.look_again_ms is not None:
            self._later[partition] = section.look_again_ms

    def _section_of(self, partition: Partition) -> DirtySection:
        log = partition.log
        first_dirty = log.log_start_offset if partition.cleaned_offset is None else partition.cleaned_offset
        if not log.log_start_offset <= first_dirty <= log.log_end_offset:
            if "delete" not in partition.config.cleanup_policy or first_dirty > log.log_end_offset:
                logger.warning(
                    "Resetting first dirty offset of %s to log start offset %d since the checkpointed offset %d is "
                    "invalid.",
                    partition.topic_partition,
                    log.log_start_offset,
                    first_dirty,
                )
            first_dirty = partition.cleaned_offset = log.log_start_offset
        unstable = log.producer_state.first_unstable_offset
        stable = partition.high_watermark if unstable is None else min(partition.high_watermark, unstable)
        return dirty_section(
            log.segments,
            partition.config,
            first_dirty_offset=first_dirty,
            last_stable_offset=stable,
            now_ms=self._clock.now_ms(),
        )

    def _begin(self, cleaning: Cleaning) -> None:
        partition = cleaning.partition
        self._running[partition] = cleaning
        preparing = partition.run_on_log(partial(self._prepare, cleaning.section))
        working = preparing.then(partial(self._work, cleaning))
        working.on_done(partial(self._worked, cleaning))

    def _prepare(self, section: DirtySection, log: PartitionLog) -> CleaningJob:
        """Write down what the helper needs to know, in the order of the appends. Raises OSError."""
        # Imported late: a broker that has nothing to clean must not pay for it.
        from ottla.partitions.cleaning_job import prepare  # noqa: PLC0415

        return prepare(self._config, self._files, log, section, self._clock.now_ms())

    def _work(self, cleaning: Cleaning, job: CleaningJob) -> Completion[CompactionResult | None]:
        from ottla.partitions.cleaning_job import clean_log  # noqa: PLC0415

        if cleaning.is_interrupted:
            return Completion.failed(HelperError("other options hold by now"))
        logger.debug("Cleaning %s", cleaning.partition.topic_partition)
        cleaning.job = self._helpers.run(clean_log, job)
        return cleaning.job

    def _worked(self, cleaning: Cleaning, working: Completion[CompactionResult | None]) -> None:
        if working.error is not None:
            self._ended(cleaning, working)
        elif (result := working.result()) is None:
            partition = cleaning.partition.topic_partition
            logger.warning("There is no room to clean %s; its next finished segment tries again", partition)
            self._ended(cleaning, Completion.resolved(None))
        else:
            swapping = self._swap(cleaning, list(result.segments))
            swapping.on_done(
                lambda swapped: self._ended(cleaning, swapped.map(lambda done: result if done else None))
            )

    def _swap(self, cleaning: Cleaning, left: list[CleanedSegment]) -> Completion[bool]:
        """Swap the segments in one after the other; tell whether all of them are in."""
        partition = cleaning.partition
        if not left:
            return Completion.resolved(True)
        if "compact" not in partition.config.cleanup_policy:
            return Completion.resolved(False)
        segment, now_ms = left.pop(0), self._clock.now_ms()
        swapped = partition.run_on_log(lambda log: log.swap_in(segment, now_ms))
        return swapped.then(lambda done: self._swap(cleaning, left) if done else Completion.resolved(False))

    def _ended(self, cleaning: Cleaning, ending: Completion[CompactionResult | None]) -> None:
        """Take note of what became of a cleaning, and remove what it has left; then look for the next one."""
        partition = cleaning.partition
        if ending.error is not None and not self._is_expected(cleaning, ending.error):
            self._give_up(partition, ending.error)
        result = None if ending.error is not None else ending.result()
        if result is not None:
            partition.cleaned_offset = result.next_dirty_offset
            _log_result(cleaning, result)
        if (
            partition.is_deleted
        ):  # what it has left goes with the directory, and its name may be another one's
            self._removed(cleaning, False, Completion.resolved(None))
            return
        removing = self._writer.submit_apart(partial(remove_cleaned, self._files, partition.log.directory))
        removing.on_done(partial(self._removed, cleaning, result is not None))

    def _removed(self, cleaning: Cleaning, is_clean: bool, removing: Completion[None]) -> None:
        partition = cleaning.partition
        if removing.error is not None and not partition.is_deleted:
            logger.error("Cannot remove the leftovers of %s: %s", partition.topic_partition, removing.error)
        del self._running[partition]
        if self._is_closed:
            return
        if is_clean and not partition.is_deleted:
            self._listener.has_cleaned(partition)
        if (is_clean or cleaning.is_interrupted) and not partition.is_deleted:
            self._due[partition] = None
        self._scheduler.call_soon(self._look)

    def _is_expected(self, cleaning: Cleaning, error: BaseException) -> bool:
        is_unneeded = self._is_closed or cleaning.partition.is_deleted or cleaning.is_interrupted
        return is_unneeded or isinstance(error, HelpersClosedError)

    def _give_up(self, partition: Partition, error: BaseException) -> None:
        self._uncleanable.add(partition)
        logger.error(
            "Cleaning %s failed, and it is not cleaned again before the next start: %s",
            partition.topic_partition,
            error.message if isinstance(error, KafkaError) else error,
        )


def _log_result(cleaning: Cleaning, result: CompactionResult) -> None:
    logger.info(
        "Cleaned %s from offset %d to %d: kept %d of %d records, %d of %d bytes; the offset map was %d %% full",
        cleaning.partition.topic_partition,
        cleaning.section.first_dirty_offset,
        result.next_dirty_offset,
        result.records_kept,
        result.records_read,
        result.bytes_written,
        result.bytes_read,
        100 * result.map_utilization,
    )
    if result.records_without_key:
        logger.warning(
            "%d records of %s had no key and were dropped",
            result.records_without_key,
            cleaning.partition.topic_partition,
        )
