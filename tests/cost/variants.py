"""The requests whose cost is guarded: those that clients send all the time and that are answered at once.

Each is what a current client sends, in the newest version. A variant makes its topic or group, and then as many
requests of the same kind as are wanted; an answer that is not the expected one would make its cost worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, repeat
from typing import Any

from ottla.errors import ErrorCode
from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.records.builder import NewRecord, build_batch
from ottla.types import Uuid
from tests.cost.standing_broker import NOW_MS, StandingBroker
from tests.support.waiting import eventually

TIMEOUT_MS = 30_000
SESSION_TIMEOUT_MS = 300_000
MANY_BYTES = 1 << 20
VALUE = b"value of a record"
PRODUCER_ID = 7
OLDER_BATCHES = 10

# No entry of an index is made while requests are counted: one in a hundred would make one.
INDEX_INTERVAL_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of request. `prepare` returns what makes the next one; `check` fails for a wrong answer."""

    name: str
    api_key: ApiKey
    prepare: Callable[[StandingBroker], Callable[[], object]]
    check: Callable[[Any], None]

    @property
    def version(self) -> int:
        """The newest version of the API."""
        return APIS[self.api_key].max_version


def _produce(broker: StandingBroker) -> Callable[[], object]:
    topic_id = _create_topic(broker, "produce")
    return repeat(_produce_request(topic_id)).__next__


def _produce_idempotent(broker: StandingBroker) -> Callable[[], object]:
    topic_id = _create_topic(broker, "produce-idempotent")
    numbers = count()
    return lambda: _produce_request(
        topic_id, producer_id=PRODUCER_ID, producer_epoch=0, base_sequence=next(numbers)
    )


def _fetch_newest(broker: StandingBroker) -> Callable[[], object]:
    topic_id = _create_topic(broker, "fetch-newest")
    _append(broker, topic_id, 1)
    return repeat(_fetch_request(topic_id, 0)).__next__


def _fetch_older(broker: StandingBroker) -> Callable[[], object]:
    topic_id = _create_topic(broker, "fetch-older")
    _append(broker, topic_id, OLDER_BATCHES)
    return repeat(_fetch_request(topic_id, OLDER_BATCHES // 2)).__next__


def _fetch_nothing_new(broker: StandingBroker) -> Callable[[], object]:
    topic_id = _create_topic(broker, "fetch-nothing-new")
    _append(broker, topic_id, 1)
    first = _fetch_request(topic_id, 1, session_epoch=0)
    session_id = _ask(broker, ApiKey.FETCH, first).session_id
    epochs = count(1)

    def next_request() -> object:
        return FetchRequest(
            max_wait_ms=0,
            min_bytes=1,
            max_bytes=MANY_BYTES,
            session_id=session_id,
            session_epoch=next(epochs),
            topics=[],
        )

    return next_request


def _heartbeat(broker: StandingBroker) -> Callable[[], object]:
    group_id = "heartbeat"
    member = _join_alone(broker, group_id)
    request = HeartbeatRequest(
        group_id=group_id, generation_id=member.generation_id, member_id=member.member_id
    )
    return repeat(request).__next__


def _offset_commit(broker: StandingBroker) -> Callable[[], object]:
    group_id = "offset-commit"
    _create_topic(broker, group_id)
    member = _join_alone(broker, group_id)
    partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=1, committed_metadata="")
    request = OffsetCommitRequest(
        group_id=group_id,
        generation_id_or_member_epoch=member.generation_id,
        member_id=member.member_id,
        topics=[OffsetCommitRequestTopic(name=group_id, partitions=[partition])],
    )
    return repeat(request).__next__


def _metadata(broker: StandingBroker) -> Callable[[], object]:
    _create_topic(broker, "metadata")
    return repeat(MetadataRequest(topics=[MetadataRequestTopic(name="metadata")])).__next__


def _create_topic(broker: StandingBroker, name: str) -> Uuid:
    configs = [CreatableTopicConfig(name="index.interval.bytes", value=str(INDEX_INTERVAL_BYTES))]
    topic = CreatableTopic(name=name, num_partitions=1, replication_factor=1, configs=configs)
    request = CreateTopicsRequest(topics=[topic], timeout_ms=TIMEOUT_MS)
    (created,) = _ask(broker, ApiKey.CREATE_TOPICS, request).topics
    assert created.error_code == ErrorCode.NONE, created
    topic_id: Uuid = created.topic_id
    return topic_id


def _append(broker: StandingBroker, topic_id: Uuid, batches: int) -> None:
    for _ in range(batches):
        _check_produced(_ask(broker, ApiKey.PRODUCE, _produce_request(topic_id)))


def _join_alone(broker: StandingBroker, group_id: str) -> Any:
    """Form a stable group of one member."""
    asked = FindCoordinatorRequest(key_type=0, coordinator_keys=[group_id])
    eventually(
        lambda: _ask(broker, ApiKey.FIND_COORDINATOR, asked).coordinators[0].error_code == ErrorCode.NONE
    )
    protocol = JoinGroupRequestProtocol(name="range", metadata=b"\0\0\0\0\0\0\xff\xff\xff\xff")
    join = JoinGroupRequest(
        group_id=group_id,
        session_timeout_ms=SESSION_TIMEOUT_MS,
        rebalance_timeout_ms=SESSION_TIMEOUT_MS,
        protocol_type="consumer",
        protocols=[protocol],
    )

    def has_member_id() -> bool:
        # A coordinator that has just been found may still be loading.
        join.member_id = _ask(broker, ApiKey.JOIN_GROUP, join).member_id
        return join.member_id != ""

    eventually(has_member_id)
    member = _ask(broker, ApiKey.JOIN_GROUP, join)
    assert member.error_code == ErrorCode.NONE, member
    plan = SyncGroupRequestAssignment(member_id=member.member_id, assignment=b"plan")
    request = SyncGroupRequest(
        group_id=group_id,
        generation_id=member.generation_id,
        member_id=member.member_id,
        protocol_type="consumer",
        protocol_name="range",
        assignments=[plan],
    )
    assert _ask(broker, ApiKey.SYNC_GROUP, request).error_code == ErrorCode.NONE
    return member


def _produce_request(topic_id: Uuid, **numbers: int) -> ProduceRequest:
    batch = bytes(build_batch([NewRecord(None, VALUE)], now_ms=NOW_MS, **numbers))
    partition = PartitionProduceData(index=0, records=batch)
    topic = TopicProduceData(topic_id=topic_id, partition_data=[partition])
    return ProduceRequest(acks=1, timeout_ms=TIMEOUT_MS, topic_data=[topic])


def _fetch_request(topic_id: Uuid, offset: int, session_epoch: int = -1) -> FetchRequest:
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=MANY_BYTES)
    topic = FetchTopic(topic_id=topic_id, partitions=[partition])
    return FetchRequest(
        max_wait_ms=0, min_bytes=1, max_bytes=MANY_BYTES, session_epoch=session_epoch, topics=[topic]
    )


def _ask(broker: StandingBroker, api_key: ApiKey, request: object) -> Any:
    return broker.ask(api_key, APIS[api_key].max_version, request)


def _check_produced(response: Any) -> None:
    answer = response.responses[0].partition_responses[0]
    assert answer.error_code == ErrorCode.NONE, answer


def _check_fetched(response: Any) -> None:
    answer = response.responses[0].partitions[0]
    assert answer.error_code == ErrorCode.NONE, answer
    assert VALUE in bytes(answer.records), answer


def _check_nothing_new(response: Any) -> None:
    assert (response.error_code, response.responses) == (ErrorCode.NONE, []), response


def _check_heard(response: Any) -> None:
    assert response.error_code == ErrorCode.NONE, response


def _check_committed(response: Any) -> None:
    assert response.topics[0].partitions[0].error_code == ErrorCode.NONE, response


def _check_described(response: Any) -> None:
    (topic,) = response.topics
    assert (topic.error_code, len(topic.partitions)) == (ErrorCode.NONE, 1), response


VARIANTS = (
    Variant("Produce: one record, acks=1", ApiKey.PRODUCE, _produce, _check_produced),
    Variant("Produce: idempotent", ApiKey.PRODUCE, _produce_idempotent, _check_produced),
    Variant("Fetch: the newest batch", ApiKey.FETCH, _fetch_newest, _check_fetched),
    Variant("Fetch: older batches", ApiKey.FETCH, _fetch_older, _check_fetched),
    Variant("Fetch: session, nothing new", ApiKey.FETCH, _fetch_nothing_new, _check_nothing_new),
    Variant("Heartbeat: stable group", ApiKey.HEARTBEAT, _heartbeat, _check_heard),
    Variant("OffsetCommit: one partition", ApiKey.OFFSET_COMMIT, _offset_commit, _check_committed),
    Variant("Metadata: one topic", ApiKey.METADATA, _metadata, _check_described),
)
