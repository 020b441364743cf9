"""Fetch (1), v4-18: read record batches from partitions.

Waits up to `max_wait_ms` for `min_bytes`. From v7 a session lets both sides send only what changed (KIP-227); from v13
topics go by id (KIP-516). `records` are slices of the log as they lie on disk: the last batch may be cut.
"""

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
    """Which follower asks (KIP-903)."""

    replica_id: int = field(INT32, default=-1)
    """Node id of the follower; -1 for a consumer."""
    replica_epoch: int = field(INT64, default=-1)
    """The follower's broker epoch; -1 when unknown or not a follower."""


@struct
class FetchPartition:
    """Where to read in one partition."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, versions="9+", default=-1)
    """Epoch of the leader that the client believes in; any other is refused. -1 skips the check (KIP-320)."""
    fetch_offset: int = field(INT64)
    """Offset of the first record that is wanted; the batch that holds it may begin earlier."""
    last_fetched_epoch: int = field(INT32, versions="12+", default=-1)
    """Leader epoch of the last batch that the client has; -1 when unknown. A mismatch is answered with
    `diverging_epoch` (KIP-595).
    """
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    """A follower's earliest offset; -1 from consumers."""
    partition_max_bytes: int = field(INT32)
    """Limit for this partition; the first batch of a response is sent whole even when it is larger."""
    replica_directory_id: Uuid = field(UUID, versions="17+", tag=0)
    """Log directory of a KRaft replica that fetches; zero otherwise (KIP-853)."""
    high_watermark: int = field(INT64, versions="18+", default=0x7FFFFFFFFFFFFFFF, tag=1)
    """The high watermark that a replica knows; the largest number when it is not sent (KIP-1166)."""


@struct
class FetchTopic:
    """The partitions of one topic to read."""

    topic: str = field(STRING, versions="4-12")
    """Up to v12; empty from v13, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[FetchPartition] = array_of(FetchPartition)


@struct
class ForgottenTopic:
    """Partitions to drop from the session."""

    topic: str = field(STRING, versions="7-12")
    """Up to v12; empty from v13, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[int] = array_of(INT32)


@message(key=1, versions="4-18", flexible="12+")
class FetchRequest:
    """What to read, and how long to wait for it."""

    cluster_id: str | None = field(STRING, versions="12+", nullable="0+", default=None, tag=0)
    """Sent by KRaft replicas only; null from consumers."""
    replica_id: int = field(INT32, versions="4-14", default=-1)
    """Up to v14: node id of a follower, -1 for a consumer, -2 for a consumer that debugs. `replica_state` follows it
    from v15.
    """
    replica_state: ReplicaState = struct_of(ReplicaState, versions="15+", tag=1)
    """All defaults, and so not sent, by consumers."""
    max_wait_ms: int = field(INT32)
    """Longest wait for `min_bytes`."""
    min_bytes: int = field(INT32)
    """Answer as soon as this much can be read; 0 or 1 answer at once or with the next record."""
    max_bytes: int = field(INT32, default=0x7FFFFFFF)
    """Limit for the whole response; the first batch is sent whole even when it is larger."""
    isolation_level: int = field(INT8)
    """0: read uncommitted, up to the high watermark; 1: read committed, up to the last stable offset (KIP-98)."""
    session_id: int = field(INT32, versions="7+")
    """0 when there is no session, or to ask for one."""
    session_epoch: int = field(INT32, versions="7+", default=-1)
    """-1: a full fetch without a session, closing `session_id`; 0: a full fetch that opens one; above: the number of
    this incremental fetch.
    """
    topics: list[FetchTopic] = array_of(FetchTopic)
    """All partitions in a full fetch; those to add or change in an incremental one."""
    forgotten_topics_data: list[ForgottenTopic] = array_of(ForgottenTopic, versions="7+")
    """Partitions to drop, in an incremental fetch."""
    rack_id: str = field(STRING, versions="11+")
    """The consumer's rack, for reading from a near replica (KIP-392); empty when unknown."""


@struct
class EpochEndOffset:
    """Where an epoch that the client has ended in this log (KIP-595)."""

    epoch: int = field(INT32, default=-1)
    """The largest epoch, not above the asked one, that the log has; -1 when unknown."""
    end_offset: int = field(INT64, default=-1)
    """The first offset after that epoch."""


@struct
class LeaderIdAndEpoch:
    """The leader to turn to (KIP-951)."""

    leader_id: int = field(INT32, default=-1)
    """-1 when unknown."""
    leader_epoch: int = field(INT32, default=-1)
    """-1 when unknown."""


@struct
class SnapshotId:
    """The snapshot that a KRaft replica must load first."""

    end_offset: int = field(INT64, default=-1)
    """-1 when there is none."""
    epoch: int = field(INT32, default=-1)
    """-1 when there is none."""


@struct
class AbortedTransaction:
    """A transaction whose records in this response are to be skipped."""

    producer_id: int = field(INT64)
    """Its producer: skip its transactional records from `first_offset` until its next ABORT marker."""
    first_offset: int = field(INT64)
    """Offset of its first record, which may lie before this response."""


@struct
class PartitionData:
    """What was read from one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    high_watermark: int = field(INT64)
    """Offset below which every record is replicated; -1 on error."""
    last_stable_offset: int = field(INT64, default=-1)
    """Offset below which every transaction is decided; -1 on error."""
    log_start_offset: int = field(INT64, versions="5+", default=-1)
    """-1 on error."""
    diverging_epoch: EpochEndOffset | None = struct_of(EpochEndOffset, versions="12+", default=None, tag=0)
    """Instead of records when `last_fetched_epoch` does not match the log; None where it is not sent."""
    current_leader: LeaderIdAndEpoch | None = struct_of(LeaderIdAndEpoch, versions="12+", default=None, tag=1)
    """Only with NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH; None where it is not sent."""
    snapshot_id: SnapshotId | None = struct_of(SnapshotId, versions="12+", default=None, tag=2)
    """Only for KRaft replicas; None where it is not sent."""
    aborted_transactions: list[AbortedTransaction] | None = array_of(AbortedTransaction, nullable="0+")
    """Transactions to skip; null unless read committed was asked."""
    preferred_read_replica: int = field(INT32, versions="11+", default=-1)
    """Node to read from instead; -1 for this one (KIP-392)."""
    records: Sized | None = field(RECORDS, nullable="0+", default=None)
    """A slice of the log, or what else has a length and can be sent; empty, not null, for no data."""


@struct
class FetchableTopicResponse:
    """The partitions of one topic; an incremental response leaves out those without news."""

    topic: str = field(STRING, versions="4-12")
    """Up to v12; empty from v13, which sends `topic_id`."""
    topic_id: Uuid = field(UUID, versions="13+")
    partitions: list[PartitionData] = array_of(PartitionData)


@struct
class NodeEndpoint:
    """Where a node that `current_leader` names listens (KIP-951)."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)
    """Null where the node has none."""


@message(key=1, versions="4-18", flexible="12+")
class FetchResponse:
    """Records, by partition."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16, versions="7+")
    """From v7: the error of the session, or of the request as a whole."""
    session_id: int = field(INT32, versions="7+")
    """The session that the next request may continue; 0 when there is none."""
    responses: list[FetchableTopicResponse] = array_of(FetchableTopicResponse)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="16+", tag=0)
    """Every node that a `current_leader` of this response names (KIP-951)."""
