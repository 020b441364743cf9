"""Fetches the partitions of a consumer from their leaders, one answer ahead of what is read.

The law: each node has at most one fetch under way, and a new one goes out while at most one answer of its is still
being read, so that memory is bounded by two times fetch.max.bytes for each node, and the next records are there when
the last ones are through.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.consumer_settings import READ_COMMITTED, ConsumerSettings
from ottla.client.failures import ApiError, error_of
from ottla.client.fetch_session import FetchSession, Wanted
from ottla.client.fetched_records import ConsumerRecord, FetchedRecords, whole_batches_end
from ottla.client.java_exceptions import INVALID_METADATA
from ottla.client.positions import Position, Positions
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from ottla.records.batch import CorruptBatchError
from ottla.types import ZERO_UUID, TopicPartition, Uuid

MOST_ANSWERS_AHEAD = 1
"""Answers of one node that may wait to be read while it is asked for the next."""

_WITH_TOPIC_IDS = 13
_SESSION_LOST = frozenset(
    {
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    }
)
_ASK_AGAIN = INVALID_METADATA | {
    ErrorCode.REPLICA_NOT_AVAILABLE,
    ErrorCode.OFFSET_NOT_AVAILABLE,
    ErrorCode.UNKNOWN_LEADER_EPOCH,
    ErrorCode.UNKNOWN_SERVER_ERROR,
}
"""Errors of a partition after which it is fetched again a little later (Kafka's `FetchCollector`)."""


class _Answer:
    """What one fetch brought, and which of it is still to be read."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = 0


class _NodeFetch:
    """The fetches of one node."""

    __slots__ = ("answers", "connection", "retry_at_s", "sent", "session")

    def __init__(self) -> None:
        self.session = FetchSession()
        self.connection: Connection | None = None
        self.sent: dict[TopicPartition, tuple[int, int]] | None = None
        """Stamp and offset of each partition that the fetch under way may answer; None while there is none."""
        self.answers: list[_Answer] = []
        self.retry_at_s = 0.0


class Fetcher:
    """The fetches of a consumer."""

    def __init__(
        self, cluster: Cluster, settings: ConsumerSettings, metadata: TopicMetadata, positions: Positions
    ) -> None:
        self.out_of_range: dict[TopicPartition, int] = {}
        """Partitions whose offset is not in the log, with that offset; whoever resets them takes them out."""
        self._cluster = cluster
        self._settings = settings
        self._metadata = metadata
        self._positions = positions
        self._nodes: dict[int, _NodeFetch] = {}
        self._fetched: deque[tuple[FetchedRecords, Position, int, _Answer]] = deque()
        self._failure: ApiError | None = None

    def connections(self) -> list[Connection]:
        """Return the connections on which an answer is awaited."""
        return [
            node.connection
            for node in self._nodes.values()
            if node.sent is not None and node.connection is not None
        ]

    def take(self, most: int) -> list[ConsumerRecord]:
        """Return the next records that were fetched, at most so many, and move their partitions' positions on.

        Raises ApiError where a partition cannot be read further.
        """
        taken: list[ConsumerRecord] = []
        while self._fetched and len(taken) < most:
            fetched, position, stamp, answer = self._fetched[0]
            if self._positions.by_partition.get(fetched.partition) is position and position.stamp == stamp:
                before = len(taken)
                try:
                    taken += fetched.take(most - before)
                except ApiError:
                    if taken:
                        return taken
                    raise
                position.offset = fetched.next_offset
                if len(taken) > before:
                    position.last_epoch = taken[-1].leader_epoch
                if len(taken) == most:
                    return taken
            self._fetched.popleft()
            answer.left -= 1
        if not taken and self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return taken

    def send_due(self) -> None:
        """Ask each leader that has nothing under way for what is to be read of it."""
        now_s = time.monotonic()
        by_node: dict[int, dict[TopicPartition, Wanted]] = {}
        for partition, position in self._positions.by_partition.items():
            if position.offset is None or partition in self.out_of_range or position.retry_at_s > now_s:
                continue
            leader = self._metadata.leader(partition)
            if leader is None:
                self._metadata.distrust()
                continue
            topic_id = self._metadata.topic_id(partition.topic) or ZERO_UUID
            by_node.setdefault(leader.leader_id, {})[partition] = Wanted(
                topic_id, position.fetch_offset, leader.leader_epoch, self._settings.max_partition_fetch_bytes
            )
        for node_id, wanted in by_node.items():
            node = self._nodes.setdefault(node_id, _NodeFetch())
            node.answers = [answer for answer in node.answers if answer.left]
            if node.sent is None and len(node.answers) <= MOST_ANSWERS_AHEAD and node.retry_at_s <= now_s:
                self._send(node_id, node, wanted)

    def next_due_s(self, now_s: float) -> float:
        """Return when something may be asked that could not just now."""
        due_s = now_s + self._settings.fetch_max_wait_ms / 1000
        for node in self._nodes.values():
            if node.sent is None and node.retry_at_s > now_s:
                due_s = min(due_s, node.retry_at_s)
        for position in self._positions.by_partition.values():
            if position.retry_at_s > now_s:
                due_s = min(due_s, position.retry_at_s)
        return due_s

    def receive(self) -> bool:
        """Take the answers that have come; tell whether any has."""
        came = False
        for node_id, node in self._nodes.items():
            if node.sent is None or node.connection is None:
                continue
            try:
                answer = node.connection.receive_ready()
            except ApiError:
                answer = None
            if answer is not None:
                came = True
                self._take_answer(node, answer[1])
            elif not node.connection.is_open:
                self._lose(node_id)
        return came

    def close(self) -> None:
        """Let go of what was fetched, and end the connections on which something is under way."""
        self._fetched.clear()
        for node in self._nodes.values():
            if node.connection is not None:
                node.connection.close()
        self._nodes.clear()

    def _send(self, node_id: int, node: _NodeFetch, wanted: dict[TopicPartition, Wanted]) -> None:
        try:
            node.connection = self._cluster.node(node_id, purpose="fetch")
            has_ids = node.connection.version_of(ApiKey.FETCH) >= _WITH_TOPIC_IDS
            plan = node.session.plan(wanted)
            settings = self._settings
            request = FetchRequest(
                max_wait_ms=settings.fetch_max_wait_ms,
                min_bytes=settings.fetch_min_bytes,
                max_bytes=settings.fetch_max_bytes,
                isolation_level=settings.isolation_level,
                session_id=plan.session_id,
                session_epoch=plan.epoch,
                topics=_fetch_topics(plan.changed),
                forgotten_topics_data=_forgotten_topics(plan.forgotten, has_ids=has_ids),
            )
            timeout_s = (settings.request_timeout_ms + settings.fetch_max_wait_ms) / 1000
            node.connection.send(request, timeout_s=timeout_s)
        except ApiError as error:
            if not error.is_retriable:
                raise
            self._lose(node_id)
            return
        node.sent = {
            partition: (self._positions.by_partition[partition].stamp, row.offset)
            for partition, row in wanted.items()
        }

    def _lose(self, node_id: int) -> None:
        node = self._nodes[node_id]
        if node.connection is not None:
            node.connection.close()
        node.connection = None
        node.sent = None
        node.session.failed()
        node.retry_at_s = time.monotonic() + self._settings.retry_backoff_ms / 1000
        self._metadata.distrust()

    def _take_answer(self, node: _NodeFetch, response: Any) -> None:
        sent, node.sent = node.sent, None
        assert sent is not None
        error = error_of(response.error_code)
        if error is not None:
            node.session.failed(is_lost=error.code is ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
            if error.code not in _SESSION_LOST:
                self._metadata.distrust()
                node.retry_at_s = time.monotonic() + self._settings.retry_backoff_ms / 1000
                if not error.is_retriable and error.code is not ErrorCode.UNKNOWN_SERVER_ERROR:
                    self._failure = error
            elif error.code is ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR:
                self._metadata.distrust()
            return
        node.session.answered(response.session_id)
        answer = _Answer()
        for topic in response.responses:
            name = topic.topic or self._metadata.names.get(topic.topic_id, "")
            for row in topic.partitions:
                partition = TopicPartition(name, row.partition_index)
                position = self._positions.by_partition.get(partition)
                stamp, offset = sent.get(partition, (-1, 0))
                if position is not None and position.stamp == stamp and position.offset is not None:
                    self._take_partition(partition, position, offset, row, answer)
        if answer.left:
            node.answers.append(answer)

    def _take_partition(
        self, partition: TopicPartition, position: Position, offset: int, row: Any, answer: _Answer
    ) -> None:
        error = error_of(row.error_code)
        if error is not None:
            self._note_error(partition, position, offset, error)
            return
        records = row.records
        if records is None or len(records) == 0:
            return
        try:
            end, next_offset = whole_batches_end(records, offset)
        except CorruptBatchError as corrupt:
            self._failure = ApiError(ErrorCode.CORRUPT_MESSAGE, f"{partition}: {corrupt}")
            return
        if end == 0:
            return
        position.fetch_offset = next_offset
        aborted = None
        if self._settings.isolation_level == READ_COMMITTED:
            aborted = [(each.producer_id, each.first_offset) for each in row.aborted_transactions or ()]
        fetched = FetchedRecords(
            partition, records, end, offset, aborted, checks_crcs=self._settings.check_crcs
        )
        self._fetched.append((fetched, position, position.stamp, answer))
        answer.left += 1

    def _note_error(
        self, partition: TopicPartition, position: Position, offset: int, error: ApiError
    ) -> None:
        """Do what the error of one partition asks for (Kafka's `FetchCollector.handleInitializeErrors`)."""
        if error.code is ErrorCode.OFFSET_OUT_OF_RANGE:
            self.out_of_range[partition] = offset
            return
        if error.code in _ASK_AGAIN:
            self._metadata.distrust()
            position.retry_at_s = time.monotonic() + self._settings.retry_backoff_ms / 1000
        elif error.code is ErrorCode.TOPIC_AUTHORIZATION_FAILED:
            self._failure = ApiError(error.code, f"Not authorized to access topics: [{partition.topic}]")
        elif error.code is ErrorCode.CORRUPT_MESSAGE:
            self._failure = ApiError(
                error.code,
                f"Encountered corrupt message when fetching offset {offset} for topic-partition {partition}",
                java_class="org.apache.kafka.common.KafkaException",
            )
        else:
            self._failure = ApiError(
                error.code,
                f"Unexpected error code {int(error.code)} while fetching at offset {offset} from topic-partition "
                f"{partition}",
                java_class="java.lang.IllegalStateException",
            )


def _fetch_topics(changed: dict[TopicPartition, Wanted]) -> list[FetchTopic]:
    topics: dict[str, FetchTopic] = {}
    for partition, row in changed.items():
        topic = topics.get(partition.topic)
        if topic is None:
            topic = topics[partition.topic] = FetchTopic(topic=partition.topic, topic_id=row.topic_id)
        topic.partitions.append(
            FetchPartition(
                partition=partition.partition,
                current_leader_epoch=row.leader_epoch,
                fetch_offset=row.offset,
                partition_max_bytes=row.max_bytes,
            )
        )
    return list(topics.values())


def _forgotten_topics(forgotten: dict[TopicPartition, Uuid], *, has_ids: bool) -> list[ForgottenTopic]:
    topics: dict[tuple[str, Uuid], ForgottenTopic] = {}
    for partition, topic_id in forgotten.items():
        key = (partition.topic, topic_id if has_ids else ZERO_UUID)
        if key not in topics:
            topics[key] = ForgottenTopic(topic=partition.topic, topic_id=topic_id)
        topics[key].partitions.append(partition.partition)
    return list(topics.values())


def partitions_text(partitions: Iterable[TopicPartition]) -> str:
    """Return partitions as Java prints a list of them."""
    return f"[{', '.join(map(str, partitions))}]"
