"""Fetch (1), v4-18: request and response."""

from __future__ import annotations

from collections.abc import Sized

from ottla.types import Uuid
from ottla.wire.schema import (
    INT8,
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class ReplicaState:
    """ReplicaState of FetchRequest."""

    replica_id: int = field(INT32, default=-1)
    replica_epoch: int = field(INT64, default=-1)


@struct
class FetchPartition:
    """FetchPartition of FetchRequest."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, versions="9+", default=-1)
    fetch_offset: int = field(INT64)
    last_fetched_epoch: int = field(INT32, versions="12+", default=-1)
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    partition_max_bytes: int = field(INT32)
    replica_directory_id: Uuid = field(UUID, versions="17+", tag=0, tagged_versions="17+")
    high_watermark: int = field(
        INT64, versions="18+", default=0x7FFFFFFFFFFFFFFF, tag=1, tagged_versions="18+"
    )


@struct
class FetchTopic:
    """FetchTopic of FetchRequest."""

    topic: str = field(STRING, versions="4-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[FetchPartition] = array_of(FetchPartition)


@struct
class ForgottenTopic:
    """ForgottenTopic of FetchRequest."""

    topic: str = field(STRING, versions="7-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[int] = array_of(INT32)


@message(key=1, versions="4-18", flexible="12+")
class FetchRequest:
    """FetchRequest."""

    cluster_id: str | None = field(
        STRING, versions="12+", nullable="0+", default=None, tag=0, tagged_versions="12+"
    )
    replica_id: int = field(INT32, versions="4-14", default=-1)
    replica_state: ReplicaState = struct_of(ReplicaState, versions="15+", tag=1, tagged_versions="15+")
    max_wait_ms: int = field(INT32)
    min_bytes: int = field(INT32)
    max_bytes: int = field(INT32, default=0x7FFFFFFF)
    isolation_level: int = field(INT8)
    session_id: int = field(INT32, versions="7+")
    session_epoch: int = field(INT32, versions="7+", default=-1)
    topics: list[FetchTopic] = array_of(FetchTopic)
    forgotten_topics_data: list[ForgottenTopic] = array_of(ForgottenTopic, versions="7+")
    rack_id: str = field(STRING, versions="11+")


@struct
class EpochEndOffset:
    """EpochEndOffset of FetchResponse."""

    epoch: int = field(INT32, default=-1)
    end_offset: int = field(INT64, default=-1)


@struct
class LeaderIdAndEpoch:
    """LeaderIdAndEpoch of FetchResponse."""

    leader_id: int = field(INT32, default=-1)
    leader_epoch: int = field(INT32, default=-1)


@struct
class SnapshotId:
    """SnapshotId of FetchResponse."""

    end_offset: int = field(INT64, default=-1)
    epoch: int = field(INT32, default=-1)


@struct
class AbortedTransaction:
    """AbortedTransaction of FetchResponse."""

    producer_id: int = field(INT64)
    first_offset: int = field(INT64)


@struct
class PartitionData:
    """PartitionData of FetchResponse."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    high_watermark: int = field(INT64)
    last_stable_offset: int = field(INT64, default=-1)
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    diverging_epoch: EpochEndOffset = struct_of(EpochEndOffset, versions="12+", tag=0, tagged_versions="12+")
    current_leader: LeaderIdAndEpoch = struct_of(
        LeaderIdAndEpoch, versions="12+", tag=1, tagged_versions="12+"
    )
    snapshot_id: SnapshotId = struct_of(SnapshotId, versions="12+", tag=2, tagged_versions="12+")
    aborted_transactions: list[AbortedTransaction] | None = array_of(AbortedTransaction, nullable="0+")
    preferred_read_replica: int = field(INT32, versions="11+", default=-1)
    records: Sized | None = field(RECORDS, nullable="0+", default=None)


@struct
class FetchableTopicResponse:
    """FetchableTopicResponse of FetchResponse."""

    topic: str = field(STRING, versions="4-12")
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[PartitionData] = array_of(PartitionData)


@struct
class NodeEndpoint:
    """NodeEndpoint of FetchResponse."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)


@message(key=1, versions="4-18", flexible="12+")
class FetchResponse:
    """FetchResponse."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16, versions="7+")
    session_id: int = field(INT32, versions="7+")
    responses: list[FetchableTopicResponse] = array_of(FetchableTopicResponse)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="16+", tag=0, tagged_versions="16+")
