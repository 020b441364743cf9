"""FetchSnapshot (59), v0-1: a piece of a snapshot of the metadata log (KIP-630)."""

from __future__ import annotations

from collections.abc import Sized

from ottla.types import Uuid
from ottla.wire.schema import (
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    UINT16,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class SnapshotId:
    """Which part of the log a snapshot stands for."""

    end_offset: int = field(INT64)
    epoch: int = field(INT32)


@struct
class PartitionSnapshot:
    """Where to go on in which snapshot."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32)
    """Epoch of the leader that the replica believes in; any other is refused."""
    snapshot_id: SnapshotId = struct_of(SnapshotId)
    position: int = field(INT64)
    """The first byte that is wanted."""
    replica_directory_id: Uuid = field(UUID, versions="1+", tag=0)
    """Log directory of the replica; zero where it is not known (KIP-853)."""


@struct
class TopicSnapshot:
    """The snapshots of one topic that are asked for."""

    name: str = field(STRING)
    partitions: list[PartitionSnapshot] = array_of(PartitionSnapshot)


@message(key=59, versions="0-1", flexible="0+")
class FetchSnapshotRequest:
    """Which bytes are wanted."""

    cluster_id: str | None = field(STRING, nullable="0+", default=None, tag=0)
    """Null where the replica does not know it."""
    replica_id: int = field(INT32, default=-1)
    max_bytes: int = field(INT32, default=0x7FFFFFFF)
    topics: list[TopicSnapshot] = array_of(TopicSnapshot)


@struct
class LeaderIdAndEpoch:
    """Who leads."""

    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32)


@struct
class PartitionSnapshotPiece:
    """A piece of a snapshot."""

    index: int = field(INT32)
    error_code: int = field(INT16)
    snapshot_id: SnapshotId = struct_of(SnapshotId)
    current_leader: LeaderIdAndEpoch | None = struct_of(LeaderIdAndEpoch, default=None, tag=0)
    """None where it is not sent."""
    size: int = field(INT64)
    """Bytes of the whole snapshot."""
    position: int = field(INT64)
    """The first byte that is sent."""
    unaligned_records: Sized = field(RECORDS)
    """The bytes; they may begin and end inside a batch."""


@struct
class TopicSnapshotPiece:
    """The pieces of one topic's snapshots."""

    name: str = field(STRING)
    partitions: list[PartitionSnapshotPiece] = array_of(PartitionSnapshotPiece)


@struct
class NodeEndpoint:
    """Where the leader listens."""

    node_id: int = field(INT32, versions="1+")
    host: str = field(STRING, versions="1+")
    port: int = field(UINT16, versions="1+")


@message(key=59, versions="0-1", flexible="0+")
class FetchSnapshotResponse:
    """The bytes."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    topics: list[TopicSnapshotPiece] = array_of(TopicSnapshotPiece)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="1+", tag=0)
