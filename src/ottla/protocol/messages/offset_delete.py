"""OffsetDelete (47), v0: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class OffsetDeleteRequestPartition:
    """OffsetDeleteRequestPartition of OffsetDeleteRequest."""

    partition_index: int = field(INT32)


@struct
class OffsetDeleteRequestTopic:
    """OffsetDeleteRequestTopic of OffsetDeleteRequest."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteRequestPartition] = array_of(OffsetDeleteRequestPartition)


@message(key=47, versions="0", flexible="none")
class OffsetDeleteRequest:
    """OffsetDeleteRequest."""

    group_id: str = field(STRING)
    topics: list[OffsetDeleteRequestTopic] = array_of(OffsetDeleteRequestTopic)


@struct
class OffsetDeleteResponsePartition:
    """OffsetDeleteResponsePartition of OffsetDeleteResponse."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class OffsetDeleteResponseTopic:
    """OffsetDeleteResponseTopic of OffsetDeleteResponse."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteResponsePartition] = array_of(OffsetDeleteResponsePartition)


@message(key=47, versions="0", flexible="none")
class OffsetDeleteResponse:
    """OffsetDeleteResponse."""

    error_code: int = field(INT16)
    throttle_time_ms: int = field(INT32)
    topics: list[OffsetDeleteResponseTopic] = array_of(OffsetDeleteResponseTopic)
