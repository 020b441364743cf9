"""The rules of committed offsets: who may commit, what a fetch finds, what is deleted and what expires (facts 4.3).

A group that was never joined is a simple group: it exists by its offsets alone. Offsets of a group with members are
kept, except those of topics that its consumers no longer subscribe to.
"""

from __future__ import annotations

from collections.abc import Iterator

from ottla.errors import ErrorCode, KafkaError
from ottla.groups.classic_group import NO_TIMESTAMP, ClassicGroup, GroupState
from ottla.groups.classic_rebalance import extend_session
from ottla.groups.commands import CommitOffsets, DeleteOffsets, FetchOffsets
from ottla.groups.log_records import ClassicGroupRecord, OffsetRecord
from ottla.groups.offset_store import CommittedOffset, OffsetStore
from ottla.groups.records import NO_EXPIRY, GroupMetadataKey, OffsetCommitKey, OffsetCommitValue
from ottla.groups.turn import Turn
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from ottla.protocol.messages.offset_delete import (
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)
from ottla.types import ZERO_UUID, TopicPartition

NO_OFFSET = -1
NO_LEADER_EPOCH = -1
NO_METADATA = ""
NO_RETENTION_TIME = -1

LATEST_EXPIRY_MS = 2**63 - 1
"""The last time that a record can hold; a client may ask for a retention beyond it."""


def commit(turn: Turn, group: ClassicGroup | None, command: CommitOffsets) -> None:
    """Record offsets. Raises KafkaError where the group does not take them from this client.

    A partition whose metadata is too long is refused alone.
    """
    request = command.request
    _check_committer(group, request, command.knows_missing_groups)
    if group is not None and group.is_in(GroupState.STABLE, GroupState.PREPARING_REBALANCE):
        extend_session(turn, group, group.members[request.member_id])
    expire_timestamp = NO_EXPIRY
    if request.retention_time_ms != NO_RETENTION_TIME:
        expire_timestamp = min(turn.now_ms + request.retention_time_ms, LATEST_EXPIRY_MS)
    response = OffsetCommitResponse()
    limit = turn.settings.offset_metadata_max_bytes
    for topic in request.topics:
        answers: list[OffsetCommitResponsePartition] = []
        for partition in topic.partitions:
            code = ErrorCode.NONE
            if _java_length(partition.committed_metadata) > limit:
                code = ErrorCode.OFFSET_METADATA_TOO_LARGE
            else:
                index = partition.partition_index
                turn.append(
                    OffsetRecord(
                        OffsetCommitKey(group=request.group_id, topic=topic.name, partition=index),
                        _value_of(partition, turn.now_ms, expire_timestamp),
                    )
                )
            answer = OffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=code)
            answers.append(answer)
        response.topics.append(OffsetCommitResponseTopic(name=topic.name, partitions=answers))
    turn.require_room()
    turn.reply(command.reply_to, response)


def _check_committer(
    group: ClassicGroup | None, request: OffsetCommitRequest, knows_missing_groups: bool
) -> None:
    generation_id = request.generation_id_or_member_epoch
    if group is None:
        if generation_id >= 0:
            code = ErrorCode.GROUP_ID_NOT_FOUND if knows_missing_groups else ErrorCode.ILLEGAL_GENERATION
            raise KafkaError(code)
        return
    if generation_id < 0 and group.is_in(GroupState.EMPTY):
        return  # an administrator, or a consumer that assigns partitions to itself
    if generation_id < 0 and request.member_id == "" and request.group_instance_id is None:
        raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
    group.require_member(request.member_id, request.group_instance_id)
    if generation_id != group.generation_id:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)
    if group.is_in(GroupState.COMPLETING_REBALANCE):
        raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)


def _value_of(
    partition: OffsetCommitRequestPartition, now_ms: int, expire_timestamp: int
) -> OffsetCommitValue:
    return OffsetCommitValue(
        offset=partition.committed_offset,
        leader_epoch=partition.committed_leader_epoch,
        metadata=partition.committed_metadata or NO_METADATA,
        commit_timestamp=now_ms,
        expire_timestamp=expire_timestamp,
        topic_id=ZERO_UUID,
    )


def _java_length(text: str | None) -> int:
    """Return the length that Java's String gives, since Kafka compares that with offset.metadata.max.bytes."""
    return 0 if text is None else len(text.encode("utf-16-be", "surrogatepass")) // 2


def fetch(store: OffsetStore, group: ClassicGroup | None, command: FetchOffsets) -> OffsetFetchResponseGroup:
    """Return the offsets that are asked for. A missing group or offset is no error: the offset is -1."""
    request = command.request
    known = {} if group is None else store.topics(request.group_id)
    asked: list[tuple[str, list[int]]]
    if request.topics is None:
        asked = [(topic, list(partitions)) for topic, partitions in known.items()]
    else:
        asked = [(topic.name, topic.partition_indexes) for topic in request.topics]
    topics = []
    for topic, indexes in asked:
        partitions = known.get(topic, {})
        found = [
            _unstable(index)
            if command.require_stable and store.has_pending(request.group_id, topic, index)
            else _found(index, partitions.get(index))
            for index in indexes
        ]
        topics.append(OffsetFetchResponseTopics(name=topic, partitions=found))
    return OffsetFetchResponseGroup(group_id=request.group_id, topics=topics)


def _found(index: int, committed: CommittedOffset | None) -> OffsetFetchResponsePartitions:
    if committed is None:
        return OffsetFetchResponsePartitions(
            partition_index=index, committed_offset=NO_OFFSET, metadata=NO_METADATA
        )
    return OffsetFetchResponsePartitions(
        partition_index=index,
        committed_offset=committed.offset,
        committed_leader_epoch=committed.leader_epoch,
        metadata=committed.metadata,
    )


def _unstable(index: int) -> OffsetFetchResponsePartitions:
    answer = _found(index, None)
    answer.error_code = ErrorCode.UNSTABLE_OFFSET_COMMIT
    return answer


def delete(turn: Turn, store: OffsetStore, group: ClassicGroup | None, command: DeleteOffsets) -> None:
    """Remove offsets of topics that no member subscribes to.

    Raises KafkaError GROUP_ID_NOT_FOUND, or NON_EMPTY_GROUP where members use a protocol that tells nothing.
    """
    request = command.request
    if group is None:
        raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {request.group_id} not found.")
    if not group.is_in(GroupState.EMPTY) and not group.uses_consumer_protocol:
        raise KafkaError(ErrorCode.NON_EMPTY_GROUP)
    response = OffsetDeleteResponse()
    for topic in request.topics:
        in_use = group.subscribes_to(topic.name)
        code = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if in_use else ErrorCode.NONE
        answer = OffsetDeleteResponseTopic(name=topic.name)
        for partition in topic.partitions:
            index = partition.partition_index
            answer.partitions.append(OffsetDeleteResponsePartition(partition_index=index, error_code=code))
            is_there = store.get(request.group_id, topic.name, index) is not None
            if not in_use and (is_there or store.has_pending(request.group_id, topic.name, index)):
                remove(turn, request.group_id, TopicPartition(topic.name, index))
        response.topics.append(answer)
    turn.require_room()
    turn.reply(command.reply_to, response)


def remove(turn: Turn, group_id: str, partition: TopicPartition) -> None:
    """Have an offset removed."""
    key = OffsetCommitKey(group=group_id, topic=partition.topic, partition=partition.partition)
    turn.append(OffsetRecord(key, None))


def remove_group(turn: Turn, group_id: str) -> None:
    """Have a group removed; its offsets have records of their own."""
    turn.append(ClassicGroupRecord(GroupMetadataKey(group=group_id), None))


def remove_all(turn: Turn, store: OffsetStore, group_id: str) -> None:
    """Have all offsets of a group removed."""
    for partition in list(store.partitions_of(group_id)):
        remove(turn, group_id, partition)


def expired(turn: Turn, store: OffsetStore, group: ClassicGroup) -> Iterator[TopicPartition]:
    """Yield the partitions whose offsets have outlived offsets.retention.minutes.

    Time counts from the commit in a simple group, from when the last member left in an empty one, and from the
    commit again for topics that a stable group of consumers does not use. Other groups keep everything.
    """
    is_simple = group.protocol_type is None
    is_empty = group.is_in(GroupState.EMPTY)
    knows_topics = group.uses_consumer_protocol and group.topics is not None
    if not (is_simple or is_empty or (knows_topics and group.is_in(GroupState.STABLE))):
        return
    empty_since_ms = NO_TIMESTAMP if is_simple or not is_empty else group.state_timestamp_ms
    for topic, partitions in store.topics(group.group_id).items():
        if group.subscribes_to(topic):
            continue
        for index, committed in partitions.items():
            since_ms = committed.commit_timestamp_ms if empty_since_ms == NO_TIMESTAMP else empty_since_ms
            is_expired = committed.is_expired(turn.now_ms, turn.settings.offsets_retention_ms, since_ms)
            if is_expired and not store.has_pending(group.group_id, topic, index):
                yield TopicPartition(topic, index)
