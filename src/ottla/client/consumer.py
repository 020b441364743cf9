"""A consumer: the records of partitions, alone or as a member of a group of the classic protocol.

The law: records come in the order of their offsets, none twice and none left out, but for what was deleted, compacted
or, with read_committed, aborted. Fetches and commits happen while a method runs; only the heartbeats of a member go on
between methods, on a thread (`heartbeats`), until `poll` was not called for max.poll.interval.ms. A `poll` may take
longer than it was told by one request that it cannot do without. From `subscribe` to `close` the cluster is the
consumer's alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple, Self

from ottla.client import log_lines
from ottla.client.backoff import backoff_ms
from ottla.client.cluster import Cluster
from ottla.client.connection import wait_readable
from ottla.client.consumer_settings import READ_COMMITTED, ConsumerSettings, ResetPolicy
from ottla.client.failures import ApiError
from ottla.client.fetched_records import ConsumerRecord
from ottla.client.fetcher import Fetcher
from ottla.client.group_offsets import (
    GroupIdentity,
    OffsetAndMetadata,
    commit_failure,
    commit_offsets,
    fetch_committed,
)
from ottla.client.membership import GroupHooks, Membership, MemberState
from ottla.client.positions import Positions
from ottla.client.starting_positions import StartingPositions
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.types import TopicPartition

if TYPE_CHECKING:
    from ottla.client.heartbeats import HeartbeatThread

__all__ = ["Consumer", "ConsumerRecord", "OffsetAndMetadata"]

_NO_GROUP = (
    "To use the group management or offset commit APIs, you must provide a valid group.id in the consumer "
    "configuration."
)
_CLOSE_TIMEOUT_S = 30.0
"""How long `close` tries to commit, as in Kafka's client."""

PartitionsListener = Callable[[list[TopicPartition]], None]


def _ignore(_: list[TopicPartition]) -> None:
    """Hear of partitions and do nothing."""


class _Listeners(NamedTuple):
    assigned: PartitionsListener = _ignore
    revoked: PartitionsListener = _ignore
    lost: PartitionsListener | None = None


class Consumer:
    """A consumer of one cluster; `with Consumer(cluster, settings) as consumer` leaves the group at the end."""

    def __init__(self, cluster: Cluster, settings: ConsumerSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._metadata = TopicMetadata(cluster, settings.metadata_max_age_ms)
        self._positions = Positions()
        self._fetcher = Fetcher(cluster, settings, self._metadata, self._positions)
        self._starts = StartingPositions(cluster, settings, self._metadata, self._positions)
        self._topics: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        self._listeners = _Listeners()
        self._member: Membership | None = None
        if settings.group_id:
            hooks = GroupHooks(
                topics=lambda: self._topics,
                owned=self.assignment,
                prepare=self._prepare,
                assigned=self._take_assignment,
                partition_counts=self._count_partitions,
            )
            self._member = Membership(cluster, settings, hooks)
        self._is_subscribed = False
        self._shared_out: dict[str, int] = {}
        self._failed_lookups = 0
        self._look_up_at_s = 0.0
        self._commit_at_s = time.monotonic() + settings.auto_commit_interval_ms / 1000
        self._is_closed = False
        self._heartbeats: HeartbeatThread | None = None
        self._turn: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is read

    def subscribe(
        self,
        topics: Iterable[str] = (),
        *,
        pattern: str | None = None,
        on_assigned: PartitionsListener | None = None,
        on_revoked: PartitionsListener | None = None,
        on_lost: PartitionsListener | None = None,
    ) -> None:
        """Become a member of the group for some topics, or for those whose whole names match a pattern.

        The listeners hear which partitions came and went; `on_lost` of those that others may have already, by default
        as `on_revoked` does. Raises ApiError (INVALID_GROUP_ID) without group.id, re.error for a malformed pattern.
        """
        if self._member is None:
            raise ApiError(ErrorCode.INVALID_GROUP_ID, _NO_GROUP)
        with self._turn:
            self._listeners = _Listeners(on_assigned or _ignore, on_revoked or _ignore, on_lost)
            self._pattern = None if pattern is None else re.compile(pattern)
            self._topics = list(dict.fromkeys(topics))
            self._metadata.distrust()
            self._is_subscribed = True
            self._member.enter()
            self._member.join_again("the subscription has changed")
        if self._heartbeats is None:
            from ottla.client.heartbeats import HeartbeatThread  # noqa: PLC0415 - members alone need threads

            interval_s = self._settings.heartbeat_interval_ms / 1000
            self._heartbeats = HeartbeatThread(self._member.keep_alive, interval_s)
            self._turn = self._heartbeats.turn

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions, without a group's say."""
        assert not self._is_subscribed, "a consumer subscribes or is assigned partitions, not both"
        self._positions.replace(dict.fromkeys(partitions))
        self._metadata.distrust()

    def assignment(self) -> list[TopicPartition]:
        """Return the partitions that are read."""
        return list(self._positions.by_partition)

    def subscription(self) -> list[str]:
        """Return the topics that the consumer is subscribed to, for a pattern those that it matches now."""
        return list(self._topics)

    # Where it stands

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from an offset."""
        self._positions.seek(partition, offset)

    def seek_to_beginning(self, partitions: Iterable[TopicPartition] = ()) -> None:
        """Read on from the earliest offset; of all partitions by default."""
        for partition in list(partitions) or self.assignment():
            self._positions.request_reset(partition, ResetPolicy("earliest"))

    def seek_to_end(self, partitions: Iterable[TopicPartition] = ()) -> None:
        """Read on from the end; of all partitions by default."""
        for partition in list(partitions) or self.assignment():
            self._positions.request_reset(partition, ResetPolicy("latest"))

    def position(self, partition: TopicPartition, *, timeout_s: float | None = None) -> int:
        """Return the offset of the next record that `poll` will return; finds it where it is not known yet."""

        def attempt(_: float) -> int:
            self._starts.find(self._fetcher.out_of_range)
            offset = self._positions.by_partition[partition].offset
            if offset is None:
                raise ApiError(ErrorCode.OFFSET_NOT_AVAILABLE)
            return offset

        with self._turn:
            return self._cluster.retry(attempt, timeout_s=timeout_s, call="position")

    # Records

    def poll(self, timeout_s: float) -> list[ConsumerRecord]:
        """Return the next records, at most max.poll.records; none where none came within `timeout_s`.

        Raises ApiError for what does not pass by itself.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._turn:
            while True:
                self._look_after(time.monotonic())
                self._fetcher.receive()
                records = self._fetcher.take(self._settings.max_poll_records)
                self._fetcher.send_due()
                left_s = deadline_s - time.monotonic()
                if records or left_s <= 0:
                    return records
                self._wait(left_s)

    # Committed offsets

    def commit(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Store how far the group has read: `offsets`, or by default all that `poll` returned.

        Raises ApiError; a CommitFailedException where the group has given the partitions to others, or may have.
        """
        chosen = self._consumed() if offsets is None else offsets
        if not chosen:
            return
        with self._turn:
            identity = self._identity()
            if self._is_subscribed and identity.generation < 0:
                raise commit_failure(ApiError(ErrorCode.UNKNOWN_MEMBER_ID))
            refused = commit_offsets(self._cluster, identity, chosen, timeout_s=timeout_s, call="commitSync")
        for error in refused.values():
            raise commit_failure(error)

    def committed(
        self, partitions: Iterable[TopicPartition], *, timeout_s: float | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what the group has committed; partitions without a committed offset are left out."""
        with self._turn:
            return fetch_committed(
                self._cluster,
                self._identity().group_id,
                partitions,
                require_stable=self._settings.isolation_level == READ_COMMITTED,
                timeout_s=timeout_s,
                call="committed",
            )

    def close(self, *, timeout_s: float | None = None) -> None:
        """Commit where enable.auto.commit is on, and leave the group; the cluster stays open."""
        if self._is_closed:
            return
        self._is_closed = True
        with self._turn:
            if self._heartbeats is not None:
                self._heartbeats.stop()
            self._commit_before_letting_go(_CLOSE_TIMEOUT_S if timeout_s is None else timeout_s)
            if self._member is not None and self._is_subscribed:
                self._tell_let_go(self.assignment(), is_lost=self._member.generation < 0)
                self._member.leave()
            self._positions.replace(())
            self._fetcher.close()

    # What is done meanwhile

    def _look_after(self, now_s: float) -> None:
        if self._metadata.is_stale and now_s >= self._look_up_at_s:
            self._look_up()
        if self._member is not None and self._may_advance:
            self._member.advance(now_s)
        if self._settings.enable_auto_commit and now_s >= self._commit_at_s:
            self._commit_later(now_s)
        if now_s >= self._look_up_at_s:
            try:
                self._starts.find(self._fetcher.out_of_range)
            except ApiError as error:
                if not error.is_retriable:
                    raise
                self._back_off()

    @property
    def _may_advance(self) -> bool:
        """Whether the group may be joined: a pattern has to be looked up first, or it would be joined for nothing."""
        return self._pattern is None or self._metadata.version > 0

    def _look_up(self) -> None:
        """Ask for the topics that matter here, and notice what has changed."""
        wanted: list[str] | None = self._topics or sorted(
            {topic for topic, _ in self._positions.by_partition}
        )
        if self._pattern is not None:
            wanted = None
        elif not wanted:
            return
        try:
            self._metadata.refresh(wanted, allow_auto_topic_creation=self._settings.allow_auto_create_topics)
        except ApiError as error:
            if not error.is_retriable:
                raise
            self._back_off()
            return
        self._refuse_topics(wanted)
        is_complete = all(self._metadata.leader(partition) for partition in self._positions.by_partition)
        is_complete = is_complete and all(self._metadata.partition_count(topic) for topic in wanted or ())
        if is_complete:
            self._failed_lookups = 0
        else:
            self._metadata.distrust()
            self._back_off()
        self._follow_topics()

    def _refuse_topics(self, wanted: list[str] | None) -> None:
        for topic in wanted or ():
            code = self._metadata.topics[topic].error_code if topic in self._metadata.topics else 0
            if code == ErrorCode.INVALID_TOPIC_EXCEPTION:
                raise ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Invalid topics: [{topic}]")
            if code == ErrorCode.TOPIC_AUTHORIZATION_FAILED:
                raise ApiError(
                    ErrorCode.TOPIC_AUTHORIZATION_FAILED, f"Not authorized to access topics: [{topic}]"
                )

    def _follow_topics(self) -> None:
        """Join again where a pattern matches other topics, or what this leader shared out has grown or gone."""
        if self._member is None or not self._is_subscribed:
            return
        if self._pattern is not None:
            matching = [
                view.name
                for view in self._metadata.topics.values()
                if self._pattern.fullmatch(view.name)
                and view.partitions
                and not (view.is_internal and self._settings.exclude_internal_topics)
            ]
            if sorted(matching) != sorted(self._topics):
                self._topics = matching
                self._member.join_again("the topics that match the pattern have changed")
        if self._member.is_leader and self._shared_out:
            counts = {topic: self._metadata.partition_count(topic) for topic in self._shared_out}
            if counts != self._shared_out:
                self._shared_out = {}
                self._member.join_again("cached metadata has changed")

    def _count_partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """Return, for the leader of a group, how many partitions the topics of all members have."""
        wanted = list(topics)
        if any(not self._metadata.partition_count(topic) for topic in wanted):
            self._cluster.retry(lambda _: self._metadata.refresh(wanted), call="metadata")
        self._shared_out = {topic: self._metadata.partition_count(topic) for topic in wanted}
        return self._shared_out

    def _back_off(self) -> None:
        self._failed_lookups += 1
        wait_ms = backoff_ms(
            self._failed_lookups, self._settings.retry_backoff_ms, self._settings.retry_backoff_max_ms
        )
        self._look_up_at_s = time.monotonic() + wait_ms / 1000

    def _wait(self, left_s: float) -> None:
        """Wait until an answer comes or something is due."""
        now_s = time.monotonic()
        connections = self._fetcher.connections()
        due_s = min(now_s + left_s, self._fetcher.next_due_s(now_s))
        if self._member is not None and self._may_advance:
            due_s = min(due_s, self._member.next_due_s(now_s))
            if self._member.connection is not None:
                connections.append(self._member.connection)
        if self._look_up_at_s > now_s:
            due_s = min(due_s, self._look_up_at_s)
        if any(connection.has_stashed_answers or not connection.is_open for connection in connections):
            return
        if connections:
            wait_readable(connections, due_s - now_s)
        else:
            time.sleep(max(0.0, min(due_s - now_s, left_s)))

    # The group

    def _identity(self) -> GroupIdentity:
        if self._member is None:
            raise ApiError(ErrorCode.INVALID_GROUP_ID, _NO_GROUP)
        return self._member.identity

    def _consumed(self) -> dict[TopicPartition, OffsetAndMetadata]:
        return {
            partition: OffsetAndMetadata(position.offset or 0, position.last_epoch)
            for partition, position in self._positions.consumed().items()
        }

    def _commit_later(self, now_s: float) -> None:
        self._commit_at_s = now_s + self._settings.auto_commit_interval_ms / 1000
        offsets = self._consumed()
        is_settled = self._member is not None and self._member.state in {
            MemberState.OUTSIDE,
            MemberState.STABLE,
        }
        if offsets and self._member is not None and is_settled:
            self._member.commit_later(offsets)

    def _commit_before_letting_go(self, timeout_s: float) -> None:
        if not self._settings.enable_auto_commit or self._member is None:
            return
        try:
            self.commit(timeout_s=timeout_s)
        except ApiError as error:
            log_lines.warn(
                "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator",
                f"{self._cluster.config.log_context}Synchronous auto-commit of offsets failed: {error}",
            )

    def _prepare(self, is_lost: bool) -> None:
        """Let go of what others may get in the next generation."""
        assert self._member is not None
        held = self.assignment()
        if not is_lost:
            self._commit_before_letting_go(self._settings.default_api_timeout_ms / 1000)
        if is_lost or not self._member.is_cooperative:
            self._tell_let_go(held, is_lost=is_lost)
            self._positions.replace(())

    def _tell_let_go(self, held: list[TopicPartition], *, is_lost: bool) -> None:
        if held and is_lost and self._listeners.lost is not None:
            self._listeners.lost(held)
        elif held:
            self._listeners.revoked(held)

    def _take_assignment(self, assigned: list[TopicPartition]) -> bool:
        assert self._member is not None
        held = self.assignment()
        revoked = [partition for partition in held if partition not in assigned]
        added = [partition for partition in assigned if partition not in held]
        if revoked:
            self._commit_before_letting_go(self._settings.default_api_timeout_ms / 1000)
            self._listeners.revoked(revoked)
        self._positions.replace(assigned)
        self._listeners.assigned(added if self._member.is_cooperative else list(assigned))
        if any(self._metadata.leader(partition) is None for partition in assigned):
            self._metadata.distrust()
        return bool(revoked) and self._member.is_cooperative
