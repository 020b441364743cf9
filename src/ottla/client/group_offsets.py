"""The offsets that a group has committed: asked for, and stored.

The law: both go to the group's coordinator, wherever it is, and are asked again after errors that pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, error_of, raise_for
from ottla.errors import ErrorCode
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from ottla.types import TopicPartition

_COMMIT_FAILED = frozenset(
    {ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION, ErrorCode.REBALANCE_IN_PROGRESS}
)
_COMMIT_FAILED_TEXT = (
    "Offset commit cannot be completed since the consumer is not part of an active group for auto partition "
    "assignment; it is likely that the consumer was kicked out of the group."
)


class OffsetAndMetadata(NamedTuple):
    """A committed offset: the next one to be read."""

    offset: int
    leader_epoch: int = -1
    """Of the record before it; -1 when unknown."""
    metadata: str = ""


class GroupIdentity(NamedTuple):
    """Who commits: a member in its generation, or anybody to a group without members."""

    group_id: str
    generation: int = -1
    member_id: str = ""
    group_instance_id: str | None = None


def fetch_committed(
    cluster: Cluster,
    group_id: str,
    partitions: Iterable[TopicPartition] | None,
    *,
    require_stable: bool = False,
    timeout_s: float | None = None,
    call: str = "listConsumerGroupOffsets",
) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return the committed offsets of partitions, of all with None; those without one are left out.

    With `require_stable` it waits for open transactions that have committed to the group. Raises ApiError.
    """
    request = committed_request(group_id, partitions, require_stable=require_stable)

    def attempt(left_s: float) -> dict[TopicPartition, OffsetAndMetadata]:
        response = cluster.ask_coordinator(group_id, request, timeout_s=left_s, call=call)
        return read_committed_offsets(response)

    return cluster.retry(attempt, timeout_s=timeout_s, call=call)


def commit_request(
    identity: GroupIdentity, offsets: Mapping[TopicPartition, OffsetAndMetadata]
) -> OffsetCommitRequest:
    """Return the request that stores offsets."""
    topics: dict[str, OffsetCommitRequestTopic] = {}
    for partition, committed in offsets.items():
        topic = topics.setdefault(partition.topic, OffsetCommitRequestTopic(name=partition.topic))
        topic.partitions.append(
            OffsetCommitRequestPartition(
                partition_index=partition.partition,
                committed_offset=committed.offset,
                committed_leader_epoch=committed.leader_epoch,
                committed_metadata=committed.metadata,
            )
        )
    return OffsetCommitRequest(
        group_id=identity.group_id,
        generation_id_or_member_epoch=identity.generation,
        member_id=identity.member_id,
        group_instance_id=identity.group_instance_id,
        topics=list(topics.values()),
    )


def commit_offsets(
    cluster: Cluster,
    identity: GroupIdentity,
    offsets: Mapping[TopicPartition, OffsetAndMetadata],
    *,
    timeout_s: float | None = None,
    call: str = "alterConsumerGroupOffsets",
) -> dict[TopicPartition, ApiError]:
    """Store offsets; return the partitions that were refused, and why. Raises ApiError where the request failed."""
    request = commit_request(identity, offsets)

    def attempt(left_s: float) -> dict[TopicPartition, ApiError]:
        response = cluster.ask_coordinator(identity.group_id, request, timeout_s=left_s, call=call)
        refused = refused_commits(response)
        passing = next((error for error in refused.values() if error.is_retriable), None)
        if passing is not None:
            raise passing
        return refused

    return cluster.retry(attempt, timeout_s=timeout_s, call=call)


def refused_commits(response: Any) -> dict[TopicPartition, ApiError]:
    """Return the partitions whose offset was not stored, and why."""
    refused = {}
    for topic in response.topics:
        for row in topic.partitions:
            error = error_of(row.error_code)
            if error is not None:
                refused[TopicPartition(topic.name, row.partition_index)] = error
    return refused


def commit_failure(error: ApiError) -> ApiError:
    """Return what a member hears whose commit was refused: that it is not, or no longer, a member."""
    if error.code not in _COMMIT_FAILED:
        return error
    return ApiError(
        error.code,
        _COMMIT_FAILED_TEXT,
        java_class="org.apache.kafka.clients.consumer.CommitFailedException",
    )


def committed_request(
    group_id: str, partitions: Iterable[TopicPartition] | None, *, require_stable: bool
) -> OffsetFetchRequest:
    """Return a request that says the same in its older form, for one group, and in its newer one (KIP-709)."""
    topics: dict[str, list[int]] | None = None
    if partitions is not None:
        topics = {}
        for topic, partition in partitions:
            topics.setdefault(topic, []).append(partition)
    older = newer = None
    if topics is not None:
        older = [OffsetFetchRequestTopic(name=name, partition_indexes=rows) for name, rows in topics.items()]
        newer = [OffsetFetchRequestTopics(name=name, partition_indexes=rows) for name, rows in topics.items()]
    return OffsetFetchRequest(
        group_id=group_id,
        topics=older,
        groups=[OffsetFetchRequestGroup(group_id=group_id, topics=newer)],
        require_stable=require_stable,
    )


def read_committed_offsets(response: Any) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return the committed offsets that an answer for one group has. Raises ApiError for an error in it."""
    answered = response.groups[0] if response.groups else response
    raise_for(answered.error_code)
    found = {}
    for topic in answered.topics:
        for row in topic.partitions:
            raise_for(row.error_code)
            if row.committed_offset >= 0:
                found[TopicPartition(topic.name, row.partition_index)] = OffsetAndMetadata(
                    row.committed_offset, row.committed_leader_epoch, row.metadata or ""
                )
    return found
