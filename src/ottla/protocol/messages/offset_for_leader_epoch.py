"""OffsetForLeaderEpoch (23), v2-4: where a leader epoch ended in the log (KIP-101, KIP-320).

Consumers and followers find with it where their log parted from the leader's.
"""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class OffsetForLeaderPartition:
    """The epoch to look up in one partition."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, default=-1)
    """Epoch of the leader that the client believes in; -1 skips the check."""
    leader_epoch: int = field(INT32)
    """The epoch whose end is asked for."""


@struct
class OffsetForLeaderTopic:
    """The partitions of one topic."""

    topic: str = field(STRING)
    partitions: list[OffsetForLeaderPartition] = array_of(OffsetForLeaderPartition)


@message(key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochRequest:
    """The epochs to look up."""

    replica_id: int = field(INT32, versions="3+", default=-2)
    """Node id of a follower; -1 for a consumer, -2 for a client that debugs, which v2 always is."""
    topics: list[OffsetForLeaderTopic] = array_of(OffsetForLeaderTopic)


@struct
class EpochEndOffset:
    """Where an epoch ended."""

    error_code: int = field(INT16)
    partition: int = field(INT32)
    leader_epoch: int = field(INT32, default=-1)
    """The largest epoch, not above the asked one, that the log has; -1 when unknown."""
    end_offset: int = field(INT64, default=-1)
    """The first offset after that epoch."""


@struct
class OffsetForLeaderTopicResult:
    """The partitions of one topic."""

    topic: str = field(STRING)
    partitions: list[EpochEndOffset] = array_of(EpochEndOffset)


@message(key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochResponse:
    """One answer per partition of the request."""

    throttle_time_ms: int = field(INT32)
    topics: list[OffsetForLeaderTopicResult] = array_of(OffsetForLeaderTopicResult)
