"""What a streams group leaves in `__consumer_offsets` (KIP-1071)."""

from __future__ import annotations

from ottla.wire.schema import (
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT16,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@message(key=17, versions="0", flexible="none")
class StreamsGroupMetadataKey:
    """The group that a StreamsGroupMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=17, versions="0", flexible="0+")
class StreamsGroupMetadataValue:
    """The epoch of a group; the group is there as long as this is."""

    epoch: int = field(INT32)
    metadata_hash: int = field(INT64)
    """A hash of the topics that the group reads."""


@message(key=19, versions="0", flexible="none")
class StreamsGroupMemberMetadataKey:
    """The member that a StreamsGroupMemberMetadataValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@struct
class Endpoint:
    """Where a member answers interactive queries."""

    host: str = field(STRING)
    port: int = field(UINT16)


@struct
class KeyValue:
    """A client tag."""

    key: str = field(STRING)
    value: str = field(STRING)


@message(key=19, versions="0", flexible="0+")
class StreamsGroupMemberMetadataValue:
    """A member, as it has described itself."""

    instance_id: str | None = field(STRING, nullable="0+")
    """Null for a dynamic member (KIP-345)."""
    rack_id: str | None = field(STRING, nullable="0+")
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    rebalance_timeout_ms: int = field(INT32, default=-1)
    topology_epoch: int = field(INT32)
    process_id: str = field(STRING)
    """Members of one process share its state directory."""
    user_endpoint: Endpoint | None = struct_of(Endpoint, nullable="0+", default=None)
    """Null where the application names none."""
    client_tags: list[KeyValue] = array_of(KeyValue)


@message(key=20, versions="0", flexible="none")
class StreamsGroupTargetAssignmentMetadataKey:
    """The group that a StreamsGroupTargetAssignmentMetadataValue is about."""

    group_id: str = field(STRING)


@message(key=20, versions="0", flexible="0+")
class StreamsGroupTargetAssignmentMetadataValue:
    """The group epoch for which the assignment was computed."""

    assignment_epoch: int = field(INT32)


@struct
class TaskIds:
    """Tasks of one part of the topology, by partition."""

    subtopology_id: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@message(key=21, versions="0", flexible="none")
class StreamsGroupTargetAssignmentMemberKey:
    """The member that a StreamsGroupTargetAssignmentMemberValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@message(key=21, versions="0", flexible="0+")
class StreamsGroupTargetAssignmentMemberValue:
    """What a member is to run in the end."""

    active_tasks: list[TaskIds] = array_of(TaskIds)
    standby_tasks: list[TaskIds] = array_of(TaskIds)
    warmup_tasks: list[TaskIds] = array_of(TaskIds)


@message(key=22, versions="0", flexible="none")
class StreamsGroupCurrentMemberAssignmentKey:
    """The member that a StreamsGroupCurrentMemberAssignmentValue is about."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)


@message(key=22, versions="0", flexible="0+")
class StreamsGroupCurrentMemberAssignmentValue:
    """What a member runs now, and what it must give up first."""

    member_epoch: int = field(INT32)
    previous_member_epoch: int = field(INT32)
    """Still taken from a member that has not heard of the newer one."""
    state: int = field(INT8)
    """0: stable; 1: must give up tasks; 2: waits for tasks of others; 127: unknown."""
    active_tasks: list[TaskIds] = array_of(TaskIds)
    standby_tasks: list[TaskIds] = array_of(TaskIds)
    warmup_tasks: list[TaskIds] = array_of(TaskIds)
    active_tasks_pending_revocation: list[TaskIds] = array_of(TaskIds)
    standby_tasks_pending_revocation: list[TaskIds] = array_of(TaskIds)
    warmup_tasks_pending_revocation: list[TaskIds] = array_of(TaskIds)


@message(key=23, versions="0", flexible="none")
class StreamsGroupTopologyKey:
    """The group that a StreamsGroupTopologyValue is about."""

    group_id: str = field(STRING)


@struct
class TopicConfig:
    """A topic's option."""

    key: str = field(STRING)
    value: str = field(STRING)


@struct
class TopicInfo:
    """An internal topic of the application."""

    name: str = field(STRING)
    partitions: int = field(INT32)
    """0 where the number follows from other topics."""
    replication_factor: int = field(INT16)
    """0 for the broker's default."""
    topic_configs: list[TopicConfig] = array_of(TopicConfig)


@struct
class CopartitionGroup:
    """Topics that must have as many partitions as each other, by their places in the subtopology's lists."""

    source_topics: list[int] = array_of(INT16)
    source_topic_regex: list[int] = array_of(INT16)
    repartition_source_topics: list[int] = array_of(INT16)


@struct
class Subtopology:
    """A part of the topology that has tasks of its own."""

    subtopology_id: str = field(STRING)
    source_topics: list[str] = array_of(STRING)
    source_topic_regex: list[str] = array_of(STRING)
    state_changelog_topics: list[TopicInfo] = array_of(TopicInfo)
    repartition_sink_topics: list[str] = array_of(STRING)
    repartition_source_topics: list[TopicInfo] = array_of(TopicInfo)
    copartition_groups: list[CopartitionGroup] = array_of(CopartitionGroup)


@message(key=23, versions="0", flexible="0+")
class StreamsGroupTopologyValue:
    """What the application computes, as far as the broker needs to know."""

    epoch: int = field(INT32)
    subtopologies: list[Subtopology] = array_of(Subtopology)
