"""What the requests of the metadata quorum have in common: whom they are for, which epoch they mean, and who leads.

The rules are those of Kafka's `KafkaRaftClient` while it leads. Where a single voter of Kafka would give up its
leadership to a node with a later epoch, the request is refused: this quorum has no other voter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.brokers import Endpoint
from ottla.types import CLUSTER_METADATA_TOPIC, ZERO_UUID, Uuid

METADATA_PARTITION = 0


class _Partition(Protocol):
    partition_index: int


class _Topic(Protocol):
    topic_name: str

    @property
    def partitions(self) -> Sequence[_Partition]:
        """The partitions of the topic."""


def is_about_this_cluster(cluster_id: str | None, context: RequestContext) -> bool:
    """Tell whether the cluster is this one, or is not named."""
    return cluster_id is None or cluster_id == context.services.quorum.cluster_id


def is_metadata_partition(topics: Sequence[_Topic]) -> bool:
    """Tell whether a request is about the one partition that has a quorum, and about nothing else."""
    return (
        len(topics) == 1
        and topics[0].topic_name == CLUSTER_METADATA_TOPIC
        and len(topics[0].partitions) == 1
        and topics[0].partitions[0].partition_index == METADATA_PARTITION
    )


def leader_error(epoch: int, context: RequestContext) -> ErrorCode:
    """Return what a request to the leader is refused with that means another epoch (validateLeaderOnlyRequest)."""
    own = context.services.quorum.leader_epoch
    if epoch < own:
        return ErrorCode.FENCED_LEADER_EPOCH
    return ErrorCode.UNKNOWN_LEADER_EPOCH if epoch > own else ErrorCode.NONE


def voter_error(node_id: int, epoch: int, context: RequestContext) -> ErrorCode:
    """Return what a request about an election is refused with (validateVoterOnlyRequest), and a later epoch."""
    own = context.services.quorum.leader_epoch
    if epoch < own:
        return ErrorCode.FENCED_LEADER_EPOCH
    if node_id < 0:
        return ErrorCode.INVALID_REQUEST
    return ErrorCode.INCONSISTENT_VOTER_SET if epoch > own else ErrorCode.NONE


def is_own_voter_key(node_id: int, directory_id: Uuid, context: RequestContext) -> bool:
    """Tell whether a request is meant for this voter; one that names none is meant for everybody."""
    quorum = context.services.quorum
    if node_id < 0:
        return True
    return node_id == quorum.node_id and directory_id in (ZERO_UUID, quorum.directory_id)


def leader_endpoint(context: RequestContext) -> Endpoint | None:
    """Return where the leader listens, on the listener that was asked."""
    return context.services.quorum.leader_endpoint(context.listener_name)
