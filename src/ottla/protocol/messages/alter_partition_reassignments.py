"""AlterPartitionReassignments (45), v0-1: move replicas, or take a move back (KIP-455).

From v1 a client may have moves refused that would change the number of replicas (KIP-860).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, STRING, array_of, field, message, struct


@struct
class ReassignablePartition:
    """Where the replicas of one partition are to be."""

    partition_index: int = field(INT32)
    replicas: list[int] | None = array_of(INT32, nullable="0+", default=None)
    """The first is the preferred leader; null takes back what is under way."""


@struct
class ReassignableTopic:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[ReassignablePartition] = array_of(ReassignablePartition)


@message(key=45, versions="0-1", flexible="0+")
class AlterPartitionReassignmentsRequest:
    """Which partitions are to move, and where to."""

    timeout_ms: int = field(INT32, default=60000)
    """Longest wait for the controller."""
    allow_replication_factor_change: bool = field(BOOL, versions="1+", default=True)
    """Whether a partition may get more or fewer replicas than it has."""
    topics: list[ReassignableTopic] = array_of(ReassignableTopic)


@struct
class ReassignablePartitionResponse:
    """What became of one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error, or only the code's own words."""


@struct
class ReassignableTopicResponse:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[ReassignablePartitionResponse] = array_of(ReassignablePartitionResponse)


@message(key=45, versions="0-1", flexible="0+")
class AlterPartitionReassignmentsResponse:
    """One answer for each partition."""

    throttle_time_ms: int = field(INT32)
    allow_replication_factor_change: bool = field(BOOL, versions="1+", default=True)
    """What the request said."""
    error_code: int = field(INT16)
    """Of the request as a whole."""
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error; empty where nothing was asked."""
    responses: list[ReassignableTopicResponse] = array_of(ReassignableTopicResponse)
