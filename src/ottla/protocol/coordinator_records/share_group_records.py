"""What a share group leaves in `__consumer_offsets` (KIP-932)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT8, INT32, INT64, STRING, UUID, array_of, field, message, struct


@message(key=10, versions="0", flexible="none")
class ShareGroupMemberMetadataKey:
    """The member that a ShareGroupMemberMetadataValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@message(key=10, versions="0", flexible="0+")
class ShareGroupMemberMetadataValue:
    """A member, as it has described itself."""

    rack_id: str | None = field(STRING, nullable="0+")
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    subscribed_topic_names: list[str] = array_of(STRING)


@message(key=11, versions="0", flexible="none")
class ShareGroupMetadataKey:
    """The group that a ShareGroupMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=11, versions="0", flexible="0+")
class ShareGroupMetadataValue:
    """The epoch of a group; the group is there as long as this is."""

    epoch: int = field(INT32)
    metadata_hash: int = field(INT64)
    """A hash of the topics that the group subscribes to."""


@message(key=12, versions="0", flexible="none")
class ShareGroupTargetAssignmentMetadataKey:
    """The group that a ShareGroupTargetAssignmentMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=12, versions="0", flexible="0+")
class ShareGroupTargetAssignmentMetadataValue:
    """The group epoch for which the assignment was computed."""

    assignment_epoch: int = field(INT32)


@struct
class TopicPartition:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = array_of(INT32)


@message(key=13, versions="0", flexible="none")
class ShareGroupTargetAssignmentMemberKey:
    """The member that a ShareGroupTargetAssignmentMemberValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@message(key=13, versions="0", flexible="0+")
class ShareGroupTargetAssignmentMemberValue:
    """What a member is to have."""

    topic_partitions: list[TopicPartition] = array_of(TopicPartition)


@message(key=14, versions="0", flexible="none")
class ShareGroupCurrentMemberAssignmentKey:
    """The member that a ShareGroupCurrentMemberAssignmentValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@struct
class TopicPartitions:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = array_of(INT32)


@message(key=14, versions="0", flexible="0+")
class ShareGroupCurrentMemberAssignmentValue:
    """What a member has now."""

    member_epoch: int = field(INT32)
    previous_member_epoch: int = field(INT32)
    """Still taken from a member that has not heard of the newer one."""
    state: int = field(INT8)
    """0: stable; 127: unknown."""
    assigned_partitions: list[TopicPartitions] = array_of(TopicPartitions)


@message(key=15, versions="0", flexible="none")
class ShareGroupStatePartitionMetadataKey:
    """The group that a ShareGroupStatePartitionMetadataValue is about."""

    group_id: str = field(STRING)


@struct
class TopicPartitionsInfo:
    """Partitions of one topic, with its name."""

    topic_id: Uuid = field(UUID)
    topic_name: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@struct
class TopicInfo:
    """A topic, with its name."""

    topic_id: Uuid = field(UUID)
    topic_name: str = field(STRING)


@message(key=15, versions="0", flexible="0+")
class ShareGroupStatePartitionMetadataValue:
    """For which partitions the share coordinator keeps state."""

    initializing_topics: list[TopicPartitionsInfo] = array_of(TopicPartitionsInfo)
    initialized_topics: list[TopicPartitionsInfo] = array_of(TopicPartitionsInfo)
    deleting_topics: list[TopicInfo] = array_of(TopicInfo)
