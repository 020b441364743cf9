"""ListOffsets: what it asks the leaders of partitions, what their answers say, and how a consumer asks.

The law: a consumer asks each leader that it knows of once, every partition that it asked for has an outcome, a value or
an ApiError of its own, and after an error that passes its metadata is looked up before it asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.failures import ApiError, UnsupportedVersionError, error_of
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.types import TopicPartition

LATEST = -1
EARLIEST = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL = -4
LATEST_TIERED = -5

NO_OFFSET = -1
"""What is answered where no record is as young as the timestamp that was asked for."""

_VERSION_OF_NAME = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9}
"""The first version of ListOffsets that knows a name of an offset."""


class FoundOffset(NamedTuple):
    """What ListOffsets found."""

    offset: int
    """NO_OFFSET where there is none."""
    timestamp_ms: int
    """-1 for offsets that have a name."""
    leader_epoch: int


def offsets_request(
    leader: Connection, wanted: Mapping[TopicPartition, int], *, timeout_ms: int, isolation_level: int = 0
) -> object:
    """Return the request for the offsets of partitions, each for a timestamp in ms or for a name such as LATEST.

    With isolation level 1 the latest offset is the last stable one; `timeout_ms` is what the leader may take where it
    has to wait for others. Raises UnsupportedVersionError where the leader does not know a name.
    """
    from ottla.protocol.messages import list_offsets as messages  # noqa: PLC0415 - one by one

    version = leader.version_of(ApiKey.LIST_OFFSETS)
    topics: dict[str, messages.ListOffsetsTopic] = {}
    for (topic, number), timestamp in wanted.items():
        if version < _VERSION_OF_NAME.get(timestamp, 0):
            raise UnsupportedVersionError(f"The broker does not support the offset {timestamp}")
        rows = topics.setdefault(topic, messages.ListOffsetsTopic(name=topic)).partitions
        rows.append(messages.ListOffsetsPartition(partition_index=number, timestamp=timestamp))
    return messages.ListOffsetsRequest(
        replica_id=-1, isolation_level=isolation_level, timeout_ms=timeout_ms, topics=list(topics.values())
    )


def found_offsets(response: Any) -> dict[TopicPartition, FoundOffset | ApiError]:
    """Return what an answer says of each partition."""
    return {
        TopicPartition(topic.name, row.partition_index): error_of(row.error_code)
        or FoundOffset(row.offset, row.timestamp, row.leader_epoch)
        for topic in response.topics
        for row in topic.partitions
    }


def list_offsets(
    cluster: Cluster,
    wanted: Mapping[TopicPartition, int],
    known: TopicMetadata,
    *,
    isolation_level: int = 0,
) -> dict[TopicPartition, FoundOffset | ApiError]:
    """Return the offset of each partition, or why there is none right now, asking each leader once.

    Raises ApiError where leaders have to be looked up and no node answers.
    """
    if known.is_stale or any(known.leader(partition) is None for partition in wanted):
        known.refresh(sorted({partition.topic for partition in wanted}))
    outcomes: dict[TopicPartition, FoundOffset | ApiError] = {}
    for leader_id, led in _by_leader(known, wanted, outcomes).items():
        theirs = {partition: wanted[partition] for partition in led}
        try:
            leader = cluster.node(leader_id)
            request = offsets_request(
                leader, theirs, timeout_ms=cluster.config.request_timeout_ms, isolation_level=isolation_level
            )
            outcomes |= found_offsets(leader.ask(request))
        except ApiError as error:
            outcomes |= dict.fromkeys(theirs, error)
    if any(isinstance(outcome, ApiError) and outcome.is_retriable for outcome in outcomes.values()):
        known.distrust()
    return outcomes


def _by_leader(
    known: TopicMetadata,
    partitions: Iterable[TopicPartition],
    outcomes: dict[TopicPartition, FoundOffset | ApiError],
) -> dict[int, list[TopicPartition]]:
    """Group partitions by leader; those without one have that as their outcome."""
    led: dict[int, list[TopicPartition]] = {}
    for partition in partitions:
        leader = known.leader(partition)
        if leader is not None:
            led.setdefault(leader.leader_id, []).append(partition)
            continue
        topic = known.topics.get(partition.topic)
        is_known = topic is not None and not topic.error_code and partition.partition in topic.partitions
        code = ErrorCode.LEADER_NOT_AVAILABLE if is_known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        named = error_of(topic.error_code) if topic is not None else None
        outcomes[partition] = ApiError(code) if named is None else named
    return led
