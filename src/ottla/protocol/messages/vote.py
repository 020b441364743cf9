"""Vote (52), v0-2: a voter of the metadata quorum wants to lead (KIP-595, KIP-853, KIP-996)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT16,
    UUID,
    array_of,
    field,
    message,
    struct,
)


@struct
class VotePartition:
    """The candidate and how far its log is."""

    partition_index: int = field(INT32)
    replica_epoch: int = field(INT32)
    """The epoch that it wants to lead."""
    replica_id: int = field(INT32)
    replica_directory_id: Uuid = field(UUID, versions="1+")
    voter_directory_id: Uuid = field(UUID, versions="1+")
    """Directory of the voter that is asked."""
    last_offset_epoch: int = field(INT32)
    last_offset: int = field(INT64)
    pre_vote: bool = field(BOOL, versions="2+")
    """Whether it only asks how an election would go."""


@struct
class VoteTopic:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[VotePartition] = array_of(VotePartition)


@message(key=52, versions="0-2", flexible="0+")
class VoteRequest:
    """Who wants to lead."""

    cluster_id: str | None = field(STRING, nullable="0+", default=None)
    voter_id: int = field(INT32, versions="1+", default=-1)
    """The voter that is asked."""
    topics: list[VoteTopic] = array_of(VoteTopic)


@struct
class VotedPartition:
    """Whether the vote was given, and who leads as far as the voter knows."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    leader_id: int = field(INT32)
    """-1 when unknown."""
    leader_epoch: int = field(INT32)
    vote_granted: bool = field(BOOL)


@struct
class VotedTopic:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[VotedPartition] = array_of(VotedPartition)


@struct
class NodeEndpoint:
    """Where the leader listens."""

    node_id: int = field(INT32, versions="1+")
    host: str = field(STRING, versions="1+")
    port: int = field(UINT16, versions="1+")


@message(key=52, versions="0-2", flexible="0+")
class VoteResponse:
    """The voter's answer."""

    error_code: int = field(INT16)
    topics: list[VotedTopic] = array_of(VotedTopic)
    node_endpoints: list[NodeEndpoint] = array_of(NodeEndpoint, versions="1+", tag=0)
