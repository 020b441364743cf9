"""On which brokers the replicas of new partitions lie (Kafka's `StripedReplicaPlacer` and manual assignments)."""

from __future__ import annotations

from collections.abc import Sequence

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.brokers import BrokerImage, BrokersImage
from ottla.metadata.records import PartitionRecord
from ottla.types import UNASSIGNED_DIRECTORY_ID, Uuid


def is_active(broker: BrokerImage) -> bool:
    """Tell whether a broker may lead partitions."""
    return not broker.fenced and not broker.in_controlled_shutdown


def can_lead(brokers: BrokersImage, node_id: int) -> bool:
    """Tell whether a node is a broker that is registered and active."""
    broker = brokers.by_id.get(node_id)
    return broker is not None and is_active(broker)


def place(
    brokers: BrokersImage, first_partition: int, partition_count: int, replication_factor: int
) -> list[list[int]]:
    """Return the replicas of new partitions, spread in turn over the brokers, fenced ones last.

    Raises KafkaError INVALID_REPLICATION_FACTOR when there are not enough brokers.
    """
    unfenced = sorted(node_id for node_id, broker in brokers.by_id.items() if not broker.fenced)
    fenced = sorted(node_id for node_id, broker in brokers.by_id.items() if broker.fenced)
    if replication_factor <= 0:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"Invalid replication factor {replication_factor}: the replication factor must be positive.",
        )
    if not unfenced:
        raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, "All brokers are currently fenced.")
    if replication_factor > len(brokers.by_id):
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"The target replication factor of {replication_factor} cannot be reached because only "
            f"{len(brokers.by_id)} broker(s) are registered.",
        )
    placements = []
    for number in range(first_partition, first_partition + partition_count):
        turn = number % len(unfenced)
        in_turn = unfenced[turn:] + unfenced[:turn] + fenced
        placements.append(in_turn[:replication_factor])
    return placements


def check_manual_assignment(
    brokers: BrokersImage, replicas: Sequence[int], replication_factor: int | None
) -> None:
    """Raise KafkaError INVALID_REPLICA_ASSIGNMENT for replicas that a partition cannot have.

    `replication_factor` is that of the partitions before it, None for the first.
    """
    if not replicas:
        raise _invalid_assignment("The manual partition assignment includes an empty replica list.")
    previous = None
    for node_id in sorted(replicas):
        if node_id not in brokers.by_id:
            raise _invalid_assignment(
                f"The manual partition assignment includes broker {node_id}, but no such broker is registered."
            )
        if node_id == previous:
            raise _invalid_assignment(
                f"The manual partition assignment includes the broker {node_id} more than once."
            )
        previous = node_id
    if replication_factor is not None and len(replicas) != replication_factor:
        raise _invalid_assignment(
            f"The manual partition assignment includes a partition with {len(replicas)} replica(s), but this is "
            f"not consistent with previous partitions, which have {replication_factor} replica(s)."
        )


def new_partition(
    brokers: BrokersImage, topic_id: Uuid, number: int, replicas: Sequence[int], *, is_manual: bool
) -> PartitionRecord:
    """Return the record of a new partition, led by its first active replica.

    Raises KafkaError when none of the replicas is active: INVALID_REPLICA_ASSIGNMENT where the client has named them,
    INVALID_REPLICATION_FACTOR where they were placed.
    """
    isr = [node_id for node_id in replicas if is_active(brokers.by_id[node_id])]
    if not isr and not is_manual:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"Unable to replicate the partition {len(replicas)} time(s): All brokers are currently fenced or in "
            "controlled shutdown.",
        )
    if not isr:
        raise _invalid_assignment(
            "All brokers specified in the manual partition assignment for partition "
            f"{number} are fenced or in controlled shutdown."
        )
    return PartitionRecord(
        partition_id=number,
        topic_id=topic_id,
        replicas=list(replicas),
        isr=isr,
        leader=isr[0],
        leader_epoch=0,
        partition_epoch=0,
        directories=[default_directory(brokers, node_id) for node_id in replicas],
    )


def default_directory(brokers: BrokersImage, node_id: int) -> Uuid:
    """Return the broker's only directory; with several the broker itself would choose and report it."""
    broker = brokers.by_id.get(node_id)
    if broker is None or len(broker.log_dirs) != 1:
        return UNASSIGNED_DIRECTORY_ID
    return broker.log_dirs[0]


def _invalid_assignment(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
