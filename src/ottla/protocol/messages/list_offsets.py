"""ListOffsets (2), v1-10: find an offset by timestamp, or one of the offsets that have a name.

Names are negative timestamps: -1 latest, -2 earliest, -3 the record with the largest timestamp (v7, KIP-734), -4
earliest on local disk (v8, KIP-405), -5 latest in remote storage (v9, KIP-1005). Any other is answered with
UNSUPPORTED_VERSION.
"""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class ListOffsetsPartition:
    """What to find in one partition."""

    partition_index: int = field(INT32)
    current_leader_epoch: int = field(INT32, versions="4+", default=-1)
    """Epoch of the leader that the client believes in; -1 skips the check (KIP-320)."""
    timestamp: int = field(INT64)
    """Find the first record at or after it, in ms; or one of the names."""


@struct
class ListOffsetsTopic:
    """The partitions of one topic to look into."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartition] = array_of(ListOffsetsPartition)


@message(key=2, versions="1-10", flexible="6+")
class ListOffsetsRequest:
    """Which offsets are wanted."""

    replica_id: int = field(INT32)
    """Node id of a follower; -1 for a consumer, -2 for a consumer that debugs."""
    isolation_level: int = field(INT8, versions="2+")
    """0: up to the high watermark; 1: up to the last stable offset (KIP-98)."""
    topics: list[ListOffsetsTopic] = array_of(ListOffsetsTopic)
    timeout_ms: int = field(INT32, versions="10+")
    """Longest wait for remote storage, from v10 (KIP-1075)."""


@struct
class ListOffsetsPartitionResponse:
    """The offset that was found in one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    timestamp: int = field(INT64, default=-1)
    """Timestamp of the record that was found; -1 when none was, or for a name that needs no record."""
    offset: int = field(INT64, default=-1)
    """-1 when no record qualifies, which is no error."""
    leader_epoch: int = field(INT32, versions="4+", default=-1)
    """Leader epoch of the record; -1 when unknown."""


@struct
class ListOffsetsTopicResponse:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartitionResponse] = array_of(ListOffsetsPartitionResponse)


@message(key=2, versions="1-10", flexible="6+")
class ListOffsetsResponse:
    """One answer per partition of the request."""

    throttle_time_ms: int = field(INT32, versions="2+")
    topics: list[ListOffsetsTopicResponse] = array_of(ListOffsetsTopicResponse)
