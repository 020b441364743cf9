"""OffsetDelete (47), v0: delete committed offsets of a group (KIP-496).

Refused per topic while a member subscribes to it. Never became a flexible API.
"""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class OffsetDeleteRequestPartition:
    """A partition whose offset is to go."""

    partition_index: int = field(INT32)


@struct
class OffsetDeleteRequestTopic:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteRequestPartition] = array_of(OffsetDeleteRequestPartition)


@message(key=47, versions="0", flexible="none")
class OffsetDeleteRequest:
    """The offsets to delete."""

    group_id: str = field(STRING)
    topics: list[OffsetDeleteRequestTopic] = array_of(OffsetDeleteRequestTopic)


@struct
class OffsetDeleteResponsePartition:
    """Whether the offset of one partition was deleted."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class OffsetDeleteResponseTopic:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteResponsePartition] = array_of(OffsetDeleteResponsePartition)


@message(key=47, versions="0", flexible="none")
class OffsetDeleteResponse:
    """One answer per partition of the request."""

    error_code: int = field(INT16)
    """The error of the group as a whole; there are then no topics."""
    throttle_time_ms: int = field(INT32)
    topics: list[OffsetDeleteResponseTopic] = array_of(OffsetDeleteResponseTopic)
