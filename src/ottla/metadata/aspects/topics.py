"""Topics and their partitions.

Every change of a partition raises its partition epoch; every change that names a leader, be it the same,
raises its leader epoch (PartitionRegistration in Kafka).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.records import (
    ClearElrRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
)
from ottla.types import Uuid

NO_LEADER = -1
_NO_LEADER_CHANGE = -2
_NO_RECOVERY_CHANGE = -1

RECOVERED = 0
RECOVERING = 1
"""Leader recovery states: RECOVERING after a leader was elected that may lack committed records."""


class PartitionImage(NamedTuple):
    """One partition; the replicas are node ids.

    A tuple, since a start makes tens of thousands: a frozen dataclass takes twice as long.
    """

    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int
    """Node id of the leader, or NO_LEADER."""
    leader_epoch: int
    partition_epoch: int
    leader_recovery_state: int = RECOVERED
    removing_replicas: tuple[int, ...] = ()
    adding_replicas: tuple[int, ...] = ()
    directories: tuple[Uuid, ...] = ()
    """The log directory of each replica, in the order of `replicas`."""
    eligible_leader_replicas: tuple[int, ...] = ()
    last_known_eligible_leader_replicas: tuple[int, ...] = ()

    @classmethod
    def from_record(cls, record: PartitionRecord) -> PartitionImage:
        """Return what a partition's first record says."""
        return cls(
            replicas=tuple(record.replicas),
            isr=tuple(record.isr),
            leader=record.leader,
            leader_epoch=record.leader_epoch,
            partition_epoch=record.partition_epoch,
            leader_recovery_state=record.leader_recovery_state,
            removing_replicas=tuple(record.removing_replicas),
            adding_replicas=tuple(record.adding_replicas),
            directories=tuple(record.directories),
            eligible_leader_replicas=tuple(record.eligible_leader_replicas or ()),
            last_known_eligible_leader_replicas=tuple(record.last_known_elr or ()),
        )

    def to_record(self, topic_id: Uuid, number: int) -> PartitionRecord:
        """Return the record that rebuilds this partition; empty tagged lists are left out, as Kafka leaves them."""
        return PartitionRecord(
            partition_id=number,
            topic_id=topic_id,
            replicas=list(self.replicas),
            isr=list(self.isr),
            removing_replicas=list(self.removing_replicas),
            adding_replicas=list(self.adding_replicas),
            leader=self.leader,
            leader_recovery_state=self.leader_recovery_state,
            leader_epoch=self.leader_epoch,
            partition_epoch=self.partition_epoch,
            directories=list(self.directories),
            eligible_leader_replicas=list(self.eligible_leader_replicas) or None,
            last_known_elr=list(self.last_known_eligible_leader_replicas) or None,
        )

    def merge(self, change: PartitionChangeRecord) -> PartitionImage:
        """Return the partition after a change; what the record leaves null stays."""
        leader_changes = change.leader != _NO_LEADER_CHANGE
        recovery_changes = change.leader_recovery_state != _NO_RECOVERY_CHANGE
        return PartitionImage(
            replicas=_changed(change.replicas, self.replicas),
            isr=_changed(change.isr, self.isr),
            leader=change.leader if leader_changes else self.leader,
            leader_epoch=self.leader_epoch + 1 if leader_changes else self.leader_epoch,
            partition_epoch=self.partition_epoch + 1,
            leader_recovery_state=change.leader_recovery_state
            if recovery_changes
            else self.leader_recovery_state,
            removing_replicas=_changed(change.removing_replicas, self.removing_replicas),
            adding_replicas=_changed(change.adding_replicas, self.adding_replicas),
            directories=self.directories if change.directories is None else tuple(change.directories),
            eligible_leader_replicas=_changed(change.eligible_leader_replicas, self.eligible_leader_replicas),
            last_known_eligible_leader_replicas=_changed(
                change.last_known_elr, self.last_known_eligible_leader_replicas
            ),
        )


def _changed(change: list[int] | None, current: tuple[int, ...]) -> tuple[int, ...]:
    return current if change is None else tuple(change)


@dataclass(frozen=True, slots=True)
class TopicImage:
    """One topic with its partitions by number."""

    name: str
    topic_id: Uuid
    partitions: Mapping[int, PartitionImage] = field(default_factory=dict)

    def to_records(self) -> Iterator[TopicRecord | PartitionRecord]:
        """Yield the records that rebuild this topic."""
        yield TopicRecord(name=self.name, topic_id=self.topic_id)
        for number, partition in self.partitions.items():
            yield partition.to_record(self.topic_id, number)


@dataclass(frozen=True, slots=True)
class TopicsImage:
    """Every topic, found by id and by name."""

    by_id: Mapping[Uuid, TopicImage] = field(default_factory=dict)
    by_name: Mapping[str, TopicImage] = field(default_factory=dict)

    def to_records(self) -> Iterator[TopicRecord | PartitionRecord]:
        """Yield the records that rebuild this image."""
        for topic in self.by_id.values():
            yield from topic.to_records()


class TopicsDelta:
    """The topics that one batch of records creates, changes and deletes."""

    def __init__(self, image: TopicsImage) -> None:
        self._image = image
        self._partitions: dict[Uuid, dict[int, PartitionImage]] = {}
        self._names: dict[Uuid, str] = {}
        self._ids: dict[str, Uuid] = {}
        self.deleted: dict[Uuid, TopicImage] = {}

    def replay_topic(self, record: TopicRecord) -> None:
        """Create a topic without partitions."""
        if self._find_id(record.name) is not None:
            raise InconsistentMetadataError(f"topic {record.name!r} is created a second time")
        self._names[record.topic_id] = record.name
        self._ids[record.name] = record.topic_id
        self._partitions[record.topic_id] = {}

    def replay_partition(self, record: PartitionRecord) -> None:
        """Create a partition, or restate one."""
        self._touched(record.topic_id, record)[record.partition_id] = PartitionImage.from_record(record)

    def replay_partition_change(self, record: PartitionChangeRecord) -> None:
        """Change a partition."""
        partitions = self._touched(record.topic_id, record)
        partition = partitions.get(record.partition_id)
        if partition is None:
            raise InconsistentMetadataError(f"{record} is about a partition that does not exist")
        partitions[record.partition_id] = partition.merge(record)

    def replay_remove_topic(self, record: RemoveTopicRecord) -> str:
        """Delete a topic and return its name."""
        topic_id = record.topic_id
        name = self._names.get(topic_id)
        before = self._image.by_id.get(topic_id)
        if topic_id in self.deleted or (name is None and before is None):
            raise InconsistentMetadataError(f"{record} is about a topic that does not exist")
        self._partitions.pop(topic_id, None)
        if name is not None:
            del self._names[topic_id], self._ids[name]
            return name
        assert before is not None
        self.deleted[topic_id] = before
        return before.name

    def replay_clear_elr(self, record: ClearElrRecord) -> None:
        """Empty the eligible leader replicas of one topic, or of all when the name is empty (KIP-966)."""
        if record.topic_name:
            topic_id = self._find_id(record.topic_name)
            if topic_id is None:
                raise InconsistentMetadataError(f"{record} is about a topic that does not exist")
            topic_ids = [topic_id]
        else:
            topic_ids = [item for item in self._image.by_id if item not in self.deleted] + list(self._names)
        for topic_id in topic_ids:
            self._clear_elr(topic_id, record)

    @property
    def created(self) -> frozenset[Uuid]:
        """The topics that are new."""
        return frozenset(self._names)

    @property
    def touched(self) -> frozenset[Uuid]:
        """The topics that are new or have changed partitions."""
        return frozenset(self._partitions)

    def apply(self) -> TopicsImage:
        """Return the image with the changes, or the same where there are none."""
        if not self._partitions and not self.deleted:
            return self._image
        by_id = dict(self._image.by_id)
        by_name = dict(self._image.by_name)
        for topic_id, before in self.deleted.items():
            del by_id[topic_id], by_name[before.name]
        for topic_id, partitions in self._partitions.items():
            name = self._names.get(topic_id) or by_id[topic_id].name
            by_id[topic_id] = by_name[name] = TopicImage(name, topic_id, partitions)
        return TopicsImage(by_id, by_name)

    def _find_id(self, name: str) -> Uuid | None:
        created = self._ids.get(name)
        if created is not None:
            return created
        before = self._image.by_name.get(name)
        return None if before is None or before.topic_id in self.deleted else before.topic_id

    def _touched(self, topic_id: Uuid, record: object) -> dict[int, PartitionImage]:
        partitions = self._partitions.get(topic_id)
        if partitions is None:
            before = self._image.by_id.get(topic_id)
            if before is None or topic_id in self.deleted:
                raise InconsistentMetadataError(f"{record} is about a topic that does not exist")
            partitions = self._partitions[topic_id] = dict(before.partitions)
        return partitions

    def _clear_elr(self, topic_id: Uuid, record: ClearElrRecord) -> None:
        touched = self._partitions.get(topic_id)
        partitions = self._image.by_id[topic_id].partitions if touched is None else touched
        for number, partition in list(partitions.items()):
            if partition.eligible_leader_replicas or partition.last_known_eligible_leader_replicas:
                change = PartitionChangeRecord(eligible_leader_replicas=[], last_known_elr=[])
                self._touched(topic_id, record)[number] = partition.merge(change)
