"""One partition as the broker serves it: the log, who leads it, how far consumers may read, and who waits for more.

The law: the high watermark is the log's end after each append that went well, since this node is the only
in-sync replica (facts 3.3); readers never see beyond it. An append costs in proportion to those who wait for
this partition, and nobody else is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from ottla.completion import Completion
from ottla.config.resolved import TopicConfig
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.topics import NO_LEADER
from ottla.partitions.joint_append import JointAppend
from ottla.partitions.writer import DirectoryWriter
from ottla.records.batch import Buffer
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendOutcome, AppendResult, OfferedBatch, append_together
from ottla.storage.files import NO_SPACE_ERRORS
from ottla.storage.leader_epochs import EpochStart
from ottla.storage.partition_log import PartitionLog
from ottla.tasks import Timer
from ottla.types import TopicPartition, Uuid

T = TypeVar("T")

logger = logging.getLogger("ottla.partitions")
state_logger = logging.getLogger("state.change.logger")

ANY_LEADER_EPOCH = -1
"""What a client sends when it does not know the leader epoch; nothing is checked then."""

LATEST_HIGH_WATERMARK = -1
"""The offset with which DeleteRecords means the high watermark."""

NEVER_FLUSH = 0x7FFFFFFFFFFFFFFF
"""The default of flush.messages and flush.ms: the operating system decides when to write."""


class Waiter(Protocol):
    """Somebody who waits for a partition to change."""

    def wake(self, partition: Partition) -> None:
        """Look again: the partition has more records, another leader, or is gone."""


class Scheduler(Protocol):
    """What of `ottla.tasks.Tasks` partitions use; tests hand in one that stands still."""

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> Timer:
        """Run a callback after a delay in ms."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Run a callback in the next turn of the loop."""


class AppendListener(Protocol):
    """Who keeps house: it hears of every append, and of what was deleted or configured on demand."""

    def appended(self, partition: Partition) -> None:
        """Take note that the partition has grown."""

    def log_start_moved(self) -> None:
        """Take note that a partition starts at a later offset, which no file name tells."""

    def reconfigured(self, partition: Partition) -> None:
        """Take note that other rules hold for the partition's log."""

    def retired(self, partition: Partition) -> None:
        """Take note that the partition is served no more, since its topic was deleted."""


class Wakeups:
    """Wakes the waiters of changed partitions in the next turn of the loop.

    So the producer's answer leaves first, and several appends of one turn wake a consumer once.
    """

    __slots__ = ("_due", "_scheduler")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._due: dict[Partition, None] = {}

    def schedule(self, partition: Partition) -> None:
        """Wake those who wait for the partition, soon."""
        if not self._due:
            self._scheduler.call_soon(self._run)
        self._due[partition] = None

    def _run(self) -> None:
        due, self._due = self._due, {}
        for partition in due:
            partition.wake_waiters()


class Partition:
    """A partition of which this node holds the replica."""

    __slots__ = (
        "_first_offset",
        "_joint",
        "_listener",
        "_node_id",
        "_waiters",
        "_wakeups",
        "_writer",
        "appended_bytes",
        "cleaned_offset",
        "high_watermark",
        "is_deleted",
        "leader_epoch",
        "leader_id",
        "log",
        "topic_id",
        "topic_partition",
    )

    def __init__(
        self,
        log: PartitionLog,
        *,
        topic_id: Uuid,
        node_id: int,
        writer: DirectoryWriter,
        wakeups: Wakeups,
        listener: AppendListener,
        high_watermark: int = 0,
        cleaned_offset: int | None = None,
    ) -> None:
        self.log = log
        self.topic_partition: TopicPartition = log.topic_partition
        self.topic_id = topic_id
        self.leader_id = NO_LEADER
        self.leader_epoch = -1
        self.high_watermark = min(high_watermark, log.log_end_offset)
        """Consumers may read below this offset."""
        self.appended_bytes = 0
        """Bytes appended since the start: what those who wait measure progress by."""
        self.cleaned_offset = cleaned_offset
        """Where the log begins to be dirty; None where it was never cleaned."""
        self.is_deleted = False
        self._first_offset = log.log_end_offset
        self._node_id = node_id
        self._writer = writer
        self._wakeups = wakeups
        self._listener = listener
        self._waiters: dict[Waiter, None] = {}
        self._joint: JointAppend | None = None

    @property
    def is_leader(self) -> bool:
        """Whether this node leads the partition and may serve it."""
        return self.leader_id == self._node_id

    @property
    def is_offline(self) -> bool:
        """Whether the disk has failed the log; every use is answered KAFKA_STORAGE_ERROR."""
        return self.log.is_offline

    @property
    def config(self) -> TopicConfig:
        """The topic's configuration in effect."""
        return self.log.config

    @property
    def log_start_offset(self) -> int:
        """The first offset that may be read."""
        return self.log.log_start_offset

    @property
    def last_stable_offset(self) -> int:
        """Consumers of committed records may read below this offset: no open transaction begins before it."""
        unstable = self.log.producer_state.first_unstable_offset
        return self.high_watermark if unstable is None else min(unstable, self.high_watermark)

    @property
    def appended_records(self) -> int:
        """Records appended since the start."""
        return self.log.log_end_offset - self._first_offset

    def lead(self, leader_id: int, leader_epoch: int) -> None:
        """Follow a change of leadership; as its leader this node is the whole in-sync replica set."""
        if (leader_id, leader_epoch) == (self.leader_id, self.leader_epoch):
            return
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch
        if self.is_leader:
            self.high_watermark = self.log.log_end_offset
            state_logger.debug(
                "Leader %s starts at leader epoch %d from offset %d",
                self.topic_partition,
                leader_epoch,
                self.high_watermark,
            )
            # An epoch begins with the leadership, not with its first record (Kafka's `Partition.makeLeader`).
            self.run_on_log(lambda log: log.leader_epochs.assign(leader_epoch, log.log_end_offset))
        self.changed()

    def append(self, records: Buffer, *, origin: AppendOrigin, now_ms: int) -> Completion[AppendResult]:
        """Append one batch; done when it is committed, which is at once unless the disk is slow.

        While it is, batches that wait for it are written together (`joint_append`). Where flush.messages asks for it,
        done when it is on the disk. `records` must not change before that. Fails with KafkaError, also for what the
        disk refused.
        """
        if self.leader_id != self._node_id:
            return Completion.failed(self._not_leader())
        if self._writer.is_threaded:
            completion = self._append_with_others(OfferedBatch(records, self.leader_epoch, origin, now_ms))
        else:
            work = partial(self._append_now, records, self.leader_epoch, origin, now_ms)
            completion = self._writer.submit(work)
            self._appended(len(records), completion)
        if self.log.config.flush_messages < NEVER_FLUSH:
            return self._flush_if_due(completion)
        return completion

    def run_on_log(self, work: Callable[[PartitionLog], T]) -> Completion[T]:
        """Change the log in turn with the appends. Fails with KafkaError, also for what the disk refused."""
        self._joint = None  # what is appended from now on comes behind this
        return self._writer.submit(partial(self._guarded, work))

    def flush(self, up_to_offset: int | None = None) -> Completion[None]:
        """Bring what is appended to the disk, beside the appends. Fails with KafkaError."""
        return self._writer.submit_flush(partial(self._guarded, lambda log: log.flush(up_to_offset)))

    def retire(self) -> None:
        """Serve nobody any more, since the topic was deleted."""
        state_logger.debug("%s is served no more, since its topic was deleted", self.topic_partition)
        self.is_deleted = True
        self.leader_id = NO_LEADER
        self._listener.retired(self)
        self.changed()

    def configure(self, config: TopicConfig) -> None:
        """Follow a changed configuration from the next append, deletion or lookup on."""
        self.log.config = config
        self._listener.reconfigured(self)

    def delete_records_before(self, offset: int) -> Completion[int]:
        """Move the log start offset to `offset`, or to the high watermark for -1; done with the new one.

        Fails with KafkaError OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER, POLICY_VIOLATION or KAFKA_STORAGE_ERROR
        (Kafka's `Partition.deleteRecordsOnLeader`).
        """
        if not self.is_leader:
            return Completion.failed(self._not_leader())
        if "delete" not in self.config.cleanup_policy:
            message = (
                f"Records of partition {self.topic_partition} can not be deleted due to the configured policy"
            )
            return Completion.failed(KafkaError(ErrorCode.POLICY_VIOLATION, message))
        target = self.high_watermark if offset == LATEST_HIGH_WATERMARK else offset
        if target < 0:
            message = f"The offset {target} for partition {self.topic_partition} is not valid"
            return Completion.failed(KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, message))
        deletion = self.run_on_log(lambda log: log.delete_records_before(target))
        return deletion.map(self._log_start_moved)

    def check_leader(self, current_leader_epoch: int) -> None:
        """Raise KafkaError unless this node leads the partition in the epoch that the client believes in.

        FENCED_LEADER_EPOCH for an older one, UNKNOWN_LEADER_EPOCH for one not heard of yet (KIP-320); the epoch
        is judged before the leadership. -1 stands for any epoch.
        """
        if self.leader_id == self._node_id and current_leader_epoch in (ANY_LEADER_EPOCH, self.leader_epoch):
            return  # whoever is deleted leads nothing any more
        if self.is_deleted:
            raise self._not_leader()
        if current_leader_epoch not in (ANY_LEADER_EPOCH, self.leader_epoch):
            if current_leader_epoch < self.leader_epoch:
                raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH)
            raise KafkaError(ErrorCode.UNKNOWN_LEADER_EPOCH)
        raise self._not_leader()

    def end_offset_for_epoch(self, epoch: int) -> EpochStart:
        """Return the newest epoch not above `epoch` and where it ends; -1 and -1 where that is unknown."""
        return self.log.end_offset_for_epoch(epoch)

    def add_waiter(self, waiter: Waiter) -> None:
        """Have `waiter` woken by every change from now on."""
        self._waiters[waiter] = None

    def remove_waiter(self, waiter: Waiter) -> None:
        """Leave `waiter` alone."""
        self._waiters.pop(waiter, None)

    def wake_waiters(self) -> None:
        """Have everybody look again who waits now."""
        for waiter in tuple(self._waiters):
            waiter.wake(self)

    def changed(self) -> None:
        """Wake those who wait, soon: something other than an append has happened."""
        if self._waiters:
            self._wakeups.schedule(self)

    def _log_start_moved(self, has_moved: bool) -> int:
        if has_moved:
            self._listener.log_start_moved()
        return self.log_start_offset

    def _append_now(
        self, records: Buffer, leader_epoch: int, origin: AppendOrigin, now_ms: int
    ) -> AppendResult:
        try:
            return self.log.append(records, leader_epoch=leader_epoch, origin=origin, now_ms=now_ms)
        except OSError as error:
            raise self._storage_error("append to", error) from error

    def _append_with_others(self, batch: OfferedBatch) -> Completion[AppendResult]:
        joint = self._joint
        completion = None if joint is None else joint.offer(batch)
        is_first = completion is None
        if joint is None or completion is None:
            joint = self._joint = JointAppend()
            completion = joint.offer(batch)
            assert completion is not None, "a new one has room"
        completion.on_done(partial(self._appended, len(batch.records)))
        if is_first:
            job = self._writer.submit(lambda: append_together(self.log, joint.take()))
            job.on_done(partial(self._all_appended, joint))
        return completion

    def _all_appended(self, joint: JointAppend, job: Completion[list[AppendOutcome]]) -> None:
        if self._joint is joint:
            self._joint = None
        if job.error is not None:
            joint.fail(job.error)
            return
        told: dict[OSError, KafkaError] = {}  # those that were to be written together share one
        outcomes: list[AppendOutcome] = []
        for outcome in job.result():
            if isinstance(outcome, OSError):
                if outcome not in told:
                    told[outcome] = self._storage_error("append to", outcome)
                outcomes.append(told[outcome])
            else:
                outcomes.append(outcome)
        joint.settle(outcomes)

    def _appended(self, size_bytes: int, completion: Completion[AppendResult]) -> None:
        if completion.error is not None:
            return
        next_offset = completion.result().last_offset + 1
        if next_offset > self.high_watermark:  # it is not for the repeat of an old batch
            self.high_watermark = next_offset
            self.appended_bytes += size_bytes
            if self._waiters:
                self._wakeups.schedule(self)
            self._listener.appended(self)

    def _flush_if_due(self, appended: Completion[AppendResult]) -> Completion[AppendResult]:
        """Hold the result of an append back while flush.messages records or more are not on the disk."""
        held_back: Completion[AppendResult] = Completion()

        def finish(flushed: Completion[None]) -> None:
            if flushed.error is not None:
                held_back.fail(flushed.error)
            else:
                held_back.resolve(appended.result())

        def flush(_: Completion[AppendResult]) -> None:
            log = self.log
            if appended.error is not None:
                held_back.fail(appended.error)
            elif log.log_end_offset - log.recovery_point >= log.config.flush_messages:
                self.flush().on_done(finish)
            else:
                held_back.resolve(appended.result())

        appended.on_done(flush)
        return held_back

    def _guarded(self, work: Callable[[PartitionLog], T]) -> T:
        try:
            return work(self.log)
        except OSError as error:
            raise self._storage_error("change", error) from error

    def _storage_error(self, verb: str, error: OSError) -> KafkaError:
        level = logging.WARNING if error.errno in NO_SPACE_ERRORS else logging.ERROR
        logger.log(level, "Cannot %s the log of %s: %s", verb, self.topic_partition, error)
        return KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"Cannot {verb} {self.topic_partition}: {error}")

    def _not_leader(self) -> KafkaError:
        if self.is_deleted:
            return KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return KafkaError(
            ErrorCode.NOT_LEADER_OR_FOLLOWER, f"Leader not local for partition {self.topic_partition}"
        )
