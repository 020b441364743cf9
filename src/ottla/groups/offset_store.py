"""The committed offsets of a shard, changed only by replaying records.

A commit inside a transaction waits apart until the marker of its producer decides. Of a plain commit and a
transactional one the later record in the log wins, whenever its transaction ended (Kafka's OffsetMetadataManager).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ottla.groups.log_records import NO_PRODUCER_ID, OffsetRecord, TransactionMarker
from ottla.groups.records import NO_EXPIRY
from ottla.types import TopicPartition, Uuid

_NOTHING: Mapping[int, CommittedOffset] = MappingProxyType({})


class CommittedOffset(NamedTuple):
    """How far a group has read one partition."""

    offset: int
    leader_epoch: int
    """-1 when unknown."""
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int
    """NO_EXPIRY where the broker's retention applies."""
    topic_id: Uuid
    sequence: int
    """Place of the record among those replayed."""

    def is_expired(self, now_ms: int, retention_ms: int, since_ms: int) -> bool:
        """Tell whether the offset may go; the broker's retention counts from `since_ms`."""
        if self.expire_timestamp_ms != NO_EXPIRY:
            return now_ms >= self.expire_timestamp_ms
        return now_ms - since_ms >= retention_ms


class OffsetStore:
    """Offsets by group, topic and partition."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, dict[int, CommittedOffset]]] = {}
        self._pending: dict[int, dict[tuple[str, str, int], CommittedOffset]] = {}
        """Commits of undecided transactions, by producer id."""
        self._sequence = 0

    # Looking up

    def get(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """Return an offset; None where there is none."""
        return self._groups.get(group_id, {}).get(topic, _NOTHING).get(partition)

    def topics(self, group_id: str) -> Mapping[str, Mapping[int, CommittedOffset]]:
        """Return all offsets of a group by topic and partition."""
        return self._groups.get(group_id, {})

    def has_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Tell whether an undecided transaction commits this offset."""
        key = (group_id, topic, partition)
        return any(key in commits for commits in self._pending.values())

    def has_open_transaction(self, group_id: str) -> bool:
        """Tell whether an undecided transaction commits any offset of the group."""
        return any(key[0] == group_id for commits in self._pending.values() for key in commits)

    def partitions_of(self, group_id: str) -> Iterator[TopicPartition]:
        """Yield the partitions that the group has an offset for, decided or not."""
        stored = self._groups.get(group_id, {})
        for topic, partitions in stored.items():
            for partition in partitions:
                yield TopicPartition(topic, partition)
        pending = {key for commits in self._pending.values() for key in commits if key[0] == group_id}
        for _, topic, partition in sorted(pending):
            if partition not in stored.get(topic, _NOTHING):
                yield TopicPartition(topic, partition)

    def groups_with(self, topic: str) -> list[str]:
        """Return the groups that have an offset for a topic, decided or not."""
        groups = [group_id for group_id, topics in self._groups.items() if topic in topics]
        pending = {key[0] for commits in self._pending.values() for key in commits if key[1] == topic}
        return groups + sorted(pending.difference(groups))

    # Replaying

    def replay(self, record: OffsetRecord) -> None:
        """Store or remove one offset."""
        self._sequence += 1
        key, value = record.key, record.value
        if value is None:
            self._remove(key.group, key.topic, key.partition)
            return
        committed = CommittedOffset(
            value.offset,
            value.leader_epoch,
            value.metadata,
            value.commit_timestamp,
            value.expire_timestamp,
            value.topic_id,
            self._sequence,
        )
        if record.producer_id == NO_PRODUCER_ID:
            self._put(key.group, key.topic, key.partition, committed)
        else:
            commits = self._pending.setdefault(record.producer_id, {})
            commits[key.group, key.topic, key.partition] = committed

    def replay_marker(self, marker: TransactionMarker) -> None:
        """Decide the commits of a producer's transaction."""
        for (group_id, topic, partition), committed in self._pending.pop(marker.producer_id, {}).items():
            if marker.committed:
                current = self.get(group_id, topic, partition)
                if current is None or committed.sequence > current.sequence:
                    self._put(group_id, topic, partition, committed)

    def _put(self, group_id: str, topic: str, partition: int, committed: CommittedOffset) -> None:
        self._groups.setdefault(group_id, {}).setdefault(topic, {})[partition] = committed

    def _remove(self, group_id: str, topic: str, partition: int) -> None:
        for commits in self._pending.values():
            commits.pop((group_id, topic, partition), None)
        topics = self._groups.get(group_id)
        partitions = None if topics is None else topics.get(topic)
        if topics is None or partitions is None:
            return
        partitions.pop(partition, None)
        if not partitions:
            del topics[topic]
            if not topics:
                del self._groups[group_id]
