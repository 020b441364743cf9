"""Produce (0), v3-13: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class PartitionProduceData:
    """PartitionProduceData of ProduceRequest."""

    index: int = field(INT32)
    records: bytes | memoryview | None = field(RECORDS, nullable="0+", default=None)


@struct
class TopicProduceData:
    """TopicProduceData of ProduceRequest."""

    name: str = field(STRING, versions="3-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partition_data: list[PartitionProduceData] = array_of(PartitionProduceData)


@message(key=0, versions="3-13", flexible="9+")
class ProduceRequest:
    """ProduceRequest."""

    transactional_id: str | None = field(STRING, nullable="0+", default=None)
    acks: int = field(INT16)
    timeout_ms: int = field(INT32)
    topic_data: list[TopicProduceData] = array_of(TopicProduceData)


@struct
class BatchIndexAndErrorMessage:
    """BatchIndexAndErrorMessage of ProduceResponse."""

    batch_index: int = field(INT32)
    batch_index_error_message: str | None = field(STRING, nullable="0+", default=None)


@struct
class LeaderIdAndEpoch:
    """LeaderIdAndEpoch of ProduceResponse."""

    leader_id: int = field(INT32, default=-1)
    leader_epoch: int = field(INT32, default=-1)


@struct
class PartitionProduceResponse:
    """PartitionProduceResponse of ProduceResponse."""

    index: int = field(INT32)
    error_code: int = field(INT16)
    base_offset: int = field(INT64)
    log_append_time_ms: int = field(INT64, default=-1)
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    record_errors: list[BatchIndexAndErrorMessage] = array_of(BatchIndexAndErrorMessage, versions="8+")
    error_message: str | None = field(STRING, versions="8+", nullable="0+", default=None)
    current_leader: LeaderIdAndEpoch = struct_of(
        LeaderIdAndEpoch, versions="10+", tag=0, tagged_versions="10+"
    )


@struct
class TopicProduceResponse:
    """TopicProduceResponse of ProduceResponse."""

    name: str = field(STRING, versions="3-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partition_responses: list[PartitionProduceResponse] = array_of(PartitionProduceResponse)


@struct
class NodeEndpoint:
    """NodeEndpoint of ProduceResponse."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)


@message(key=0, versions="3-13", flexible="9+")
class ProduceResponse:
    """ProduceResponse."""

    responses: list[TopicProduceResponse] = array_of(TopicProduceResponse)
    throttle_time_ms: int = field(INT32)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="10+", tag=0, tagged_versions="10+")
