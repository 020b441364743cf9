"""A scripted node that a consumer can read from, alone or as the only member of a group.

It keeps no fetch sessions unless a test gives it an id for one, answers every fetch at once, and says of each API what
a test wants said first (`errors`); after that all is well.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ottla.client.consumer import Consumer
from ottla.client.consumer_settings import ConsumerSettings
from ottla.protocol.api import ApiKey
from ottla.protocol.messages import fetch, list_offsets, offset_commit, offset_fetch
from ottla.protocol.messages.heartbeat import HeartbeatResponse
from ottla.protocol.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from ottla.protocol.messages.leave_group import LeaveGroupResponse
from ottla.protocol.messages.sync_group import SyncGroupResponse
from ottla.records.batch import iterate_batches
from ottla.records.builder import NewRecord, build_batch
from ottla.types import TopicPartition
from tests.support.client_cluster import TOPIC_ID, coordinator_response, metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

NOW_MS = 1_700_000_000_000
PER_BATCH = 10
BATCHES_AN_ANSWER = 2


class ConsumingNode(ScriptedNode):
    """Has one topic; `logs` has the bytes of each partition."""

    def __init__(self, topic: str = "t", partitions: int = 1, *, session_id: int = 0) -> None:
        super().__init__(self._react)
        self.topic = topic
        self.logs: list[bytes] = [b""] * partitions
        self.leaders = [1] * partitions
        self.ports: dict[int, int] = {1: self.port}
        self.errors: defaultdict[ApiKey, list[Any]] = defaultdict(list)
        """For each API, error codes for the next answers; CLOSE closes the connection instead."""
        self.aborted: list[fetch.AbortedTransaction] = []
        self.committed: dict[TopicPartition, int] = {}
        self.start_offset = 0
        self.session_id = session_id
        self.generation = 0
        self._assignments: dict[str, bytes] = {}

    def fill(self, partition: int, count: int) -> None:
        """Put records with the values 0, 1, 2, … into a partition, ten to a batch."""
        batches = []
        for start in range(0, count, PER_BATCH):
            numbers = range(start, min(count, start + PER_BATCH))
            rows = [NewRecord(None, b"%d" % number, NOW_MS + number) for number in numbers]
            batches.append(bytes(build_batch(rows, now_ms=NOW_MS, base_offset=start)))
        self.logs[partition] = b"".join(batches)

    def end_offset(self, partition: int) -> int:
        """Return the offset behind the last record."""
        return max((header.next_offset for _, header in iterate_batches(self.logs[partition])), default=0)

    def _react(self, key: ApiKey, _version: int, request: Any) -> Any:
        error = self.errors[key].pop(0) if self.errors[key] else 0
        if error is CLOSE:
            return CLOSE
        return _ANSWERS[key](self, request, error)

    def _metadata(self, _request: Any, _error: int) -> Any:
        return metadata_response(self.ports, {self.topic: self.leaders})

    def _coordinator(self, _request: Any, error: int) -> Any:
        return coordinator_response(1, self.port, error_code=error)

    def _list_offsets(self, request: Any, error: int) -> Any:
        topics = []
        for topic in request.topics:
            rows = []
            for row in topic.partitions:
                end = self.end_offset(row.partition_index)
                offset = {-1: end, -2: self.start_offset}.get(row.timestamp, max(0, row.timestamp - NOW_MS))
                rows.append(
                    list_offsets.ListOffsetsPartitionResponse(
                        partition_index=row.partition_index,
                        error_code=error,
                        offset=offset if offset <= end else -1,
                    )
                )
            topics.append(list_offsets.ListOffsetsTopicResponse(name=topic.name, partitions=rows))
        return list_offsets.ListOffsetsResponse(topics=topics)

    def _fetch(self, request: Any, error: int) -> Any:
        if error in {70, 71}:
            return fetch.FetchResponse(error_code=error)
        rows = []
        for topic in request.topics:
            for row in topic.partitions:
                code = error or (1 if row.fetch_offset > self.end_offset(row.partition) else 0)
                records = b"" if code else self._slice(row.partition, row.fetch_offset)
                rows.append(
                    fetch.PartitionData(
                        partition_index=row.partition,
                        error_code=code,
                        records=records,
                        aborted_transactions=self.aborted,
                    )
                )
        topics = (
            [fetch.FetchableTopicResponse(topic=self.topic, topic_id=TOPIC_ID, partitions=rows)]
            if rows
            else []
        )
        return fetch.FetchResponse(session_id=self.session_id, responses=topics)

    def _slice(self, partition: int, offset: int) -> bytes:
        log = self.logs[partition]
        wanted = [(at, header) for at, header in iterate_batches(log) if header.next_offset > offset]
        wanted = wanted[:BATCHES_AN_ANSWER]
        return log[wanted[0][0] : wanted[-1][0] + wanted[-1][1].size_bytes] if wanted else b""

    def _join(self, request: Any, error: int) -> Any:
        if error:
            return JoinGroupResponse(error_code=error, member_id="member-1", protocol_name="")
        self.generation += 1
        member = JoinGroupResponseMember(member_id="member-1", metadata=request.protocols[0].metadata)
        return JoinGroupResponse(
            generation_id=self.generation,
            protocol_type="consumer",
            protocol_name=request.protocols[0].name,
            leader="member-1",
            member_id="member-1",
            members=[member],
        )

    def _sync(self, request: Any, error: int) -> Any:
        for row in request.assignments:
            self._assignments[row.member_id] = row.assignment
        return SyncGroupResponse(error_code=error, assignment=self._assignments[request.member_id])

    def _heartbeat(self, _request: Any, error: int) -> Any:
        return HeartbeatResponse(error_code=error)

    def _leave(self, _request: Any, error: int) -> Any:
        return LeaveGroupResponse(error_code=error)

    def _commit(self, request: Any, error: int) -> Any:
        topics = []
        for topic in request.topics:
            rows = []
            for row in topic.partitions:
                if not error:
                    self.committed[TopicPartition(topic.name, row.partition_index)] = row.committed_offset
                rows.append(
                    offset_commit.OffsetCommitResponsePartition(
                        partition_index=row.partition_index, error_code=error
                    )
                )
            topics.append(offset_commit.OffsetCommitResponseTopic(name=topic.name, partitions=rows))
        return offset_commit.OffsetCommitResponse(topics=topics)

    def _committed(self, request: Any, error: int) -> Any:
        group = request.groups[0]
        topics = []
        for topic in group.topics:
            rows = [
                offset_fetch.OffsetFetchResponsePartitions(
                    partition_index=index,
                    committed_offset=self.committed.get(TopicPartition(topic.name, index), -1),
                    metadata="",
                )
                for index in topic.partition_indexes
            ]
            topics.append(offset_fetch.OffsetFetchResponseTopics(name=topic.name, partitions=rows))
        row = offset_fetch.OffsetFetchResponseGroup(group_id=group.group_id, topics=topics, error_code=error)
        return offset_fetch.OffsetFetchResponse(groups=[row])


_ANSWERS = {
    ApiKey.METADATA: ConsumingNode._metadata,
    ApiKey.FIND_COORDINATOR: ConsumingNode._coordinator,
    ApiKey.LIST_OFFSETS: ConsumingNode._list_offsets,
    ApiKey.FETCH: ConsumingNode._fetch,
    ApiKey.JOIN_GROUP: ConsumingNode._join,
    ApiKey.SYNC_GROUP: ConsumingNode._sync,
    ApiKey.HEARTBEAT: ConsumingNode._heartbeat,
    ApiKey.LEAVE_GROUP: ConsumingNode._leave,
    ApiKey.OFFSET_COMMIT: ConsumingNode._commit,
    ApiKey.OFFSET_FETCH: ConsumingNode._committed,
}


def consumer_settings(**changed: Any) -> ConsumerSettings:
    """Return settings that begin at the earliest offset and wait little between attempts."""
    properties = {"retry.backoff.ms": "1", "retry.backoff.max.ms": "5", "auto.offset.reset": "earliest"}
    properties |= {key.replace("_", "."): str(value) for key, value in changed.items()}
    return ConsumerSettings.from_properties(properties)


def read_values(consumer: Consumer, count: int) -> list[int]:
    """Poll until so many records are there; return their values."""
    values: list[int] = []
    while len(values) < count:
        values += [int(record.value or b"-1") for record in consumer.poll(1.0)]
    return values
