"""ListOffsets (2), v1-10: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class ListOffsetsPartition:
    """ListOffsetsPartition of ListOffsetsRequest."""

    partition_index: int = field(INT32)
    current_leader_epoch: int = field(INT32, versions="4+", default=-1)
    timestamp: int = field(INT64)


@struct
class ListOffsetsTopic:
    """ListOffsetsTopic of ListOffsetsRequest."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartition] = array_of(ListOffsetsPartition)


@message(key=2, versions="1-10", flexible="6+")
class ListOffsetsRequest:
    """ListOffsetsRequest."""

    replica_id: int = field(INT32)
    isolation_level: int = field(INT8, versions="2+")
    topics: list[ListOffsetsTopic] = array_of(ListOffsetsTopic)
    timeout_ms: int = field(INT32, versions="10+")


@struct
class ListOffsetsPartitionResponse:
    """ListOffsetsPartitionResponse of ListOffsetsResponse."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    timestamp: int = field(INT64, default=-1)
    offset: int = field(INT64, default=-1)
    leader_epoch: int = field(INT32, versions="4+", default=-1)


@struct
class ListOffsetsTopicResponse:
    """ListOffsetsTopicResponse of ListOffsetsResponse."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartitionResponse] = array_of(ListOffsetsPartitionResponse)


@message(key=2, versions="1-10", flexible="6+")
class ListOffsetsResponse:
    """ListOffsetsResponse."""

    throttle_time_ms: int = field(INT32, versions="2+")
    topics: list[ListOffsetsTopicResponse] = array_of(ListOffsetsTopicResponse)
