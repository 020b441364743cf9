"""EndQuorumEpoch (54), v0-1: a leader of the metadata quorum steps down (KIP-595)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UINT16, UUID, array_of, field, message, struct


@struct
class PreferredCandidate:
    """A voter that may follow, the best first."""

    candidate_id: int = field(INT32, versions="1+")
    candidate_directory_id: Uuid = field(UUID, versions="1+")


@struct
class EndedPartition:
    """Who has led, and who may follow."""

    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32)
    preferred_successors: list[int] = array_of(INT32, versions="0")
    preferred_candidates: list[PreferredCandidate] = array_of(PreferredCandidate, versions="1+")


@struct
class EndedTopic:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[EndedPartition] = array_of(EndedPartition)


@struct
class LeaderEndpoint:
    """Where the leader listens."""

    name: str = field(STRING, versions="1+")
    host: str = field(STRING, versions="1+")
    port: int = field(UINT16, versions="1+")


@message(key=54, versions="0-1", flexible="1+")
class EndQuorumEpochRequest:
    """The end of an epoch."""

    cluster_id: str | None = field(STRING, nullable="0+", default=None)
    topics: list[EndedTopic] = array_of(EndedTopic)
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


@message(key=54, versions="0-1", flexible="1+")
class EndQuorumEpochResponse:
    """The voter's answer."""

    error_code: int = field(INT16)
    topics: list[QuorumEpochTopic] = array_of(QuorumEpochTopic)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="1+", tag=0)
