"""ListPartitionReassignments (46), v0: the partitions whose replicas are being moved (KIP-455)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class ListPartitionReassignmentsTopics:
    """The partitions of one topic that are asked for."""

    name: str = field(STRING)
    partition_indexes: list[int] = array_of(INT32)


@message(key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsRequest:
    """Which partitions are asked for."""

    timeout_ms: int = field(INT32, default=60000)
    """Longest wait for the controller."""
    topics: list[ListPartitionReassignmentsTopics] | None = array_of(
        ListPartitionReassignmentsTopics, nullable="0+", default=None
    )
    """Null for all."""


@struct
class OngoingPartitionReassignment:
    """A partition that is being moved."""

    partition_index: int = field(INT32)
    replicas: list[int] = array_of(INT32)
    """All replicas, those to be added and removed included."""
    adding_replicas: list[int] = array_of(INT32)
    removing_replicas: list[int] = array_of(INT32)


@struct
class OngoingTopicReassignment:
    """The partitions of one topic that are being moved."""

    name: str = field(STRING)
    partitions: list[OngoingPartitionReassignment] = array_of(OngoingPartitionReassignment)


@message(key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsResponse:
    """What is being moved; partitions at rest are left out."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    topics: list[OngoingTopicReassignment] = array_of(OngoingTopicReassignment)
