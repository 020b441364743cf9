"""OffsetCommit (8), v2-10: store how far a group has read.

Accepted from a member with its generation or epoch, or from anybody while a group is empty or absent. v10 names topics
by id (KIP-848).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, INT64, STRING, UUID, array_of, field, message, struct


@struct
class OffsetCommitRequestPartition:
    """The offset for one partition."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    """Offset of the next record that the group will read."""
    committed_leader_epoch: int = field(INT32, versions="6+", default=-1)
    """Leader epoch of the last record read; -1 when unknown (KIP-320)."""
    committed_metadata: str | None = field(STRING, nullable="0+")
    """The consumer's own text, limited by offset.metadata.max.bytes; null is stored as empty."""


@struct
class OffsetCommitRequestTopic:
    """The partitions of one topic."""

    name: str = field(STRING, versions="2-9")
    """Up to v9; empty from v10, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetCommitRequestPartition] = array_of(OffsetCommitRequestPartition)


@message(key=8, versions="2-10", flexible="8+")
class OffsetCommitRequest:
    """The offsets of one group."""

    group_id: str = field(STRING)
    generation_id_or_member_epoch: int = field(INT32, default=-1)
    """Generation of a classic group, or member epoch of a consumer group (v9); negative from a client that is no
    member.
    """
    member_id: str = field(STRING)
    """Empty from a client that is no member."""
    group_instance_id: str | None = field(STRING, versions="7+", nullable="0+", default=None)
    """Name of a static member (KIP-345); null for a dynamic one."""
    retention_time_ms: int = field(INT64, versions="2-4", default=-1)
    """v2 to v4: keep the offsets for so long; -1 for the broker's own rule."""
    topics: list[OffsetCommitRequestTopic] = array_of(OffsetCommitRequestTopic)


@struct
class OffsetCommitResponsePartition:
    """Whether the offset of one partition was stored."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class OffsetCommitResponseTopic:
    """The partitions of one topic."""

    name: str = field(STRING, versions="2-9")
    """Up to v9; empty from v10, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="10+")
    partitions: list[OffsetCommitResponsePartition] = array_of(OffsetCommitResponsePartition)


@message(key=8, versions="2-10", flexible="8+")
class OffsetCommitResponse:
    """One answer per partition of the request."""

    throttle_time_ms: int = field(INT32, versions="3+")
    topics: list[OffsetCommitResponseTopic] = array_of(OffsetCommitResponseTopic)
