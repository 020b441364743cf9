"""OffsetForLeaderEpoch (23), v2-4: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class OffsetForLeaderPartition:
    """OffsetForLeaderPartition of OffsetForLeaderEpochRequest."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, default=-1)
    leader_epoch: int = field(INT32)


@struct
class OffsetForLeaderTopic:
    """OffsetForLeaderTopic of OffsetForLeaderEpochRequest."""

    topic: str = field(STRING)
    partitions: list[OffsetForLeaderPartition] = array_of(OffsetForLeaderPartition)


@message(key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochRequest:
    """OffsetForLeaderEpochRequest."""

    replica_id: int = field(INT32, versions="3+", default=-2)
    topics: list[OffsetForLeaderTopic] = array_of(OffsetForLeaderTopic)


@struct
class EpochEndOffset:
    """EpochEndOffset of OffsetForLeaderEpochResponse."""

    error_code: int = field(INT16)
    partition: int = field(INT32)
    leader_epoch: int = field(INT32, default=-1)
    end_offset: int = field(INT64, default=-1)


@struct
class OffsetForLeaderTopicResult:
    """OffsetForLeaderTopicResult of OffsetForLeaderEpochResponse."""

    topic: str = field(STRING)
    partitions: list[EpochEndOffset] = array_of(EpochEndOffset)


@message(key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochResponse:
    """OffsetForLeaderEpochResponse."""

    throttle_time_ms: int = field(INT32)
    topics: list[OffsetForLeaderTopicResult] = array_of(OffsetForLeaderTopicResult)
