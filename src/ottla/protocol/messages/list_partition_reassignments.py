"""ListPartitionReassignments (46), v0: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class ListPartitionReassignmentsTopics:
    """ListPartitionReassignmentsTopics of ListPartitionReassignmentsRequest."""

    name: str = field(STRING)
    partition_indexes: list[int] = array_of(INT32)


@message(key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsRequest:
    """ListPartitionReassignmentsRequest."""

    timeout_ms: int = field(INT32, default=60000)
    topics: list[ListPartitionReassignmentsTopics] | None = array_of(
        ListPartitionReassignmentsTopics, nullable="0+", default=None
    )


@struct
class OngoingPartitionReassignment:
    """OngoingPartitionReassignment of ListPartitionReassignmentsResponse."""

    partition_index: int = field(INT32)
    replicas: list[int] = array_of(INT32)
    adding_replicas: list[int] = array_of(INT32)
    removing_replicas: list[int] = array_of(INT32)


@struct
class OngoingTopicReassignment:
    """OngoingTopicReassignment of ListPartitionReassignmentsResponse."""

    name: str = field(STRING)
    partitions: list[OngoingPartitionReassignment] = array_of(OngoingPartitionReassignment)


@message(key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsResponse:
    """ListPartitionReassignmentsResponse."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    topics: list[OngoingTopicReassignment] = array_of(OngoingTopicReassignment)
