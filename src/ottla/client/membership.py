"""A consumer's part in the classic group protocol: find the coordinator, join, sync, heartbeat, leave.

The law: it has the state of Kafka's `AbstractCoordinator` and asks for nothing while an answer is awaited; `advance`
does what is due and never waits for the group, `keep_alive` does of it what may be done between the consumer's polls.
Before it joins anew the consumer has let go of what it must (`prepare`), and it hears of its partitions when the
generation has its plan (`assigned`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from ottla.client import log_lines
from ottla.client.assignors import COOPERATIVE, assign, encode_user_data, rebalance_protocol
from ottla.client.backoff import backoff_ms
from ottla.client.cluster import COORDINATOR_MOVED, Cluster
from ottla.client.connection import Connection
from ottla.client.consumer_settings import ConsumerSettings
from ottla.client.failures import ApiError, error_of
from ottla.client.group_offsets import GroupIdentity, OffsetAndMetadata, commit_request, refused_commits
from ottla.client.member_metadata import (
    decode_assignment,
    encode_assignment,
    encode_subscription,
    read_member,
)
from ottla.errors import ErrorCode
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.protocol.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.types import TopicPartition

PROTOCOL_TYPE = "consumer"

_JOIN_GRACE_S = 5.0
"""How much longer than the rebalance a JoinGroup may take (Kafka's `JOIN_GROUP_TIMEOUT_LAPSE`)."""
_LEAVE_TIMEOUT_S = 5.0
_COORDINATOR_CLASS = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator"

_LEFT = "consumer pro-actively leaving the group"
_NOT_POLLED = "consumer poll timeout has expired."
_NOT_POLLED_AND_WHY = (
    f"{_NOT_POLLED} This means the time between subsequent calls to poll() was longer than the configured "
    "max.poll.interval.ms, which typically implies that the poll loop is spending too much time processing "
    "messages. You can address this either by increasing max.poll.interval.ms or by reducing the maximum size of "
    "batches returned in poll() with max.poll.records."
)

_BEGIN_ANEW = frozenset({ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION})


class MemberState(Enum):
    """How far a member is."""

    OUTSIDE = "outside"
    UNJOINED = "unjoined"
    JOINING = "joining"
    SYNCING = "syncing"
    STABLE = "stable"


class GroupHooks(NamedTuple):
    """What a member asks of its consumer."""

    topics: Callable[[], list[str]]
    owned: Callable[[], list[TopicPartition]]
    prepare: Callable[[bool], None]
    """Let go before joining anew; with True everything is lost already."""
    assigned: Callable[[list[TopicPartition]], bool]
    """Take a plan; returns whether to join again at once, since something has to be let go first."""
    partition_counts: Callable[[Iterable[str]], Mapping[str, int]]


class Membership:
    """The member of one consumer; it is outside of its group until `enter`."""

    def __init__(self, cluster: Cluster, settings: ConsumerSettings, hooks: GroupHooks) -> None:
        assert settings.group_id is not None, "a member has a group"
        self.state = MemberState.OUTSIDE
        self.member_id = ""
        self.generation = -1
        self.is_leader = False
        self._cluster = cluster
        self._settings = settings
        self._hooks = hooks
        self._group_id = settings.group_id
        self._connection: Connection | None = None
        self._handlers: dict[int, Callable[[Any], None]] = {}
        self._failures = 0
        self._retry_at_s = 0.0
        self._is_prepared = False
        self._is_lost = False
        self._heartbeat_at_s = 0.0
        self._heartbeat_id: int | None = None
        self._polled_at_s = 0.0
        self._failure: ApiError | None = None
        self._last_held: list[TopicPartition] = []
        self._last_generation = -1
        self._reason = ""

    @property
    def is_cooperative(self) -> bool:
        """Whether partitions that stay are kept through a rebalance (KIP-429)."""
        return rebalance_protocol(self._settings.assignors) == COOPERATIVE

    @property
    def connection(self) -> Connection | None:
        """The connection to the coordinator on which an answer is awaited."""
        return self._connection if self._handlers else None

    @property
    def identity(self) -> GroupIdentity:
        """Who commits for this member."""
        return GroupIdentity(
            self._group_id, self.generation, self.member_id, self._settings.group_instance_id
        )

    def enter(self) -> None:
        """Become a member, as `advance` goes on."""
        if self.state is MemberState.OUTSIDE:
            self.state = MemberState.UNJOINED

    def join_again(self, reason: str) -> None:
        """Join the next generation, since the subscription or the partitions have changed."""
        if self.state in {MemberState.STABLE, MemberState.SYNCING}:
            self.state = MemberState.UNJOINED
            self._reason = reason

    def advance(self, now_s: float) -> None:
        """Take the answers that have come and ask for what is due. Raises ApiError for what does not pass."""
        self._polled_at_s = now_s
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        self._receive()
        if self.state is MemberState.UNJOINED and now_s >= self._retry_at_s:
            self._join()
        elif (
            self.state is MemberState.STABLE and self._heartbeat_id is None and now_s >= self._heartbeat_at_s
        ):
            self._heartbeat(now_s)

    def keep_alive(self, now_s: float) -> None:
        """Send the heartbeat that is due while nobody calls `advance`; leave once that is max.poll.interval.ms ago.

        A member that is to join again beats too, so that the coordinator waits for it. What does not pass is raised by
        the next `advance`.
        """
        is_at_rest = self.state in {MemberState.STABLE, MemberState.UNJOINED}
        if self.generation < 0 or self._failure is not None or not is_at_rest:
            return
        if now_s - self._polled_at_s >= self._settings.max_poll_interval_ms / 1000:
            log_lines.warn(_COORDINATOR_CLASS, f"{self._cluster.config.log_context}{_NOT_POLLED_AND_WHY}")
            self.leave(_NOT_POLLED)
            self.state = MemberState.UNJOINED
            self._begin_anew(_LEFT)
            return
        try:
            self._receive()
            if self._heartbeat_id is None and now_s >= self._heartbeat_at_s:
                self._heartbeat(now_s)
        except ApiError as error:
            self._failure = error

    def next_due_s(self, now_s: float) -> float:
        """Return when `advance` has something to do although no answer has come."""
        if self.state is MemberState.UNJOINED:
            return max(now_s, self._retry_at_s)
        if self.state is MemberState.STABLE and self._heartbeat_id is None:
            return self._heartbeat_at_s
        return now_s + self._settings.heartbeat_interval_ms / 1000

    def commit_later(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> bool:
        """Send offsets without waiting for the answer; tell whether they went out. A refusal is one warning."""
        connection = self._find()
        if connection is None:
            return False

        def answered(response: Any) -> None:
            for error in refused_commits(response).values():
                self._note_coordinator(error)
                log_lines.warn(
                    _COORDINATOR_CLASS,
                    f"{self._cluster.config.log_context}Asynchronous auto-commit of offsets failed: {error}",
                )
                return

        return self._send(connection, commit_request(self.identity, offsets), answered) is not None

    def leave(self, reason: str = "the consumer is being closed") -> None:
        """Leave the group, so that the others need not wait for the session; a static member only goes away."""
        is_member = self.state is not MemberState.OUTSIDE and self.member_id
        self._drop_connection()
        if is_member and self._settings.group_instance_id is None:
            request = LeaveGroupRequest(
                group_id=self._group_id,
                member_id=self.member_id,
                members=[MemberIdentity(member_id=self.member_id, reason=reason)],
            )
            with contextlib.suppress(ApiError):  # the coordinator then finds out by the session's end
                self._cluster.ask_coordinator(self._group_id, request, timeout_s=_LEAVE_TIMEOUT_S)
        self.state = MemberState.OUTSIDE
        self.member_id, self.generation = "", -1

    # Requests

    def _find(self) -> Connection | None:
        """Return the connection to the coordinator; None where there is none right now."""
        if self._connection is not None and self._connection.is_open:
            return self._connection
        if time.monotonic() < self._retry_at_s:
            return None
        self._drop_connection()
        try:
            node_id = self._cluster.coordinator(self._group_id)
            self._connection = self._cluster.node(node_id, purpose="coordinator")
        except ApiError as error:
            if not error.is_retriable:
                raise
            self._cluster.forget_coordinator(self._group_id)
            self._back_off()
            return None
        return self._connection

    def _send(
        self,
        connection: Connection,
        request: object,
        answered: Callable[[Any], None],
        timeout_s: float | None = None,
    ) -> int | None:
        try:
            correlation_id = connection.send(request, timeout_s=timeout_s)
        except ApiError as error:
            if not error.is_retriable:
                raise
            self._lose_connection()
            return None
        self._handlers[correlation_id] = answered
        return correlation_id

    def _receive(self) -> None:
        while self._connection is not None and self._handlers:
            try:
                answer = self._connection.receive_ready()
            except ApiError as error:
                if not error.is_retriable:
                    raise
                answer = None
            if answer is None:
                if not self._connection.is_open:
                    self._lose_connection()
                return
            handler = self._handlers.pop(answer[0], None)
            if handler is not None:
                handler(answer[1])

    def _join(self) -> None:
        if not self._is_prepared:
            self._is_prepared = True
            is_lost, self._is_lost = self._is_lost, False
            self._hooks.prepare(is_lost)
        connection = self._find()
        if connection is None:
            return
        owned = self._hooks.owned()
        topics = self._hooks.topics()
        protocols = [
            JoinGroupRequestProtocol(name=name, metadata=self._subscription(name, topics, owned))
            for name in self._settings.assignors
        ]
        request = JoinGroupRequest(
            group_id=self._group_id,
            session_timeout_ms=self._settings.session_timeout_ms,
            rebalance_timeout_ms=self._settings.max_poll_interval_ms,
            member_id=self.member_id,
            group_instance_id=self._settings.group_instance_id,
            protocol_type=PROTOCOL_TYPE,
            protocols=protocols,
            reason=self._reason,
        )
        timeout_s = self._settings.max_poll_interval_ms / 1000 + _JOIN_GRACE_S
        self.state = MemberState.JOINING
        self._heartbeat_id = None
        self._send(connection, request, self._joined, timeout_s)

    def _subscription(self, name: str, topics: list[str], owned: list[TopicPartition]) -> bytes:
        held = self._last_held if name == "sticky" else owned
        user_data = encode_user_data(name, held, self._last_generation)
        return encode_subscription(topics, owned, self._last_generation, user_data)

    def _joined(self, response: Any) -> None:
        if self.state is not MemberState.JOINING:
            return
        error = error_of(response.error_code)
        if error is not None:
            self.state = MemberState.UNJOINED
            if error.code is ErrorCode.MEMBER_ID_REQUIRED:
                self.member_id = response.member_id
                self._reason = f"need to re-join with the given member-id: {response.member_id}"
            else:
                self._refused(error)
            return
        self._failures = 0
        self.member_id, self.generation = response.member_id, response.generation_id
        self.is_leader = response.leader == response.member_id
        assignments = []
        if self.is_leader and not response.skip_assignment:
            assignments = self._share_out(response.protocol_name, response.members)
        request = SyncGroupRequest(
            group_id=self._group_id,
            generation_id=self.generation,
            member_id=self.member_id,
            group_instance_id=self._settings.group_instance_id,
            protocol_type=PROTOCOL_TYPE,
            protocol_name=response.protocol_name,
            assignments=assignments,
        )
        self.state = MemberState.SYNCING
        connection = self._find()
        if connection is None:
            self.state = MemberState.UNJOINED
            return
        timeout_s = self._settings.max_poll_interval_ms / 1000 + _JOIN_GRACE_S
        self._send(connection, request, self._synced, timeout_s)

    def _share_out(self, protocol: str, rows: Iterable[Any]) -> list[SyncGroupRequestAssignment]:
        """Work out, as the leader, what each member gets."""
        members = {row.member_id: read_member(protocol, row) for row in rows}
        topics = sorted({topic for member in members.values() for topic in member.topics})
        counts = self._hooks.partition_counts(topics)
        plan = assign(protocol, members, {topic: count for topic, count in counts.items() if count})
        return [
            SyncGroupRequestAssignment(member_id=member_id, assignment=encode_assignment(partitions))
            for member_id, partitions in plan.items()
        ]

    def _synced(self, response: Any) -> None:
        if self.state is not MemberState.SYNCING:
            return
        error = error_of(response.error_code)
        if error is not None:
            self.state = MemberState.UNJOINED
            self._refused(error)
            return
        self.state = MemberState.STABLE
        self._is_prepared = False
        self._reason = ""
        self._heartbeat_at_s = time.monotonic() + self._settings.heartbeat_interval_ms / 1000
        assigned = decode_assignment(response.assignment)
        self._last_held, self._last_generation = assigned, self.generation
        if self._hooks.assigned(assigned):
            self.join_again("need to revoke partitions and re-join")

    def _heartbeat(self, now_s: float) -> None:
        connection = self._find()
        if connection is None:
            self._heartbeat_at_s = self._retry_at_s
            return
        request = HeartbeatRequest(
            group_id=self._group_id,
            generation_id=self.generation,
            member_id=self.member_id,
            group_instance_id=self._settings.group_instance_id,
        )
        self._heartbeat_at_s = now_s + self._settings.heartbeat_interval_ms / 1000
        timeout_s = self._settings.session_timeout_ms / 1000
        self._heartbeat_id = self._send(connection, request, self._beaten, timeout_s)

    def _beaten(self, response: Any) -> None:
        self._heartbeat_id = None
        error = error_of(response.error_code)
        if error is None or self.state not in {MemberState.STABLE, MemberState.UNJOINED}:
            return
        if error.code in COORDINATOR_MOVED:
            self._note_coordinator(error)
            self._heartbeat_at_s = self._retry_at_s
        elif error.code is ErrorCode.REBALANCE_IN_PROGRESS:
            self.join_again("group is already rebalancing")
        elif self.state is MemberState.STABLE:
            self.state = MemberState.UNJOINED
            self._refused(error)

    # What went wrong

    def _refused(self, error: ApiError) -> None:
        """Go on after a join, sync or heartbeat that was refused. Raises the error where nothing helps."""
        if error.code in _BEGIN_ANEW:
            if error.code is ErrorCode.UNKNOWN_MEMBER_ID:
                self.member_id = ""
            self._begin_anew(f"encountered {error.code.name}")
        elif error.code in COORDINATOR_MOVED:
            self._note_coordinator(error)
        elif error.code is ErrorCode.REBALANCE_IN_PROGRESS or error.is_retriable:
            self._back_off()
        else:
            raise error

    def _begin_anew(self, reason: str) -> None:
        """Know that others may have the partitions already, so that they are lost before the next join."""
        self.generation = self._last_generation = -1
        self._is_lost = True
        self._is_prepared = False
        self._reason = reason

    def _note_coordinator(self, error: ApiError) -> None:
        if error.code in COORDINATOR_MOVED:
            if error.code is not ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
                self._cluster.forget_coordinator(self._group_id)
                self._drop_connection()
            self._back_off()

    def _lose_connection(self) -> None:
        self._cluster.forget_coordinator(self._group_id)
        self._drop_connection()
        self._back_off()
        if self.state in {MemberState.JOINING, MemberState.SYNCING}:
            self.state = MemberState.UNJOINED

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._handlers.clear()
        self._heartbeat_id = None

    def _back_off(self) -> None:
        self._failures += 1
        wait_ms = backoff_ms(
            self._failures, self._settings.retry_backoff_ms, self._settings.retry_backoff_max_ms
        )
        self._retry_at_s = time.monotonic() + wait_ms / 1000
