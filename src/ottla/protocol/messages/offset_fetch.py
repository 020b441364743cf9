"""OffsetFetch (9), v1-10: how far a group has read.

One group up to v7, any number from v8 (KIP-709). A group or partition that is unknown is no error: its offset is -1.
v10 names topics by id (KIP-848).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, UUID, array_of, field, message, struct


@struct
class OffsetFetchRequestTopic:
    """The partitions of one topic, up to v7."""

    name: str = field(STRING)
    partition_indexes: list[int] = array_of(INT32)


@struct
class OffsetFetchRequestTopics:
    """The partitions of one topic, from v8."""

    name: str = field(STRING, versions="8-9")
    """Up to v9; empty from v10, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="10+")
    partition_indexes: list[int] = array_of(INT32)


@struct
class OffsetFetchRequestGroup:
    """One group that is asked for."""

    group_id: str = field(STRING)
    member_id: str | None = field(STRING, versions="9+", nullable="0+", default=None)
    """Null from a client that is no member of a consumer group (KIP-848)."""
    member_epoch: int = field(INT32, versions="9+", default=-1)
    """Member epoch in a consumer group; -1 from a client that is no member, which skips the check."""
    topics: list[OffsetFetchRequestTopics] | None = array_of(OffsetFetchRequestTopics, nullable="0+")
    """Null for every partition that has an offset."""


@message(key=9, versions="1-10", flexible="6+")
class OffsetFetchRequest:
    """The groups that are asked for: the fields up to v7, or `groups`."""

    group_id: str = field(STRING, versions="1-7")
    topics: list[OffsetFetchRequestTopic] | None = array_of(
        OffsetFetchRequestTopic, versions="1-7", nullable="2-7"
    )
    """Null for every partition that has an offset, from v2."""
    groups: list[OffsetFetchRequestGroup] = array_of(OffsetFetchRequestGroup, versions="8+")
    require_stable: bool = field(BOOL, versions="7+")
    """Refuse with UNSTABLE_OFFSET_COMMIT where a transaction that commits offsets is undecided (KIP-447)."""


@struct
class OffsetFetchResponsePartition:
    """The offset of one partition, up to v7."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    """-1 when there is none."""
    committed_leader_epoch: int = field(INT32, versions="5-7", default=-1)
    """-1 when unknown."""
    metadata: str | None = field(STRING, nullable="0+")
    """The consumer's own text; empty when there is none."""
    error_code: int = field(INT16)


@struct
class OffsetFetchResponseTopic:
    """The partitions of one topic, up to v7."""

    name: str = field(STRING)
    partitions: list[OffsetFetchResponsePartition] = array_of(OffsetFetchResponsePartition)


@struct
class OffsetFetchResponsePartitions:
    """The offset of one partition, from v8."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    """-1 when there is none."""
    committed_leader_epoch: int = field(INT32, default=-1)
    """-1 when unknown."""
    metadata: str | None = field(STRING, nullable="0+")
    """The consumer's own text; empty when there is none."""
    error_code: int = field(INT16)


@struct
class OffsetFetchResponseTopics:
    """The partitions of one topic, from v8."""

    name: str = field(STRING, versions="8-9")
    """Up to v9; empty from v10, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetFetchResponsePartitions] = array_of(OffsetFetchResponsePartitions)


@struct
class OffsetFetchResponseGroup:
    """The offsets of one group."""

    group_id: str = field(STRING)
    topics: list[OffsetFetchResponseTopics] = array_of(OffsetFetchResponseTopics)
    error_code: int = field(INT16)
    """The error of the group as a whole; it then has no topics."""


@message(key=9, versions="1-10", flexible="6+")
class OffsetFetchResponse:
    """The offsets of the groups: the fields up to v7, or `groups`."""

    throttle_time_ms: int = field(INT32, versions="3+")
    topics: list[OffsetFetchResponseTopic] = array_of(OffsetFetchResponseTopic, versions="1-7")
    error_code: int = field(INT16, versions="2-7")
    """The error of the group as a whole, v2 to v7."""
    groups: list[OffsetFetchResponseGroup] = array_of(OffsetFetchResponseGroup, versions="8+")
