"""AlterPartitionReassignments against the image: replicas are moved, or a move is taken back (KIP-455, KIP-860).

A partition that cannot move never blocks another. On one node a move to where the replicas are changes nothing and is a
success, and whatever names another node is refused; a log that was several nodes' may hold more, and is judged by the
same rules (Kafka's ReplicationControlManager, PartitionReassignmentRevert).
"""

from __future__ import annotations

from dataclasses import dataclass

from ottla.config.resolved import BrokerConfig, TopicConfig, resolve_topic_config
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.topics import PartitionImage, TopicImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION
from ottla.metadata.partition_change import PartitionTarget, plan_partition_change
from ottla.metadata.placement import check_manual_assignment
from ottla.metadata.records import MetadataRecord, PartitionChangeRecord
from ottla.protocol.messages.alter_partition_reassignments import (
    ReassignablePartition,
    ReassignablePartitionResponse,
    ReassignableTopic,
    ReassignableTopicResponse,
)


@dataclass(frozen=True, slots=True)
class ReassignmentPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[ReassignableTopicResponse]


@dataclass(frozen=True, slots=True)
class _Topic:
    """A topic of which partitions are to move, and what holds for it."""

    image: ClusterImage
    topic: TopicImage
    config: TopicConfig


def plan_reassignments(
    image: ClusterImage,
    config: BrokerConfig,
    topics: list[ReassignableTopic],
    *,
    allow_replication_factor_change: bool,
) -> ReassignmentPlan:
    """Plan the moves of partitions. `config` is the broker's configuration in effect."""
    records: list[MetadataRecord] = []
    results: list[ReassignableTopicResponse] = []
    for wishes in topics:
        topic = _find_topic(image, config, wishes.name)
        result = ReassignableTopicResponse(name=wishes.name)
        results.append(result)
        for wish in wishes.partitions:
            answer = ReassignablePartitionResponse(partition_index=wish.partition_index, error_message=None)
            result.partitions.append(answer)
            try:
                change = _plan_partition(
                    topic, wishes.name, wish, allow_factor_change=allow_replication_factor_change
                )
                if change is not None and len(records) >= MAX_RECORDS_PER_OPERATION:
                    raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)  # without a text, as in CreatePartitions
            except KafkaError as error:
                answer.error_code, answer.error_message = error.code, error.message
            else:
                records += [] if change is None else [change]
    return ReassignmentPlan(records, results)


def _find_topic(image: ClusterImage, config: BrokerConfig, name: str) -> _Topic | None:
    topic = image.topics.by_name.get(name)
    if topic is None:
        return None
    return _Topic(image, topic, resolve_topic_config(config, image.configs.topic(name)))


def _plan_partition(
    topic: _Topic | None, name: str, wish: ReassignablePartition, *, allow_factor_change: bool
) -> PartitionChangeRecord | None:
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find a topic named {name}.")
    number = wish.partition_index
    partition = topic.topic.partitions.get(number)
    if partition is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find partition {name}:{number}.")
    if wish.replicas is None:
        return _plan_cancellation(topic, number, partition)
    check_manual_assignment(topic.image.brokers, wish.replicas, None)
    if not allow_factor_change:
        _check_replication_factor(partition, wish.replicas)
    removing = sorted(set(partition.replicas) - set(wish.replicas))
    adding = sorted(set(wish.replicas) - set(partition.replicas))
    target = PartitionTarget.unchanged(partition)
    target.replicas = [*wish.replicas, *removing]
    target.removing = removing or target.removing
    target.adding = adding or target.adding
    return plan_partition_change(
        topic.image, topic.topic, number, target, min_insync_replicas=topic.config.min_insync_replicas
    )


def _is_moving(partition: PartitionImage) -> bool:
    return bool(partition.adding_replicas or partition.removing_replicas)


def _check_replication_factor(partition: PartitionImage, replicas: list[int]) -> None:
    """Raise KafkaError INVALID_REPLICATION_FACTOR where the partition would not have as many replicas as before.

    While a move is under way, those are as many as it would have if that were taken back.
    """
    current = len(partition.replicas)
    if _is_moving(partition):
        current = len(set(partition.replicas) - set(partition.adding_replicas))
    if current != len(replicas):
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"The replication factor is changed from {current} to {len(replicas)}",
        )


def _plan_cancellation(topic: _Topic, number: int, partition: PartitionImage) -> PartitionChangeRecord | None:
    """Plan to take back what is under way: what was being added goes, what was being removed stays."""
    if not _is_moving(partition):
        raise KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
    replicas = [node_id for node_id in partition.replicas if node_id not in partition.adding_replicas]
    isr = [node_id for node_id in partition.isr if node_id not in partition.adding_replicas]
    if not replicas and not isr:
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "Invalid replica assignment: addingReplicas contains all replicas.",
        )
    if not isr:
        # Kafka goes on where unclean.leader.election.enable says so, which does nothing here.
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"Unable to revert partition assignment for {topic.topic.name}:{number} because it would require an "
            "unclean leader election.",
        )
    return plan_partition_change(
        topic.image,
        topic.topic,
        number,
        PartitionTarget(replicas, isr, removing=[], adding=[]),
        min_insync_replicas=topic.config.min_insync_replicas,
    )
