"""What `kafka-topics --describe` prints of a topic, and which of its partitions it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ottla.cli.resource_configs import DEFAULT_SOURCE, ConfigEntry
from ottla.cli.topic_metadata import PartitionState, TopicDescription
from ottla.cli.topic_moves import Move
from ottla.jvm_order import strings_in_hash_order
from ottla.types import ZERO_UUID, TopicPartition, uuid_to_text

_MIN_ISR = "min.insync.replicas"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts of a description are asked for."""

    live_brokers: AbstractSet[int]
    only_overridden: bool = False
    only_under_replicated: bool = False
    only_unavailable: bool = False
    only_under_min_isr: bool = False
    only_at_min_isr: bool = False

    @property
    def shows_topics(self) -> bool:
        """Whether the line of the topic is shown, which is so unless its partitions are chosen."""
        return not (
            self.only_under_replicated
            or self.only_unavailable
            or self.only_under_min_isr
            or self.only_at_min_isr
        )


def topic_lines(
    topic: TopicDescription,
    configs: Iterable[ConfigEntry],
    moves: Mapping[TopicPartition, Move],
    wanted: Wanted,
) -> Iterator[str]:
    """Yield the lines of a topic: its own, and one for each partition that is asked for."""
    by_name = {entry.name: entry for entry in configs}
    entries = [by_name[name] for name in strings_in_hash_order(by_name)]
    own = [entry for entry in entries if entry.source != DEFAULT_SOURCE]
    if wanted.shows_topics and (own or not wanted.only_overridden):
        yield _topic_line(topic, own, moves)
    if wanted.only_overridden:
        return
    for partition in topic.partitions:
        moving = moves.get(TopicPartition(topic.name, partition.number))
        if wanted.shows_topics or _is_wanted(partition, moving, by_name, wanted):
            yield _partition_line(topic.name, partition, moving)


def _topic_line(
    topic: TopicDescription, own: Sequence[ConfigEntry], moves: Mapping[TopicPartition, Move]
) -> str:
    first = topic.partitions[0]
    parts = [f"Topic: {topic.name}"]
    if topic.topic_id != ZERO_UUID:
        parts.append(f"TopicId: {uuid_to_text(topic.topic_id)}")
    parts += [
        f"PartitionCount: {len(topic.partitions)}",
        f"ReplicationFactor: {_factor(first, moves.get(TopicPartition(topic.name, first.number)))}",
        f"Configs: {','.join(f'{entry.name}={_shown(entry.value)}' for entry in own)}",
    ]
    return "\t".join(parts)


def _partition_line(name: str, partition: PartitionState, moving: Move | None) -> str:
    parts = [
        f"\tTopic: {name}",
        f"Partition: {partition.number}",
        f"Leader: {'none' if partition.leader is None else partition.leader}",
        f"Replicas: {_ids(partition.replicas)}",
        f"Isr: {_ids(partition.isr)}",
    ]
    if moving is not None:
        parts += [f"Adding Replicas: {_ids(moving.adding)}", f"Removing Replicas: {_ids(moving.removing)}"]
    parts += [f"Elr: {_ids(partition.elr)}", f"LastKnownElr: {_ids(partition.last_known_elr)}"]
    return "\t".join(parts)


def _is_wanted(
    partition: PartitionState,
    moving: Move | None,
    configs: Mapping[str, ConfigEntry],
    wanted: Wanted,
) -> bool:
    in_sync = len(partition.isr)
    if wanted.only_under_replicated and _factor(partition, moving) > in_sync:
        return True
    if wanted.only_unavailable and (partition.leader is None or partition.leader not in wanted.live_brokers):
        return True
    if wanted.only_under_min_isr and (partition.leader is None or in_sync < _min_isr(configs)):
        return True
    return wanted.only_at_min_isr and in_sync == _min_isr(configs)


def _factor(partition: PartitionState, moving: Move | None) -> int:
    """Return how many replicas a partition has, or will have without those that a move adds."""
    if moving is None or not set(partition.replicas) & {*moving.adding, *moving.removing}:
        return len(partition.replicas)
    return len(moving.replicas) - len(moving.adding)


def _min_isr(configs: Mapping[str, ConfigEntry]) -> int:
    return int(configs[_MIN_ISR].value or 0)


def _ids(numbers: Sequence[int] | None) -> str:
    return "N/A" if numbers is None else ",".join(map(str, numbers))


def _shown(value: str | None) -> str:
    return "null" if value is None else value
