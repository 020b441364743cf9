"""DescribeProducers (61), v0: what partitions remember of their producers (KIP-664)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class TopicRequest:
    """The partitions of one topic that are asked for."""

    name: str = field(STRING)
    partition_indexes: list[int] = array_of(INT32)


@message(key=61, versions="0", flexible="0+")
class DescribeProducersRequest:
    """Which partitions are asked for."""

    topics: list[TopicRequest] = array_of(TopicRequest)


@struct
class ProducerState:
    """One producer of a partition."""

    producer_id: int = field(INT64)
    producer_epoch: int = field(INT32)
    last_sequence: int = field(INT32, default=-1)
    """Of its last record; -1 where none of this epoch is known."""
    last_timestamp: int = field(INT64, default=-1)
    """Of its last batch, in ms; -1 where none is known."""
    coordinator_epoch: int = field(INT32)
    """Of the coordinator that ended its last transaction; -1 where none did."""
    current_txn_start_offset: int = field(INT64, default=-1)
    """Where its open transaction begins; -1 where none is open."""


@struct
class PartitionResponse:
    """The producers of one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    """Null where there is no error, or nothing to say about it."""
    active_producers: list[ProducerState] = array_of(ProducerState)


@struct
class TopicResponse:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[PartitionResponse] = array_of(PartitionResponse)


@message(key=61, versions="0", flexible="0+")
class DescribeProducersResponse:
    """One answer for each partition."""

    throttle_time_ms: int = field(INT32)
    topics: list[TopicResponse] = array_of(TopicResponse)
