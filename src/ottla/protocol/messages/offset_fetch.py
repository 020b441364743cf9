"""OffsetFetch (9), v1-10: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, UUID, array_of, field, message, struct


@struct
class OffsetFetchRequestTopic:
    """OffsetFetchRequestTopic of OffsetFetchRequest."""

    name: str = field(STRING)
    partition_indexes: list[int] = array_of(INT32)


@struct
class OffsetFetchRequestTopics:
    """OffsetFetchRequestTopics of OffsetFetchRequest."""

    name: str = field(STRING, versions="8-9")
    topic_id: Uuid = field(UUID, versions="10+")
    partition_indexes: list[int] = array_of(INT32)


@struct
class OffsetFetchRequestGroup:
    """OffsetFetchRequestGroup of OffsetFetchRequest."""

    group_id: str = field(STRING)
    member_id: str | None = field(STRING, versions="9+", nullable="0+", default=None)
    member_epoch: int = field(INT32, versions="9+", default=-1)
    topics: list[OffsetFetchRequestTopics] | None = array_of(OffsetFetchRequestTopics, nullable="0+")


@message(key=9, versions="1-10", flexible="6+")
class OffsetFetchRequest:
    """OffsetFetchRequest."""

    group_id: str = field(STRING, versions="1-7")
    topics: list[OffsetFetchRequestTopic] | None = array_of(
        OffsetFetchRequestTopic, versions="1-7", nullable="2-7"
    )
    groups: list[OffsetFetchRequestGroup] = array_of(OffsetFetchRequestGroup, versions="8+")
    require_stable: bool = field(BOOL, versions="7+")


@struct
class OffsetFetchResponsePartition:
    """OffsetFetchResponsePartition of OffsetFetchResponse."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    committed_leader_epoch: int = field(INT32, versions="5-7", default=-1)
    metadata: str | None = field(STRING, nullable="0+")
    error_code: int = field(INT16)


@struct
class OffsetFetchResponseTopic:
    """OffsetFetchResponseTopic of OffsetFetchResponse."""

    name: str = field(STRING)
    partitions: list[OffsetFetchResponsePartition] = array_of(OffsetFetchResponsePartition)


@struct
class OffsetFetchResponsePartitions:
    """OffsetFetchResponsePartitions of OffsetFetchResponse."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    committed_leader_epoch: int = field(INT32, default=-1)
    metadata: str | None = field(STRING, nullable="0+")
    error_code: int = field(INT16)


@struct
class OffsetFetchResponseTopics:
    """OffsetFetchResponseTopics of OffsetFetchResponse."""

    name: str = field(STRING, versions="8-9")
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetFetchResponsePartitions] = array_of(OffsetFetchResponsePartitions)


@struct
class OffsetFetchResponseGroup:
    """OffsetFetchResponseGroup of OffsetFetchResponse."""

    group_id: str = field(STRING)
    topics: list[OffsetFetchResponseTopics] = array_of(OffsetFetchResponseTopics)
    error_code: int = field(INT16)


@message(key=9, versions="1-10", flexible="6+")
class OffsetFetchResponse:
    """OffsetFetchResponse."""

    throttle_time_ms: int = field(INT32, versions="3+")
    topics: list[OffsetFetchResponseTopic] = array_of(OffsetFetchResponseTopic, versions="1-7")
    error_code: int = field(INT16, versions="2-7")
    groups: list[OffsetFetchResponseGroup] = array_of(OffsetFetchResponseGroup, versions="8+")
