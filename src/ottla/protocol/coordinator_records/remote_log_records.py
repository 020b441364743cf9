"""What brokers with tiered storage keep in `__remote_log_metadata` (KIP-405)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    BYTES,
    INT8,
    INT32,
    INT64,
    STRING,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class TopicIdPartitionEntry:
    """A partition, with the id of its topic."""

    name: str = field(STRING)
    id: Uuid = field(UUID)
    partition: int = field(INT32)


@struct
class RemoteLogSegmentIdEntry:
    """A segment in the remote storage."""

    topic_id_partition: TopicIdPartitionEntry = struct_of(TopicIdPartitionEntry)
    id: Uuid = field(UUID)


@struct
class SegmentLeaderEpochEntry:
    """The first offset of a leader epoch in the segment."""

    leader_epoch: int = field(INT32)
    offset: int = field(INT64)


@message(key=0, versions="0", flexible="0+")
class RemoteLogSegmentMetadataRecord:
    """A segment is being copied."""

    remote_log_segment_id: RemoteLogSegmentIdEntry = struct_of(RemoteLogSegmentIdEntry)
    start_offset: int = field(INT64)
    end_offset: int = field(INT64)
    broker_id: int = field(INT32)
    max_timestamp_ms: int = field(INT64)
    event_timestamp_ms: int = field(INT64)
    segment_leader_epochs: list[SegmentLeaderEpochEntry] = array_of(SegmentLeaderEpochEntry)
    segment_size_in_bytes: int = field(INT32)
    custom_metadata: bytes | None = field(BYTES, nullable="0+", default=None)
    """The storage's own."""
    remote_log_segment_state: int = field(INT8)
    """0: copy started; 1: copy finished; 2: deletion started; 3: deletion finished."""
    txn_index_empty: bool = field(BOOL, tag=0)


@message(key=1, versions="0", flexible="0+")
class RemoteLogSegmentMetadataUpdateRecord:
    """The state of a segment has changed."""

    remote_log_segment_id: RemoteLogSegmentIdEntry = struct_of(RemoteLogSegmentIdEntry)
    broker_id: int = field(INT32)
    event_timestamp_ms: int = field(INT64)
    custom_metadata: bytes | None = field(BYTES, nullable="0+", default=None)
    """The storage's own."""
    remote_log_segment_state: int = field(INT8)
    """As in RemoteLogSegmentMetadataRecord."""


@message(key=2, versions="0", flexible="0+")
class RemotePartitionDeleteMetadataRecord:
    """A partition is being deleted."""

    topic_id_partition: TopicIdPartitionEntry = struct_of(TopicIdPartitionEntry)
    broker_id: int = field(INT32)
    event_timestamp_ms: int = field(INT64)
    remote_partition_delete_state: int = field(INT8)
    """0: marked; 1: started; 2: finished."""


@message(key=3, versions="0", flexible="0+")
class RemoteLogSegmentMetadataSnapshotRecord:
    """A segment as a broker keeps it in a file of its own."""

    segment_id: Uuid = field(UUID)
    start_offset: int = field(INT64)
    end_offset: int = field(INT64)
    broker_id: int = field(INT32)
    max_timestamp_ms: int = field(INT64)
    event_timestamp_ms: int = field(INT64)
    segment_leader_epochs: list[SegmentLeaderEpochEntry] = array_of(SegmentLeaderEpochEntry)
    segment_size_in_bytes: int = field(INT32)
    custom_metadata: bytes | None = field(BYTES, nullable="0+", default=None)
    """The storage's own."""
    remote_log_segment_state: int = field(INT8)
    """As in RemoteLogSegmentMetadataRecord."""
    txn_index_empty: bool = field(BOOL, tag=0)
