"""Reads of many partitions at once, within Kafka's limits, and the waiting of a long poll.

The law (facts 3.4): partitions are read in the order of the request; the first that has records may exceed every
limit by one whole batch, so that a consumer always moves on; later ones get what is left. A fetch that finds less
than it wants is parked at its partitions, costs nothing while they rest, and ends when enough has come, when
something is wrong, or when its time is up, and then it takes whatever is there.

Reads run on the loop: what consumers follow is in the page cache. Answers carry file ranges, so the bytes are
not touched here; a range of cold pages blocks where it is read or sent. Moving such reads to a thread, after a
probe with `preadv(RWF_NOWAIT)`, is a change inside `FetchReader.fetch`, whose result may come later anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.partitions.partition import Partition, Scheduler
from ottla.storage.files import FileRange
from ottla.storage.leader_epochs import NO_EPOCH, NO_OFFSET, EpochStart
from ottla.tasks import Timer

if TYPE_CHECKING:
    from ottla.storage.aborted_transactions import AbortedTransaction

logger = logging.getLogger("ottla.partitions.reader")

NO_LAST_FETCHED_EPOCH = -1

MAX_WAIT_MS = 0x7FFFFFFF
"""Longest wait that the protocol can name; it is what bounds a parked fetch whose client has gone."""


@dataclass(slots=True)
class PartitionRead:
    """What is to be read from one partition."""

    partition: Partition | None
    """None where this node does not have it; `missing_error` says why."""
    fetch_offset: int
    max_bytes: int
    current_leader_epoch: int = -1
    last_fetched_epoch: int = NO_LAST_FETCHED_EPOCH
    missing_error: ErrorCode = ErrorCode.NONE


@dataclass(slots=True)
class PartitionReadResult:
    """What was read from one partition; the offsets are -1 on an error."""

    error: ErrorCode = ErrorCode.NONE
    high_watermark: int = -1
    last_stable_offset: int = -1
    log_start_offset: int = -1
    records: FileRange | None = None
    """None where there is nothing to read."""
    diverging_epoch: EpochStart | None = None
    """Where the client's log parts from this one, when it does (KIP-595)."""
    aborted_transactions: Sequence[AbortedTransaction] | None = None
    """Those among the records; None for who reads everything, and where Kafka tells nothing of them."""


@dataclass(slots=True)
class FetchLimits:
    """What bounds a fetch as a whole."""

    max_bytes: int
    """The smaller of the client's limit and fetch.max.bytes."""
    min_bytes: int
    """Fewer bytes than this are worth waiting for."""
    max_wait_ms: int
    is_read_committed: bool = False


class FetchReader:
    """Reads partitions, now or when there is enough to read."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def fetch(
        self, reads: Sequence[PartitionRead], limits: FetchLimits
    ) -> Completion[list[PartitionReadResult]]:
        """Read every partition, in order; the completion never fails.

        It is done at once when `max_wait_ms` is not positive, nothing is to be read, enough is there, a
        partition has an error or the client's log has diverged; else later.
        """
        results = read_partitions(reads, limits)
        if limits.max_wait_ms <= 0 or not reads or _is_enough(results, limits.min_bytes):
            return Completion.resolved(results)
        _release(results)
        return _ParkedFetch(self._scheduler, reads, limits, results).completion

    def fetch_now(
        self, reads: Sequence[PartitionRead], limits: FetchLimits
    ) -> list[PartitionReadResult] | None:
        """Read partitions beside which others rest; None where all of them together would have to wait for more."""
        results = read_partitions(reads, limits)
        if limits.max_wait_ms <= 0 or _is_enough(results, limits.min_bytes):
            return results
        _release(results)
        return None


def read_partitions(reads: Sequence[PartitionRead], limits: FetchLimits) -> list[PartitionReadResult]:
    """Read what is there now, in order and within the limits."""
    bytes_left = limits.max_bytes
    must_return_a_batch = True
    results = []
    for read in reads:
        result = _read_partition(read, bytes_left, must_return_a_batch, limits.is_read_committed)
        if result.records is not None:
            must_return_a_batch = False
            bytes_left = max(0, bytes_left - len(result.records))
        results.append(result)
    return results


def _read_partition(
    read: PartitionRead, bytes_left: int, must_return_a_batch: bool, is_read_committed: bool
) -> PartitionReadResult:
    partition = read.partition
    if partition is None:
        return PartitionReadResult(read.missing_error)
    try:
        partition.check_leader(read.current_leader_epoch)
        result = PartitionReadResult(
            ErrorCode.NONE,
            partition.high_watermark,
            partition.last_stable_offset,
            partition.log_start_offset,
        )
        if read.last_fetched_epoch != NO_LAST_FETCHED_EPOCH:
            result.diverging_epoch = _diverging_epoch(partition, read)
            if result.diverging_epoch is not None:
                return result
        if is_read_committed:
            result.aborted_transactions = ()
        if read.fetch_offset == result.high_watermark and not partition.is_offline:
            return result  # nothing new, as mostly when many partitions rest
        max_bytes = min(read.max_bytes, bytes_left)
        if max_bytes < 0 and partition.log_start_offset <= read.fetch_offset <= partition.log.log_end_offset:
            return PartitionReadResult(ErrorCode.UNKNOWN_SERVER_ERROR)  # as Kafka answers a negative size
        upper_bound = result.last_stable_offset if is_read_committed else result.high_watermark
        if is_read_committed and partition.log.has_aborted_transactions:
            result.aborted_transactions = partition.log.aborted_transactions(read.fetch_offset, upper_bound)
        result.records = partition.log.read(
            read.fetch_offset, max_bytes, upper_bound=upper_bound, must_return_a_batch=must_return_a_batch
        )
        if result.records is None and max_bytes > 0 and read.fetch_offset < upper_bound:
            result.aborted_transactions = None  # the first batch does not fit
    except KafkaError as error:
        return PartitionReadResult(error.code)
    except OSError as error:
        logger.error("Cannot read from %s: %s", partition.topic_partition, error)
        return PartitionReadResult(ErrorCode.KAFKA_STORAGE_ERROR)
    return result


def _diverging_epoch(partition: Partition, read: PartitionRead) -> EpochStart | None:
    """Return where the logs part, None where they agree. Raises KafkaError OFFSET_OUT_OF_RANGE (KIP-595)."""
    end = partition.end_offset_for_epoch(read.last_fetched_epoch)
    if (
        end.epoch == NO_EPOCH
        or end.start_offset == NO_OFFSET
        or read.fetch_offset < partition.log_start_offset
    ):
        raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE)
    if end.epoch < read.last_fetched_epoch or end.start_offset < read.fetch_offset:
        return end
    return None


def _is_enough(results: Sequence[PartitionReadResult], min_bytes: int) -> bool:
    found_bytes = 0
    for result in results:
        if result.error is not ErrorCode.NONE or result.diverging_epoch is not None:
            return True
        if result.records is not None:
            found_bytes += len(result.records)
    return found_bytes >= min_bytes


def _release(results: Sequence[PartitionReadResult]) -> None:
    for result in results:
        if result.records is not None:
            result.records.release()


class _Progress:
    """What one parked partition has to offer so far."""

    __slots__ = ("available_bytes", "leader_epoch", "max_bytes", "seen_bytes", "segment_count")

    def __init__(self, partition: Partition, max_bytes: int, available_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.available_bytes = available_bytes
        self.seen_bytes = partition.appended_bytes
        self.leader_epoch = partition.leader_epoch
        self.segment_count = len(partition.log.segments)


class _ParkedFetch:
    """A fetch that waits at its partitions. Each change of one costs the same, however many it waits for."""

    __slots__ = ("_limits", "_missing_bytes", "_progress", "_reads", "_timer", "completion")

    def __init__(
        self,
        scheduler: Scheduler,
        reads: Sequence[PartitionRead],
        limits: FetchLimits,
        results: Sequence[PartitionReadResult],
    ) -> None:
        self.completion: Completion[list[PartitionReadResult]] = Completion()
        self._reads = reads
        self._limits = limits
        self._missing_bytes = limits.min_bytes
        self._progress: dict[Partition, _Progress] = {}
        for read, result in zip(reads, results, strict=True):
            partition = read.partition
            assert partition is not None, "a missing partition is an error, and those are answered at once"
            found_bytes = 0 if result.records is None else len(result.records)
            self._missing_bytes -= found_bytes
            self._progress[partition] = _Progress(partition, read.max_bytes, found_bytes)
            partition.add_waiter(self)
        self._timer: Timer = scheduler.call_later(min(limits.max_wait_ms, MAX_WAIT_MS), self._finish)

    def wake(self, partition: Partition) -> None:
        """Look at one partition again; the fetch ends when enough is there or the partition is not what it was."""
        progress = self._progress.get(partition)
        if progress is None:
            return  # the fetch has ended within the same turn
        if (
            partition.leader_epoch != progress.leader_epoch
            or not partition.is_leader
            or partition.is_offline
            # One read does not cross segments, so what the old one still has is all there will be for it.
            or len(partition.log.segments) != progress.segment_count
        ):
            self._finish()
            return
        grown_bytes = partition.appended_bytes - progress.seen_bytes
        progress.seen_bytes = partition.appended_bytes
        usable_bytes = min(grown_bytes, progress.max_bytes - progress.available_bytes)
        progress.available_bytes += usable_bytes
        self._missing_bytes -= usable_bytes
        if self._missing_bytes <= 0:
            self._finish()

    def _finish(self) -> None:
        self._timer.cancel()
        for partition in self._progress:
            partition.remove_waiter(self)
        self._progress.clear()
        self.completion.resolve(read_partitions(self._reads, self._limits))
