"""DescribeQuorum (55), v0-2: leader, voters and observers of the metadata log (KIP-595, KIP-836, KIP-853)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, INT64, STRING, UINT16, UUID, array_of, field, message, struct


@struct
class DescribeQuorumPartition:
    """A partition that is asked for."""

    partition_index: int = field(INT32)


@struct
class DescribeQuorumTopic:
    """The partitions of one topic that are asked for."""

    topic_name: str = field(STRING)
    partitions: list[DescribeQuorumPartition] = array_of(DescribeQuorumPartition)


@message(key=55, versions="0-2", flexible="0+")
class DescribeQuorumRequest:
    """Which quorum is asked for: there is one, of `__cluster_metadata-0`."""

    topics: list[DescribeQuorumTopic] = array_of(DescribeQuorumTopic)


@struct
class ReplicaState:
    """How far a replica of the log is."""

    replica_id: int = field(INT32)
    replica_directory_id: Uuid = field(UUID, versions="2+")
    """Zero where it is not known, as with voters that are configured."""
    log_end_offset: int = field(INT64)
    """-1 when unknown."""
    last_fetch_timestamp: int = field(INT64, versions="1+", default=-1)
    """When the leader got its last fetch, in ms; -1 when unknown."""
    last_caught_up_timestamp: int = field(INT64, versions="1+", default=-1)
    """When it last had everything that the leader had, in ms; -1 when unknown."""


@struct
class QuorumPartition:
    """The state of one quorum."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="2+", nullable="2+")
    """Empty where there is no error."""
    leader_id: int = field(INT32)
    """-1 when unknown."""
    leader_epoch: int = field(INT32)
    high_watermark: int = field(INT64)
    """Offset below which everything is committed; -1 when unknown."""
    current_voters: list[ReplicaState] = array_of(ReplicaState)
    observers: list[ReplicaState] = array_of(ReplicaState)
    """Replicas that follow without a vote."""


@struct
class QuorumTopic:
    """The quorums of one topic."""

    topic_name: str = field(STRING)
    partitions: list[QuorumPartition] = array_of(QuorumPartition)


@struct
class QuorumListener:
    """Where a voter listens."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)


@struct
class QuorumNode:
    """A voter and its listeners, from v2."""

    node_id: int = field(INT32, versions="2+")
    listeners: list[QuorumListener] = array_of(QuorumListener, versions="2+")


@message(key=55, versions="0-2", flexible="0+")
class DescribeQuorumResponse:
    """The quorum."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="2+", nullable="2+")
    """Empty where there is no error."""
    topics: list[QuorumTopic] = array_of(QuorumTopic)
    nodes: list[QuorumNode] = array_of(QuorumNode, versions="2+")
