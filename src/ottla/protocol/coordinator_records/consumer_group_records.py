"""What a group of the consumer protocol leaves in `__consumer_offsets` (KIP-848)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BYTES,
    INT8,
    INT32,
    INT64,
    STRING,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@message(key=3, versions="0", flexible="none")
class ConsumerGroupMetadataKey:
    """The group that a ConsumerGroupMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=3, versions="0", flexible="0+")
class ConsumerGroupMetadataValue:
    """The epoch of a group; the group is there as long as this is."""

    epoch: int = field(INT32)
    metadata_hash: int = field(INT64, tag=0)
    """A hash of the topics that the group subscribes to."""


@message(key=4, versions="0", flexible="none")
class ConsumerGroupPartitionMetadataKey:
    """The group that a ConsumerGroupPartitionMetadataValue is about."""

    group_id: str = field(STRING)


@struct
class PartitionMetadata:
    """A partition, and the racks of its replicas."""

    partition: int = field(INT32)
    racks: list[str] = array_of(STRING)


@struct
class TopicMetadata:
    """A topic that a group subscribes to, as it was when the group looked."""

    topic_id: Uuid = field(UUID)
    topic_name: str = field(STRING)
    num_partitions: int = field(INT32)
    partition_metadata: list[PartitionMetadata] = array_of(PartitionMetadata)


@message(key=4, versions="0", flexible="0+")
class ConsumerGroupPartitionMetadataValue:
    """The topics of a group; written before 4.1 put a hash in its place."""

    topics: list[TopicMetadata] = array_of(TopicMetadata)


@message(key=5, versions="0", flexible="none")
class ConsumerGroupMemberMetadataKey:
    """The member that a ConsumerGroupMemberMetadataValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@struct
class ClassicProtocol:
    """An assignor that a member of the classic protocol offers."""

    name: str = field(STRING)
    metadata: bytes = field(BYTES)


@struct
class ClassicMemberMetadata:
    """What a member that still speaks the classic protocol has told."""

    session_timeout_ms: int = field(INT32)
    supported_protocols: list[ClassicProtocol] = array_of(ClassicProtocol)


@message(key=5, versions="0", flexible="0+")
class ConsumerGroupMemberMetadataValue:
    """A member, as it has described itself."""

    instance_id: str | None = field(STRING, nullable="0+")
    """Null for a dynamic member (KIP-345)."""
    rack_id: str | None = field(STRING, nullable="0+")
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    subscribed_topic_names: list[str] = array_of(STRING)
    subscribed_topic_regex: str | None = field(STRING, nullable="0+")
    rebalance_timeout_ms: int = field(INT32, default=-1)
    server_assignor: str | None = field(STRING, nullable="0+")
    """Null for the broker's choice."""
    classic_member_metadata: ClassicMemberMetadata | None = struct_of(
        ClassicMemberMetadata, nullable="0+", tag=0
    )
    """Null for a member of the consumer protocol."""


@message(key=6, versions="0", flexible="none")
class ConsumerGroupTargetAssignmentMetadataKey:
    """The group that a ConsumerGroupTargetAssignmentMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=6, versions="0", flexible="0+")
class ConsumerGroupTargetAssignmentMetadataValue:
    """The group epoch for which the assignment was computed."""

    assignment_epoch: int = field(INT32)


@struct
class TopicPartition:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = array_of(INT32)


@message(key=7, versions="0", flexible="none")
class ConsumerGroupTargetAssignmentMemberKey:
    """The member that a ConsumerGroupTargetAssignmentMemberValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@message(key=7, versions="0", flexible="0+")
class ConsumerGroupTargetAssignmentMemberValue:
    """What a member is to have in the end."""

    topic_partitions: list[TopicPartition] = array_of(TopicPartition)


@message(key=8, versions="0", flexible="none")
class ConsumerGroupCurrentMemberAssignmentKey:
    """The member that a ConsumerGroupCurrentMemberAssignmentValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@struct
class TopicPartitions:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = array_of(INT32)


@message(key=8, versions="0", flexible="0+")
class ConsumerGroupCurrentMemberAssignmentValue:
    """What a member has now, and what it must give up first."""

    member_epoch: int = field(INT32)
    previous_member_epoch: int = field(INT32)
    """Still taken from a member that has not heard of the newer one."""
    state: int = field(INT8)
    """0: stable; 1: must give up partitions; 2: waits for partitions of others; 127: unknown."""
    assigned_partitions: list[TopicPartitions] = array_of(TopicPartitions)
    partitions_pending_revocation: list[TopicPartitions] = array_of(TopicPartitions)


@message(key=16, versions="0", flexible="none")
class ConsumerGroupRegularExpressionKey:
    """The expression that a ConsumerGroupRegularExpressionValue is about."""

    group_id: str = field(STRING)
    regular_expression: str = field(STRING)


@message(key=16, versions="0", flexible="0+")
class ConsumerGroupRegularExpressionValue:
    """The topics that an expression stood for when it was resolved."""

    topics: list[str] = array_of(STRING)
    version: int = field(INT64)
    """Offset of the metadata image that it was resolved against."""
    timestamp: int = field(INT64)
    """When, in ms."""
