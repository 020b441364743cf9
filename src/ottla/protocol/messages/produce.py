"""Produce (0), v3-13: append record batches to partitions.

Answered per partition; with `acks=0` there is no response at all. v13 names topics by
id (KIP-516).
"""

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
    """The records for one partition."""

    index: int = field(INT32)
    records: bytes | memoryview | None = field(RECORDS, nullable="0+", default=None)
    """Exactly one batch, of magic 2."""


@struct
class TopicProduceData:
    """The partitions of one topic that get records."""

    name: str = field(STRING, versions="3-12")
    """Up to v12; empty from v13, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="13+")
    partition_data: list[PartitionProduceData] = array_of(PartitionProduceData)


@message(key=0, versions="3-13", flexible="9+")
class ProduceRequest:
    """Records for any number of partitions."""

    transactional_id: str | None = field(STRING, nullable="0+", default=None)
    """Null unless the producer is transactional (KIP-98)."""
    acks: int = field(INT16)
    """0: no response; 1: answer after the local append; -1: answer when every in-sync replica has it. Nothing else is
    valid.
    """
    timeout_ms: int = field(INT32)
    """Longest wait for the in-sync replicas when `acks` is -1."""
    topic_data: list[TopicProduceData] = array_of(TopicProduceData)


@struct
class BatchIndexAndErrorMessage:
    """One record that made its batch be refused (KIP-467)."""

    batch_index: int = field(INT32)
    """Position of the record within the batch, from 0."""
    batch_index_error_message: str | None = field(STRING, nullable="0+", default=None)
    """Null where only the top message says why."""


@struct
class LeaderIdAndEpoch:
    """The leader to turn to (KIP-951)."""

    leader_id: int = field(INT32, default=-1)
    """-1 when unknown."""
    leader_epoch: int = field(INT32, default=-1)
    """-1 when unknown."""


@struct
class PartitionProduceResponse:
    """What became of the batch for one partition."""

    index: int = field(INT32)
    error_code: int = field(INT16)
    base_offset: int = field(INT64)
    """Offset of the first record, also for a duplicate that was appended earlier; -1 on error."""
    log_append_time_ms: int = field(INT64, default=-1)
    """Timestamp given by the broker where the topic uses LogAppendTime, else -1. A duplicate gets the largest timestamp
    of the original batch.
    """
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    """From v5; -1 when unknown. A producer infers from it whether its state was deleted by retention."""
    record_errors: list[BatchIndexAndErrorMessage] = array_of(BatchIndexAndErrorMessage, versions="8+")
    """The records that were refused; one of them refuses the whole batch."""
    error_message: str | None = field(STRING, versions="8+", nullable="0+", default=None)
    """The reason in words, from v8; null where the code says it all."""
    current_leader: LeaderIdAndEpoch | None = struct_of(LeaderIdAndEpoch, versions="10+", default=None, tag=0)
    """Only with NOT_LEADER_OR_FOLLOWER; None where it is not sent."""


@struct
class TopicProduceResponse:
    """The partitions of one topic."""

    name: str = field(STRING, versions="3-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partition_responses: list[PartitionProduceResponse] = array_of(PartitionProduceResponse)


@struct
class NodeEndpoint:
    """Where a node that `current_leader` names listens (KIP-951)."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)
    """Null where the node has none."""


@message(key=0, versions="3-13", flexible="9+")
class ProduceResponse:
    """One answer per partition of the request."""

    responses: list[TopicProduceResponse] = array_of(TopicProduceResponse)
    throttle_time_ms: int = field(INT32)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="10+", tag=0)
    """Every node that a `current_leader` of this response names."""
