"""AlterPartition against the image: a leader's wish is taken when it knows the partition as it is (KIP-497, KIP-903).

The checks and their order are those of Kafka's `ReplicationControlManager.validateAlterPartitionData`. On one node a
leader can have no other follower in sync than itself, so a wish is either what there is or a smaller in-sync set.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.topics import RECOVERED, RECOVERING, PartitionImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.placement import is_active
from ottla.metadata.records import MetadataRecord, PartitionChangeRecord
from ottla.protocol.messages.alter_partition import (
    AlteredPartition,
    AlteredTopic,
    AlterPartitionRequest,
    BrokerState,
    PartitionState,
    TopicState,
)

ANY_EPOCH = -1


@dataclass(slots=True)
class AlterPartitionPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord] = field(default_factory=list)
    topics: list[TopicState] = field(default_factory=list)


def plan_alter_partition(image: ClusterImage, request: AlterPartitionRequest) -> AlterPartitionPlan:
    """Plan the changes that a leader wants. Raises KafkaError STALE_BROKER_EPOCH."""
    check_broker_epoch(image, request.broker_id, request.broker_epoch)
    plan = AlterPartitionPlan()
    for topic in request.topics:
        plan.topics.append(
            TopicState(
                topic_id=topic.topic_id,
                partitions=[_plan(image, request, topic, wish, plan) for wish in topic.partitions],
            )
        )
    return plan


def check_broker_epoch(image: ClusterImage, broker_id: int, epoch: int) -> None:
    """Raise KafkaError STALE_BROKER_EPOCH unless the broker is registered in this epoch."""
    broker = image.brokers.by_id.get(broker_id)
    if broker is None:
        message = f"No broker registration found for broker id {broker_id}"
        raise KafkaError(ErrorCode.STALE_BROKER_EPOCH, message)
    if broker.epoch != epoch:
        message = f"Expected broker epoch {broker.epoch}, but got broker epoch {epoch}"
        raise KafkaError(ErrorCode.STALE_BROKER_EPOCH, message)


def _plan(
    image: ClusterImage,
    request: AlterPartitionRequest,
    topic: AlteredTopic,
    wish: AlteredPartition,
    plan: AlterPartitionPlan,
) -> PartitionState:
    known = image.topics.by_id.get(topic.topic_id)
    if known is None:
        return _refused(wish, ErrorCode.UNKNOWN_TOPIC_ID)
    partition = known.partitions.get(wish.partition_index)
    if partition is None:
        return _refused(wish, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    states = wish.new_isr_with_epochs or [BrokerState(broker_id=node_id) for node_id in wish.new_isr]
    code = _stale(partition, wish, request.broker_id) or _invalid(image, partition, wish, states)
    if code is not None:
        return _refused(wish, code)
    isr = [state.broker_id for state in states]
    change = PartitionChangeRecord(partition_id=wish.partition_index, topic_id=topic.topic_id)
    if tuple(isr) != partition.isr:
        change.isr = isr
    if wish.leader_recovery_state != partition.leader_recovery_state:
        change.leader_recovery_state = wish.leader_recovery_state
    if change != PartitionChangeRecord(partition_id=wish.partition_index, topic_id=topic.topic_id):
        plan.records.append(change)
        partition = partition.merge(change)
    return PartitionState(
        partition_index=wish.partition_index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        isr=list(partition.isr),
        leader_recovery_state=partition.leader_recovery_state,
        partition_epoch=partition.partition_epoch,
    )


def _refused(wish: AlteredPartition, code: ErrorCode) -> PartitionState:
    return PartitionState(partition_index=wish.partition_index, error_code=code)


def _stale(partition: PartitionImage, wish: AlteredPartition, broker_id: int) -> ErrorCode | None:
    """Return what a leader is told that knows the partition in another state."""
    if wish.leader_epoch > partition.leader_epoch or wish.partition_epoch > partition.partition_epoch:
        return ErrorCode.NOT_CONTROLLER
    if wish.leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    if broker_id != partition.leader:
        return ErrorCode.INVALID_REQUEST
    return ErrorCode.INVALID_UPDATE_VERSION if wish.partition_epoch < partition.partition_epoch else None


def _invalid(
    image: ClusterImage, partition: PartitionImage, wish: AlteredPartition, states: list[BrokerState]
) -> ErrorCode | None:
    """Return what is wrong with the in-sync set and the recovery state that a leader wants."""
    isr = [state.broker_id for state in states]
    recovery = wish.leader_recovery_state
    if (
        len(set(isr)) != len(isr)
        or not set(isr) <= set(partition.replicas)
        or partition.leader not in isr
        or (recovery == RECOVERING and len(isr) > 1)
        or (recovery == RECOVERING and partition.leader_recovery_state == RECOVERED)
    ):
        return ErrorCode.INVALID_REQUEST
    if all(_is_eligible(image, state) for state in states):
        return None
    return ErrorCode.INELIGIBLE_REPLICA


def _is_eligible(image: ClusterImage, state: BrokerState) -> bool:
    broker = image.brokers.by_id.get(state.broker_id)
    return broker is not None and is_active(broker) and state.broker_epoch in (ANY_EPOCH, broker.epoch)
