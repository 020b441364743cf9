"""ElectLeaders (43), v0-2: have the preferred replica lead, or from v1 any replica that is there (KIP-460)."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class TopicPartitions:
    """The partitions of one topic."""

    topic: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@message(key=43, versions="0-2", flexible="2+")
class ElectLeadersRequest:
    """Which partitions are to get another leader."""

    election_type: int = field(INT8, versions="1+")
    """0: the preferred replica; 1: any replica, in sync or not, where there is no leader."""
    topic_partitions: list[TopicPartitions] | None = array_of(TopicPartitions, nullable="0+")
    """Null for all."""
    timeout_ms: int = field(INT32, default=60000)
    """Longest wait for the controller."""


@struct
class PartitionResult:
    """What became of one partition."""

    partition_id: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""


@struct
class ReplicaElectionResult:
    """The partitions of one topic."""

    topic: str = field(STRING)
    partition_result: list[PartitionResult] = array_of(PartitionResult)


@message(key=43, versions="0-2", flexible="2+")
class ElectLeadersResponse:
    """One answer for each partition; where all were meant, those that need no election are left out."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16, versions="1+")
    """Of the request as a whole."""
    replica_election_results: list[ReplicaElectionResult] = array_of(ReplicaElectionResult)
