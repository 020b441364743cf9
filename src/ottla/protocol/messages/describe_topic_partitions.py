"""DescribeTopicPartitions (75), v0: topics partition by partition, in pages (KIP-966)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, STRING, UUID, array_of, field, message, struct, struct_of


@struct
class TopicRequest:
    """One topic that is asked for."""

    name: str = field(STRING)


@struct
class Cursor:
    """The first partition of a page."""

    topic_name: str = field(STRING)
    partition_index: int = field(INT32)
    """From this one on, where the topic still has it."""


@message(key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsRequest:
    """Which topics are wanted, and from where."""

    topics: list[TopicRequest] = array_of(TopicRequest)
    """Empty for all."""
    response_partition_limit: int = field(INT32, default=2000)
    """Most partitions in the answer, limited by max.request.partition.size.limit."""
    cursor: Cursor | None = struct_of(Cursor, nullable="0+", default=None)
    """Where to go on; null for the beginning."""


@struct
class DescribeTopicPartitionsResponsePartition:
    """Leader and replicas of one partition."""

    error_code: int = field(INT16)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    """-1 when there is no leader."""
    leader_epoch: int = field(INT32, default=-1)
    """-1 when unknown."""
    replica_nodes: list[int] = array_of(INT32)
    """The first is the preferred leader."""
    isr_nodes: list[int] = array_of(INT32)
    """The replicas that are in sync."""
    eligible_leader_replicas: list[int] | None = array_of(INT32, nullable="0+", default=None)
    """Replicas that fell out of sync but hold everything up to the high watermark; null when not known."""
    last_known_elr: list[int] | None = array_of(INT32, nullable="0+", default=None)
    """The last eligible leaders, when all others are lost; null when not known."""
    offline_replicas: list[int] = array_of(INT32)
    """Replicas on a node that is down or in a directory that failed."""


@struct
class DescribeTopicPartitionsResponseTopic:
    """One topic, ordered by name."""

    error_code: int = field(INT16)
    name: str | None = field(STRING, nullable="0+")
    """Never null from a broker, though the schema allows it."""
    topic_id: Uuid = field(UUID)
    """Zero for a name that is unknown."""
    is_internal: bool = field(BOOL)
    """Whether the cluster keeps its own state there."""
    partitions: list[DescribeTopicPartitionsResponsePartition] = array_of(
        DescribeTopicPartitionsResponsePartition
    )
    topic_authorized_operations: int = field(INT32, default=-2147483648)
    """A bit field; -2147483648 when it is not known."""


@message(key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsResponse:
    """One page."""

    throttle_time_ms: int = field(INT32)
    topics: list[DescribeTopicPartitionsResponseTopic] = array_of(DescribeTopicPartitionsResponseTopic)
    next_cursor: Cursor | None = struct_of(Cursor, nullable="0+", default=None)
    """Where the next page begins; null on the last one."""
