"""BeginQuorumEpoch (53), v0-1: a leader of the metadata quorum makes its epoch known (KIP-595)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UINT16, UUID, array_of, field, message, struct


@struct
class BegunPartition:
    """Who leads in which epoch."""

    partition_index: int = field(INT32)
    voter_directory_id: Uuid = field(UUID, versions="1+")
    """Directory of the voter that is told."""
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32)


@struct
class BegunTopic:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[BegunPartition] = array_of(BegunPartition)


@struct
class LeaderEndpoint:
    """Where the leader listens."""

    name: str = field(STRING, versions="1+")
    host: str = field(STRING, versions="1+")
    port: int = field(UINT16, versions="1+")


@message(key=53, versions="0-1", flexible="1+")
class BeginQuorumEpochRequest:
    """The new epoch."""

    cluster_id: str | None = field(STRING, nullable="0+", default=None)
    voter_id: int = field(INT32, versions="1+", default=-1)
    """The voter that is told."""
    topics: list[BegunTopic] = array_of(BegunTopic)
    leader_endpoints: list[LeaderEndpoint] = array_of(LeaderEndpoint, versions="1+")


@struct
class QuorumEpochPartition:
    """Who leads as far as the voter knows."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    leader_id: int = field(INT32)
    """-1 when unknown."""
    leader_epoch: int = field(INT32)


@struct
class QuorumEpochTopic:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[QuorumEpochPartition] = array_of(QuorumEpochPartition)


@struct
class NodeEndpoint:
    """Where the leader listens."""

    node_id: int = field(INT32, versions="1+")
    host: str = field(STRING, versions="1+")
    port: int = field(UINT16, versions="1+")


@message(key=53, versions="0-1", flexible="1+")
class BeginQuorumEpochResponse:
    """The voter's answer."""

    error_code: int = field(INT16)
    topics: list[QuorumEpochTopic] = array_of(QuorumEpochTopic)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="1+", tag=0)
