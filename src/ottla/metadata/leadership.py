"""What happens to partitions when a broker goes and when it comes back (Kafka's `PartitionChangeBuilder`, KIP-966).

Without eligible leader replicas a partition keeps its last in-sync replica; with them the in-sync set may become
empty, and who left it stays eligible unless it left without a clean shutdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.aspects.topics import NO_LEADER, RECOVERED, RECOVERING, PartitionImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.placement import can_lead
from ottla.metadata.records import ClearElrRecord, ConfigRecord, MetadataRecord, PartitionChangeRecord

ALL_TOPICS = ""
"""What a record that forgets eligible leaders names where it is about every topic."""


def plan_departure(image: ClusterImage, node_id: int) -> Iterator[PartitionChangeRecord]:
    """Yield the changes of partitions when a broker is fenced or begins a controlled shutdown."""
    for topic in image.topics.by_id.values():
        for number, partition in topic.partitions.items():
            change = PartitionChangeRecord(partition_id=number, topic_id=topic.topic_id)
            if _leave(image, partition, node_id, change):
                yield change


def plan_unclean_departure(image: ClusterImage, node_id: int) -> Iterator[PartitionChangeRecord]:
    """Yield the changes of partitions when a fenced broker turns out to have stopped without warning.

    What it had may be incomplete, so it is no longer an eligible leader.
    """
    for topic in image.topics.by_id.values():
        for number, partition in topic.partitions.items():
            if node_id in partition.eligible_leader_replicas:
                yield PartitionChangeRecord(
                    partition_id=number,
                    topic_id=topic.topic_id,
                    eligible_leader_replicas=_without(partition.eligible_leader_replicas, node_id),
                )


def plan_return(image: ClusterImage, node_id: int) -> Iterator[PartitionChangeRecord]:
    """Yield the changes of partitions without a leader that a broker leads again once it is unfenced."""
    for topic in image.topics.by_id.values():
        for number, partition in topic.partitions.items():
            if partition.leader == NO_LEADER:
                change = PartitionChangeRecord(partition_id=number, topic_id=topic.topic_id)
                if _lead(image, partition, node_id, change):
                    yield change


def plan_clear_eligible_leaders(
    image: ClusterImage, config_records: Iterable[MetadataRecord]
) -> list[MetadataRecord]:
    """Return what must follow settings of min.insync.replicas: who is eligible depends on it (KIP-966)."""
    if not image.features.eligible_leader_replicas:
        return []
    return [
        ClearElrRecord(
            topic_name=record.resource_name if record.resource_type == ResourceType.TOPIC else ALL_TOPICS
        )
        for record in config_records
        if isinstance(record, ConfigRecord) and record.name == "min.insync.replicas"
    ]


def _leave(
    image: ClusterImage, partition: PartitionImage, node_id: int, change: PartitionChangeRecord
) -> bool:
    """Fill in what takes the broker out of the partition; tell whether anything does."""
    isr = _without(partition.isr, node_id)
    becomes_empty = not isr and image.features.eligible_leader_replicas
    leaves_isr = node_id in partition.isr and (bool(isr) or becomes_empty)
    if leaves_isr:
        change.isr = isr
    if leaves_isr and becomes_empty:
        change.eligible_leader_replicas = [*partition.eligible_leader_replicas, node_id]
    if partition.leader == node_id:
        change.leader = next((other for other in isr if can_lead(image.brokers, other)), NO_LEADER)
        if becomes_empty:
            change.last_known_elr = [node_id]
    return leaves_isr or partition.leader == node_id


def _lead(
    image: ClusterImage, partition: PartitionImage, node_id: int, change: PartitionChangeRecord
) -> bool:
    """Fill in what makes the broker leader; tell whether it can be."""
    last_known = partition.last_known_eligible_leader_replicas
    is_last_known = (
        image.features.eligible_leader_replicas
        and not partition.isr
        and not partition.eligible_leader_replicas
        and last_known == (node_id,)
    )
    if node_id in partition.isr:
        change.leader = node_id
    elif node_id in partition.eligible_leader_replicas and not partition.isr:
        change.leader = node_id
        change.isr = [node_id]
        change.eligible_leader_replicas = _without(partition.eligible_leader_replicas, node_id)
    elif is_last_known:
        change.leader = node_id
        change.isr = [node_id]
        if partition.leader_recovery_state == RECOVERED:
            change.leader_recovery_state = RECOVERING
    else:
        return False
    if last_known:
        change.last_known_elr = []
    return True


def _without(replicas: tuple[int, ...], node_id: int) -> list[int]:
    return [other for other in replicas if other != node_id]
