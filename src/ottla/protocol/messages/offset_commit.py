"""OffsetCommit (8), v2-10: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, INT64, STRING, UUID, array_of, field, message, struct


@struct
class OffsetCommitRequestPartition:
    """OffsetCommitRequestPartition of OffsetCommitRequest."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    committed_leader_epoch: int = field(INT32, versions="6+", default=-1)
    committed_metadata: str | None = field(STRING, nullable="0+")


@struct
class OffsetCommitRequestTopic:
    """OffsetCommitRequestTopic of OffsetCommitRequest."""

    name: str = field(STRING, versions="2-9")
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetCommitRequestPartition] = array_of(OffsetCommitRequestPartition)


@message(key=8, versions="2-10", flexible="8+")
class OffsetCommitRequest:
    """OffsetCommitRequest."""

    group_id: str = field(STRING)
    generation_id_or_member_epoch: int = field(INT32, default=-1)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="7+", nullable="0+", default=None)
    retention_time_ms: int = field(INT64, versions="2-4", default=-1)
    topics: list[OffsetCommitRequestTopic] = array_of(OffsetCommitRequestTopic)


@struct
class OffsetCommitResponsePartition:
    """OffsetCommitResponsePartition of OffsetCommitResponse."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class OffsetCommitResponseTopic:
    """OffsetCommitResponseTopic of OffsetCommitResponse."""

    name: str = field(STRING, versions="2-9")
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetCommitResponsePartition] = array_of(OffsetCommitResponsePartition)


@message(key=8, versions="2-10", flexible="8+")
class OffsetCommitResponse:
    """OffsetCommitResponse."""

    throttle_time_ms: int = field(INT32, versions="3+")
    topics: list[OffsetCommitResponseTopic] = array_of(OffsetCommitResponseTopic)
