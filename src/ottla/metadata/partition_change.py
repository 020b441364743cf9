"""One change of a partition, worked out as Kafka's `PartitionChangeBuilder` does it (KIP-455, KIP-966).

The law: whoever leads goes on leading as long as it may; who leads anew is in sync, or eligible where nobody is.
Only an unclean election takes any replica that is there, and says so in the recovery state. A move of replicas is over
as soon as all that are to stay are in sync.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ottla.metadata.aspects.topics import NO_LEADER, RECOVERING, PartitionImage, TopicImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.placement import can_lead, default_directory
from ottla.metadata.records import PartitionChangeRecord


class Election(Enum):
    """Who may lead anew."""

    PREFERRED = "the first replica, where it is in sync"
    ONLINE = "any replica in sync, and only where the leader cannot go on"
    UNCLEAN = "any replica that is there, where none in sync is"


@dataclass(slots=True)
class PartitionTarget:
    """What a partition is to become."""

    replicas: list[int]
    isr: list[int]
    removing: list[int]
    adding: list[int]

    @classmethod
    def unchanged(cls, partition: PartitionImage) -> PartitionTarget:
        """Return the partition as it is."""
        return cls(
            list(partition.replicas),
            list(partition.isr),
            list(partition.removing_replicas),
            list(partition.adding_replicas),
        )

    def complete(self) -> None:
        """Let a move of replicas be over where all that are to stay are in sync, and one is."""
        if not self.removing and not self.adding:
            return
        isr = [node_id for node_id in self.isr if node_id not in self.removing]
        replicas = [node_id for node_id in self.replicas if node_id not in self.removing]
        if isr and replicas and set(isr).issuperset(replicas):
            self.replicas, self.isr, self.removing, self.adding = replicas, isr, [], []


def plan_partition_change(
    image: ClusterImage,
    topic: TopicImage,
    number: int,
    target: PartitionTarget,
    election: Election = Election.ONLINE,
    *,
    min_insync_replicas: int,
) -> PartitionChangeRecord | None:
    """Return the record that makes the partition what `target` says, None where it is that already.

    `min_insync_replicas` is the topic's setting in effect; below it replicas that leave the in-sync set stay eligible.
    """
    partition = topic.partitions[number]
    change = PartitionChangeRecord(partition_id=number, topic_id=topic.topic_id)
    target.complete()
    eligible = _eligible(image, topic, partition, target, min_insync_replicas)
    leader, is_unclean = _elect(image, partition, target, eligible, election)
    if leader != partition.leader:
        change.leader = leader
        if leader in eligible:
            target.isr = [leader]
            eligible.remove(leader)
        if is_unclean:
            change.isr = [leader]
            if partition.leader_recovery_state != RECOVERING:
                change.leader_recovery_state = RECOVERING
    elif not set(target.replicas).issuperset(partition.replicas):
        change.leader = leader  # a new leader epoch, in which who is no replica any more is told so
    _change_members(image, partition, target, eligible, change)
    _change_assignment(image, partition, target, change)
    return None if change == PartitionChangeRecord(partition_id=number, topic_id=topic.topic_id) else change


def _eligible(
    image: ClusterImage,
    topic: TopicImage,
    partition: PartitionImage,
    target: PartitionTarget,
    min_insync_replicas: int,
) -> list[int]:
    """Return who is eligible to lead without being in sync."""
    if not image.features.eligible_leader_replicas:
        return list(partition.eligible_leader_replicas)
    replication_factor = len(next(iter(topic.partitions.values())).replicas)
    if len(target.isr) >= min(min_insync_replicas, replication_factor):
        return []
    return sorted({*partition.eligible_leader_replicas, *partition.isr} - set(target.isr))


def _elect(
    image: ClusterImage,
    partition: PartitionImage,
    target: PartitionTarget,
    eligible: list[int],
    election: Election,
) -> tuple[int, bool]:
    """Return who leads, and whether records may be lost by it; NO_LEADER where nobody can."""
    preferred, *others = target.replicas or [NO_LEADER]
    candidates = [partition.leader, preferred, *others]
    if election is Election.PREFERRED:
        candidates = [preferred, partition.leader, *others]
    without_loss = target.isr or eligible
    for node_id in candidates:
        if node_id in without_loss and can_lead(image.brokers, node_id):
            return node_id, False
    last_known = partition.last_known_eligible_leader_replicas
    may_have_last_known = image.features.eligible_leader_replicas and not without_loss
    if may_have_last_known and len(last_known) == 1 and can_lead(image.brokers, last_known[0]):
        return last_known[0], True
    if election is Election.UNCLEAN:
        for node_id in target.replicas:
            if can_lead(image.brokers, node_id):
                return node_id, True
    return NO_LEADER, False


def _change_members(
    image: ClusterImage,
    partition: PartitionImage,
    target: PartitionTarget,
    eligible: list[int],
    change: PartitionChangeRecord,
) -> None:
    """Fill in who is in sync, who is eligible, and who was the last to lead."""
    is_enabled = image.features.eligible_leader_replicas
    remaining = eligible if is_enabled and change.isr is None else []
    if remaining != list(partition.eligible_leader_replicas):
        change.eligible_leader_replicas = remaining
    if change.isr is None and (target.isr or is_enabled) and target.isr != list(partition.isr):
        change.isr = target.isr
    if not is_enabled:
        return
    last_known = partition.last_known_eligible_leader_replicas
    keeps_leader = NO_LEADER not in {partition.leader, change.leader}
    if change.isr == [] and last_known != (partition.leader,):
        change.last_known_elr = [partition.leader]
    elif (change.leader >= 0 or keeps_leader) and last_known:
        change.last_known_elr = []


def _change_assignment(
    image: ClusterImage,
    partition: PartitionImage,
    target: PartitionTarget,
    change: PartitionChangeRecord,
) -> None:
    """Fill in where the replicas are, and which of them come and go."""
    if target.replicas != list(partition.replicas):
        change.replicas = target.replicas
    if partition.directories:
        # Not strict: a change that an older release wrote names no directory for a replica that it adds.
        known = dict(zip(partition.replicas, partition.directories, strict=False))
        directories = [
            known[node_id] if node_id in known else default_directory(image.brokers, node_id)
            for node_id in target.replicas
        ]
        if directories != list(partition.directories):
            change.directories = directories
    if target.removing != list(partition.removing_replicas):
        change.removing_replicas = target.removing
    if target.adding != list(partition.adding_replicas):
        change.adding_replicas = target.adding
