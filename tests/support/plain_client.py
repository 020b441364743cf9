"""A connection that asks for the everyday things of a client in one line each, and gives back codes and values."""

from __future__ import annotations

from typing import Any

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.protocol.messages.delete_topics import DeleteTopicsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    TopicProduceData,
)
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.records.batch import iterate_batches
from ottla.records.builder import NewRecord, build_batch
from ottla.records.record import iterate_records
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually

NOW_MS = 1_700_000_000_000
TIMEOUT_MS = 30_000
MANY_BYTES = 64 << 20
LATEST_TIMESTAMP = -1
READ_COMMITTED = 1
# Members of these groups send heartbeats by hand, so that no session may end on a slow machine.
SESSION_TIMEOUT_MS = 300_000


class PlainClient(RawClient):
    """One connection to a broker."""

    def create_topic(self, name: str, partitions: int = 1, **configs: str) -> int:
        """Create a topic; return the error code."""
        settings = [CreatableTopicConfig(name=key.replace("_", "."), value=configs[key]) for key in configs]
        topic = CreatableTopic(name=name, num_partitions=partitions, replication_factor=1, configs=settings)
        request = CreateTopicsRequest(topics=[topic], timeout_ms=TIMEOUT_MS)
        code: int = self.ask(ApiKey.CREATE_TOPICS, 7, request).topics[0].error_code
        return code

    def delete_topic(self, name: str) -> int:
        """Delete a topic; return the error code."""
        request = DeleteTopicsRequest(topic_names=[name], timeout_ms=TIMEOUT_MS)
        code: int = self.ask(ApiKey.DELETE_TOPICS, 5, request).responses[0].error_code
        return code

    def send_produce(self, topic: str, *values: bytes, **numbers: int) -> None:
        """Send one batch without waiting for its answer; `numbers` are those of an idempotent producer."""
        batch = build_batch([NewRecord(None, value) for value in values], now_ms=NOW_MS, **numbers)
        partition = PartitionProduceData(index=0, records=batch)
        request = ProduceRequest(
            acks=-1,
            timeout_ms=TIMEOUT_MS,
            topic_data=[TopicProduceData(name=topic, partition_data=[partition])],
        )
        self.send(ApiKey.PRODUCE, 9, request)

    def produced(self) -> PartitionProduceResponse:
        """Return the answer to the oldest batch."""
        answer: PartitionProduceResponse = self.receive().responses[0].partition_responses[0]
        return answer

    def produce(self, topic: str, *values: bytes, **numbers: int) -> PartitionProduceResponse:
        """Append one batch to the first partition and return the answer."""
        self.send_produce(topic, *values, **numbers)
        return self.produced()

    def read_all(self, topic: str) -> list[bytes | None]:
        """Return the values of all records of the first partition."""
        values: list[bytes | None] = []
        offset = 0
        while True:
            content = self.fetch(topic, offset)
            if not content:
                return values
            for position, header in iterate_batches(content):
                records = iterate_records(content, position, header)
                values += [record.value for record in records if record.offset >= offset]
                offset = header.next_offset

    def fetch(self, topic: str, offset: int) -> bytes:
        """Return the bytes at an offset of the first partition; none at its end."""
        partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=MANY_BYTES)
        asked = FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=MANY_BYTES,
            topics=[FetchTopic(topic=topic, partitions=[partition])],
        )
        found = self.ask(ApiKey.FETCH, 11, asked).responses[0].partitions[0]
        if found.error_code:
            raise AssertionError(f"{topic} from {offset}: {ErrorCode(found.error_code).name}")
        return bytes(found.records or b"")

    def create_served_topic(self, name: str, **configs: str) -> None:
        """Create a topic with one partition, and wait until it is served."""
        assert self.create_topic(name, **configs) == 0
        eventually(lambda: self.end_offset(name).error_code == 0)

    def end_offset(self, topic: str, isolation_level: int = 0) -> ListOffsetsPartitionResponse:
        """Return the answer to ListOffsets for the end of the first partition; 1 leaves out what is not decided."""
        partition = ListOffsetsPartition(partition_index=0, timestamp=LATEST_TIMESTAMP)
        asked = ListOffsetsRequest(
            replica_id=-1,
            isolation_level=isolation_level,
            topics=[ListOffsetsTopic(name=topic, partitions=[partition])],
        )
        answer: ListOffsetsPartitionResponse = self.ask(ApiKey.LIST_OFFSETS, 6, asked).topics[0].partitions[0]
        return answer

    def wait_until_decided(self, topic: str, offset: int) -> None:
        """Wait until all transactions before an offset have their markers, which come after the answer to EndTxn."""
        eventually(lambda: self.end_offset(topic, READ_COMMITTED).offset == offset)

    def metadata_codes(self, *topics: str) -> list[int]:
        """Return the error codes of topics and of their partitions."""
        asked = MetadataRequest(topics=None, allow_auto_topic_creation=False)
        found = [each for each in self.ask(ApiKey.METADATA, 9, asked).topics if each.name in topics]
        return [
            code for topic in found for code in (topic.error_code, *(p.error_code for p in topic.partitions))
        ]

    def join_alone(self, group_id: str) -> JoinGroupResponse:
        """Form a stable group of one member, once there is a coordinator."""
        self.wait_for_coordinator(group_id)
        protocol = JoinGroupRequestProtocol(name="range", metadata=b"\0\0\0\0\0\0\xff\xff\xff\xff")
        asked = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            rebalance_timeout_ms=SESSION_TIMEOUT_MS,
            protocol_type="consumer",
            protocols=[protocol],
        )
        joined: list[JoinGroupResponse] = []

        def has_joined() -> bool:
            joined[:] = [self.ask(ApiKey.JOIN_GROUP, 3, asked)]
            return joined[0].error_code == ErrorCode.NONE

        eventually(has_joined)  # a coordinator that has just been found may still be loading
        (member,) = joined
        plan = [SyncGroupRequestAssignment(member_id=member.member_id, assignment=b"plan")]
        request = SyncGroupRequest(
            group_id=group_id,
            generation_id=member.generation_id,
            member_id=member.member_id,
            assignments=plan,
        )
        assert self.ask(ApiKey.SYNC_GROUP, 3, request).error_code == ErrorCode.NONE
        return member

    def wait_for_coordinator(self, group_id: str) -> None:
        """Return once the group has a coordinator, whose topic is made for the first one who asks."""
        eventually(lambda: self._find_coordinator(group_id) == ErrorCode.NONE)

    def _find_coordinator(self, group_id: str) -> int:
        found = self.ask(ApiKey.FIND_COORDINATOR, 2, FindCoordinatorRequest(key=group_id))
        code: int = found.error_code
        return code

    def heartbeat(self, group_id: str, member: JoinGroupResponse) -> int:
        """Say that a member is alive; return the error code."""
        asked = HeartbeatRequest(
            group_id=group_id, generation_id=member.generation_id, member_id=member.member_id
        )
        code: int = self.ask(ApiKey.HEARTBEAT, 3, asked).error_code
        return code

    def send_commit(
        self, group_id: str, topic: str, offset: int, member: JoinGroupResponse | None = None
    ) -> None:
        """Commit an offset of the first partition without waiting for the answer."""
        partition = OffsetCommitRequestPartition(
            partition_index=0, committed_offset=offset, committed_metadata=""
        )
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=-1 if member is None else member.generation_id,
            member_id="" if member is None else member.member_id,
            topics=[OffsetCommitRequestTopic(name=topic, partitions=[partition])],
        )
        self.send(ApiKey.OFFSET_COMMIT, 7, request)

    def committed(self) -> int:
        """Return the error code of the oldest commit."""
        code: int = self.receive().topics[0].partitions[0].error_code
        return code

    def commit(self, group_id: str, topic: str, offset: int, member: JoinGroupResponse | None = None) -> int:
        """Commit an offset of the first partition; return the error code."""
        self.send_commit(group_id, topic, offset, member)
        return self.committed()

    def committed_offset(self, group_id: str, topic: str) -> int:
        """Return the committed offset of the first partition, -1 without one; raises AssertionError on an error."""
        group = self.offset_fetch(group_id, topic)
        assert group.error_code == ErrorCode.NONE, ErrorCode(group.error_code).name
        offset: int = group.topics[0].partitions[0].committed_offset
        return offset

    def offset_fetch(self, group_id: str, topic: str) -> Any:
        """Return the answer to OffsetFetch for one group and the first partition of a topic."""
        topics = [OffsetFetchRequestTopics(name=topic, partition_indexes=[0])]
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group_id, topics=topics)])
        return self.ask(ApiKey.OFFSET_FETCH, 8, asked).groups[0]
