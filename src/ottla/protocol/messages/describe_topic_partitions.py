"""DescribeTopicPartitions (75), v0: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, STRING, UUID, array_of, field, message, struct, struct_of


@struct
class TopicRequest:
    """TopicRequest of DescribeTopicPartitionsRequest."""

    name: str = field(STRING)


@struct
class Cursor:
    """Cursor of DescribeTopicPartitionsRequest."""

    topic_name: str = field(STRING)
    partition_index: int = field(INT32)


@message(key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsRequest:
    """DescribeTopicPartitionsRequest."""

    topics: list[TopicRequest] = array_of(TopicRequest)
    response_partition_limit: int = field(INT32, default=2000)
    cursor: Cursor | None = struct_of(Cursor, nullable="0+", default=None)


@struct
class DescribeTopicPartitionsResponsePartition:
    """DescribeTopicPartitionsResponsePartition of DescribeTopicPartitionsResponse."""

    error_code: int = field(INT16)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32, default=-1)
    replica_nodes: list[int] = array_of(INT32)
    isr_nodes: list[int] = array_of(INT32)
    eligible_leader_replicas: list[int] | None = array_of(INT32, nullable="0+", default=None)
    last_known_elr: list[int] | None = array_of(INT32, nullable="0+", default=None)
    offline_replicas: list[int] = array_of(INT32)


@struct
class DescribeTopicPartitionsResponseTopic:
    """DescribeTopicPartitionsResponseTopic of DescribeTopicPartitionsResponse."""

    error_code: int = field(INT16)
    name: str | None = field(STRING, nullable="0+")
    topic_id: Uuid = field(UUID)
    is_internal: bool = field(BOOL)
    partitions: list[DescribeTopicPartitionsResponsePartition] = array_of(
        DescribeTopicPartitionsResponsePartition
    )
    topic_authorized_operations: int = field(INT32, default=-2147483648)


@message(key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsResponse:
    """DescribeTopicPartitionsResponse."""

    throttle_time_ms: int = field(INT32)
    topics: list[DescribeTopicPartitionsResponseTopic] = array_of(DescribeTopicPartitionsResponseTopic)
    next_cursor: Cursor | None = struct_of(Cursor, nullable="0+", default=None)
