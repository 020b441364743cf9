"""The way of a producer's batches to the leaders and back: which requests go out, and what their answers mean.

The law: at most max.in.flight requests wait on a connection; a batch is tried until it is acknowledged, refused, or
delivery.timeout.ms after it was created. Nothing is sent or read but in `step`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ottla.client.backoff import backoff_ms
from ottla.client.cluster import Cluster
from ottla.client.connection import Connection, wait_readable
from ottla.client.failures import ApiError, DisconnectedError, RequestTimeoutError, error_of
from ottla.client.java_exceptions import INVALID_METADATA, RETRIABLE
from ottla.client.producer_batch import ProducerBatch
from ottla.client.producer_queue import NO_PRODUCER_ID, PartitionQueue, ProducerIdentity
from ottla.client.producer_settings import ProducerSettings
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.messages.init_producer_id import InitProducerIdRequest
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.types import ZERO_UUID, TopicPartition

_LAST_EPOCH = 32_767
_NEVER_TIMES_OUT_MS = 2**31 - 1

Completed = Callable[[ProducerBatch, int, int, ApiError | None], None]
"""What is told of each batch once it is done: base offset and log append time (-1 for none), or the error."""


class _Sent(NamedTuple):
    correlation_id: int
    batches: dict[TopicPartition, ProducerBatch]


class Sender:
    """The queues of all partitions of a producer, and the requests that are under way."""

    def __init__(
        self, cluster: Cluster, settings: ProducerSettings, metadata: TopicMetadata, completed: Completed
    ) -> None:
        self.queues: dict[TopicPartition, PartitionQueue] = {}
        self.is_flushing = False
        """Whether open batches go out without lingering."""
        self._cluster = cluster
        self._settings = settings
        self._metadata = metadata
        self._completed = completed
        self._busy: dict[TopicPartition, PartitionQueue] = {}
        self._connections: dict[int, Connection] = {}
        self._sent: dict[int, deque[_Sent]] = {}
        self._node_retry_at_s: dict[int, float] = {}
        self._identity = ProducerIdentity()
        self._identity_retry_at_s = 0.0
        self._metadata_retry_at_s = 0.0
        self._failed_lookups = 0
        self._is_stepping = False

    @property
    def is_idle(self) -> bool:
        """Whether everything is delivered or given up."""
        return not self._busy

    @property
    def requests_in_flight(self) -> int:
        """How many requests wait for their answers."""
        return sum(len(sent) for sent in self._sent.values())

    def queue(self, partition: TopicPartition) -> PartitionQueue:
        """Return the queue of a partition, which is looked after from now on until it is idle."""
        found = self.queues.get(partition)
        if found is None:
            found = self.queues[partition] = PartitionQueue(partition)
        self._busy[partition] = found
        return found

    def seal(self, queue: PartitionQueue) -> float:
        """Close the open batch of a queue, which makes it ready; return what it was compressed to."""
        batch = queue.open
        assert batch is not None
        queue.open = None
        queue.add(batch)
        return batch.seal(self._settings.compression_type, self._settings.compression_level)

    def step(self, wait_s: float = 0.0, descriptors: tuple[int, ...] = ()) -> bool:
        """Send what is due and take the answers that are there; where none is, wait for one, but only `wait_s`.

        Returns whether an answer came. A descriptor that can be read ends the wait too.
        """
        if self._is_stepping:
            return False  # a callback that sends more
        self._is_stepping = True
        try:
            return self._step(wait_s, descriptors)
        finally:
            self._is_stepping = False

    def _step(self, wait_s: float, descriptors: tuple[int, ...]) -> bool:
        self._send_due(time.monotonic())
        came = self._receive()
        if came or wait_s <= 0 or (self.is_flushing and not self._busy):
            return came
        waiting = [self._connections[node] for node, sent in self._sent.items() if sent]
        if self._busy:
            due_s = self._next_due_s(time.monotonic())
            wait_s = min(wait_s, max(0.0, due_s - time.monotonic()))
        if not waiting and not descriptors:
            time.sleep(wait_s)
        else:
            wait_readable(waiting, wait_s, descriptors)
        self._send_due(time.monotonic())
        return self._receive()

    # Sending

    def _send_due(self, now_s: float) -> None:
        if self._busy and self._metadata.is_stale:
            self._look_up(now_s)
        by_leader: dict[int, list[PartitionQueue]] = {}
        lacks_leader = False
        linger_s = 0.0 if self.is_flushing else self._settings.linger_ms / 1000
        for partition, queue in list(self._busy.items()):
            self._expire(queue, now_s)
            if queue.open is not None and not queue.ready and now_s >= queue.open.created_s + linger_s:
                self.seal(queue)
            if queue.is_idle:
                del self._busy[partition]
                continue
            if queue.sendable(now_s) is None:
                continue
            leader = self._metadata.leader(partition)
            if leader is None:
                lacks_leader = True
            else:
                by_leader.setdefault(leader.leader_id, []).append(queue)
        if lacks_leader:
            self._look_up(now_s)
        if by_leader and self._has_identity(now_s):
            for node_id, queues in by_leader.items():
                self._send_to(node_id, queues, now_s)

    def _send_to(self, node_id: int, queues: list[PartitionQueue], now_s: float) -> None:
        most = self._settings.max_in_flight_requests_per_connection
        sent = self._sent.setdefault(node_id, deque())
        while len(sent) < most and self._node_retry_at_s.get(node_id, 0.0) <= now_s:
            batches = self._collect(queues, now_s)
            if not batches:
                return
            try:
                connection = self._cluster.node(node_id, purpose="produce")
                self._connections[node_id] = connection
                self._send_request(connection, sent, batches)
            except ApiError as error:
                self._node_retry_at_s[node_id] = now_s + self._settings.retry_backoff_ms / 1000
                sent.append(_Sent(-1, batches))
                self._lose(node_id, error)

    def _collect(self, queues: list[PartitionQueue], now_s: float) -> dict[TopicPartition, ProducerBatch]:
        """Take a batch of each partition, as many as one request may hold."""
        batches: dict[TopicPartition, ProducerBatch] = {}
        size_bytes = 0
        for queue in queues:
            batch = queue.sendable(now_s)
            if batch is None:
                continue
            if batches and size_bytes + batch.encoded_size_bytes > self._settings.max_request_size:
                break
            if queue.is_broken and not self._begin_anew(queue):
                continue
            identity = self._identity if self._settings.enable_idempotence else None
            batches[queue.partition] = queue.take(identity)
            size_bytes += batch.encoded_size_bytes
            # To the end, so that who was left out for want of room comes first the next time.
            self._busy[queue.partition] = self._busy.pop(queue.partition)
        return batches

    def _send_request(
        self, connection: Connection, sent: deque[_Sent], batches: dict[TopicPartition, ProducerBatch]
    ) -> None:
        topics: dict[str, TopicProduceData] = {}
        for partition, batch in batches.items():
            topic = topics.get(partition.topic)
            if topic is None:
                topic_id = self._metadata.topic_id(partition.topic) or ZERO_UUID
                topic = topics[partition.topic] = TopicProduceData(name=partition.topic, topic_id=topic_id)
            row = PartitionProduceData(index=partition.partition, records=memoryview(batch.encode()))
            topic.partition_data.append(row)
        request = ProduceRequest(
            acks=self._settings.acks,
            timeout_ms=self._settings.request_timeout_ms,
            topic_data=list(topics.values()),
        )
        is_answered = self._settings.acks != 0
        correlation_id = connection.send(
            request, timeout_s=self._settings.request_timeout_ms / 1000, is_answered=is_answered
        )
        if is_answered:
            sent.append(_Sent(correlation_id, batches))
            return
        for partition, batch in batches.items():
            self.queues[partition].acknowledge(batch)
            self._completed(batch, -1, -1, None)

    def _has_identity(self, now_s: float) -> bool:
        """Tell whether batches may go out: at once without idempotence, else once there is a producer id."""
        if not self._settings.enable_idempotence or self._identity.producer_id != NO_PRODUCER_ID:
            return True
        if now_s < self._identity_retry_at_s:
            return False
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=_NEVER_TIMES_OUT_MS)
        try:
            response = self._cluster.any_connection().ask(request)
            error = error_of(response.error_code)
        except ApiError as failure:
            error = failure
        if error is None:
            self._identity = ProducerIdentity(response.producer_id, response.producer_epoch)
            return True
        self._identity_retry_at_s = time.monotonic() + self._settings.retry_backoff_ms / 1000
        if not error.is_retriable:
            self.abort(error)
        return False

    def _begin_anew(self, queue: PartitionQueue) -> bool:
        """Give a queue with a gap a later epoch, under which its sequence begins at 0 (KIP-360).

        Tells whether there is one: after the last epoch a new producer id is needed.
        """
        if queue.identity == self._identity:
            if self._identity.epoch >= _LAST_EPOCH:
                self._identity = ProducerIdentity()
                if not self._has_identity(time.monotonic()):
                    return False
            else:
                self._identity = ProducerIdentity(self._identity.producer_id, self._identity.epoch + 1)
        queue.begin(self._identity)
        return True

    def _look_up(self, now_s: float) -> None:
        """Ask for the topics that are produced to, unless that has just failed."""
        if now_s < self._metadata_retry_at_s:
            return
        self._failed_lookups += 1
        wait_ms = backoff_ms(
            self._failed_lookups, self._settings.retry_backoff_ms, self._settings.retry_backoff_max_ms
        )
        try:
            self._metadata.refresh(
                {partition.topic for partition in self._busy}, allow_auto_topic_creation=True
            )
        except ApiError:
            pass  # tried again after the backoff, until the batches expire
        else:
            if all(self._metadata.leader(partition) for partition in self._busy):
                self._failed_lookups = 0
        self._metadata_retry_at_s = time.monotonic() + wait_ms / 1000

    # Answers

    def _receive(self) -> bool:
        came = False
        for node_id, sent in self._sent.items():
            while sent:
                connection = self._connections[node_id]
                try:
                    answer = connection.receive_ready()
                except ApiError as error:
                    self._lose(node_id, error)
                    came = True
                    break
                if answer is None:
                    if not connection.is_open:
                        self._lose(node_id, DisconnectedError())
                        came = True
                    break
                came = True
                self._settle(sent.popleft(), answer)
        return came

    def _settle(self, sent: _Sent, answer: tuple[int, Any]) -> None:
        correlation_id, response = answer
        assert correlation_id == sent.correlation_id, "answers come in the order of the requests"
        unanswered = dict(sent.batches)
        for topic in response.responses:
            name = topic.name or self._metadata.names.get(topic.topic_id, "")
            for row in topic.partition_responses:
                batch = unanswered.pop(TopicPartition(name, row.index), None)
                if batch is not None:
                    self._judge(batch, row)
        for batch in unanswered.values():  # a topic id that has become another's meanwhile
            self._metadata.distrust()
            self._retry_or_fail(batch, ApiError(ErrorCode.UNKNOWN_TOPIC_ID))

    def _judge(self, batch: ProducerBatch, row: Any) -> None:
        """Do what the answer for one batch asks for."""
        queue = self.queues[batch.partition]
        error = error_of(row.error_code, row.error_message)
        if error is None or error.code is ErrorCode.DUPLICATE_SEQUENCE_NUMBER:
            queue.acknowledge(batch)
            self._completed(batch, row.base_offset, row.log_append_time_ms, None)
            return
        if error.code in INVALID_METADATA:
            self._metadata.distrust()
        if error.code is ErrorCode.MESSAGE_TOO_LARGE and batch.count > 1:
            queue.replace(batch, batch.split(self._settings.compression_level))
            return
        if self._settings.enable_idempotence and error.code in {
            ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
            ErrorCode.UNKNOWN_PRODUCER_ID,
        }:
            if error.code is ErrorCode.UNKNOWN_PRODUCER_ID or queue.is_next(batch):
                queue.is_broken = True
            self._retry_or_fail(batch, error, may_retry=True)
            return
        self._retry_or_fail(batch, error, may_retry=error.code in RETRIABLE)

    def _retry_or_fail(self, batch: ProducerBatch, error: ApiError, *, may_retry: bool = True) -> None:
        queue = self.queues[batch.partition]
        now_s = time.monotonic()
        is_over = now_s >= batch.created_s + self._settings.delivery_timeout_ms / 1000
        if may_retry and not is_over and batch.attempts <= self._settings.retries:
            wait_ms = backoff_ms(
                batch.attempts, self._settings.retry_backoff_ms, self._settings.retry_backoff_max_ms
            )
            queue.bring_back(batch, now_s + wait_ms / 1000)
            return
        queue.give_up(batch)
        self._completed(batch, -1, -1, error)

    def _lose(self, node_id: int, error: ApiError) -> None:
        """Try again, or give up, what was asked on a connection that ended or does not answer."""
        self._metadata.distrust()
        self._node_retry_at_s[node_id] = time.monotonic() + self._settings.retry_backoff_ms / 1000
        connection = self._connections.pop(node_id, None)
        if connection is not None:
            connection.close()
        sent = self._sent[node_id]
        told = error
        if isinstance(error, DisconnectedError):
            told = ApiError(ErrorCode.NETWORK_EXCEPTION, "Disconnected from node " + str(node_id))
        while sent:
            for batch in sent.popleft().batches.values():
                self._retry_or_fail(batch, told, may_retry=error.is_retriable)

    def _expire(self, queue: PartitionQueue, now_s: float) -> None:
        """Give up what waited longer than delivery.timeout.ms without being in flight."""
        limit_s = self._settings.delivery_timeout_ms / 1000
        if queue.open is not None and now_s >= queue.open.created_s + limit_s:
            self.seal(queue)
        while queue.ready and now_s >= queue.ready[0].created_s + limit_s:
            batch = queue.ready[0]
            queue.give_up(batch)
            waited_ms = int((now_s - batch.created_s) * 1000)
            text = f"Expiring {batch.count} record(s) for {batch.partition}:{waited_ms} ms has passed since batch "
            text += "creation"
            self._completed(batch, -1, -1, RequestTimeoutError(text))

    def abort(self, error: ApiError, *, also_in_flight: bool = False) -> None:
        """Give up what was not sent, and what is in flight too where nobody waits for the answers any more."""
        if also_in_flight:
            self._sent.clear()
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        for queue in list(self._busy.values()):
            for batch in list(queue.in_flight) if also_in_flight else ():
                queue.give_up(batch)
                self._completed(batch, -1, -1, error)
            if queue.open is not None:
                self.seal(queue)
            while queue.ready:
                batch = queue.ready[0]
                queue.give_up(batch)
                self._completed(batch, -1, -1, error)

    def _next_due_s(self, now_s: float) -> float:
        """Return when something is to be done although no answer has come."""
        due_s = now_s + self._settings.request_timeout_ms / 1000
        linger_s = 0.0 if self.is_flushing else self._settings.linger_ms / 1000
        for queue in self._busy.values():
            if queue.open is not None and not queue.ready:
                due_s = min(due_s, queue.open.created_s + linger_s)
            if queue.ready and queue.ready[0].retry_at_s > now_s:
                due_s = min(due_s, queue.ready[0].retry_at_s)
            elif queue.ready and not queue.in_flight:
                due_s = min(due_s, self._blocked_until_s(queue))
        return due_s

    def _blocked_until_s(self, queue: PartitionQueue) -> float:
        """Return when a ready batch may go out that could not just now, for want of a leader or an id."""
        leader = self._metadata.leader(queue.partition)
        if leader is None:
            return self._metadata_retry_at_s
        node_s = self._node_retry_at_s.get(leader.leader_id, 0.0)
        if len(self._sent.get(leader.leader_id, ())) >= self._settings.max_in_flight_requests_per_connection:
            return float("inf")
        return max(node_s, self._identity_retry_at_s)
