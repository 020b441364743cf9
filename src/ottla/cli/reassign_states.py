"""How far the moves of a plan are, and how kafka-reassign-partitions says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ottla.jvm_order import Replica
from ottla.types import TopicPartition


class PartitionState(NamedTuple):
    """Where a partition is and is to be, and whether it moves no more."""

    current: tuple[int, ...]
    target: tuple[int, ...]
    is_done: bool


class DirectoryState(NamedTuple):
    """Where a replica is to be, where it is, and where it is being copied to; None for nowhere."""

    target: str
    current: str | None = None
    future: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing moves any more; a replica that is nowhere counts as moving."""
        return self.current is not None and self.future is None


def partition_lines(states: Mapping[TopicPartition, PartitionState]) -> str:
    """Return what --verify says of partitions."""
    lines = ["Status of partition reassignment:"]
    for partition in sorted(states):
        state = states[partition]
        if not state.is_done:
            lines.append(f"Reassignment of partition {partition} is still in progress.")
        elif state.current == state.target:
            lines.append(f"Reassignment of partition {partition} is completed.")
        else:
            current, target = (",".join(map(str, each)) for each in (state.current, state.target))
            lines.append(
                f"There is no active reassignment of partition {partition}, but replica set is {current} "
                f"rather than {target}."
            )
    return "\n".join(lines)


def directory_lines(states: Mapping[Replica, DirectoryState]) -> str:
    """Return what --verify says of replicas that are to be in certain directories."""
    ordered = sorted(states, key=lambda each: (each.broker_id, each.topic, each.partition))
    return "\n".join(_directory_line(each, states[each]) for each in ordered)


def _directory_line(replica: Replica, state: DirectoryState) -> str:
    partition = f"Partition {replica.topic}-{replica.partition}"
    if state.current is None:
        return (
            f"{partition} is not found in any live log dir on broker {replica.broker_id}. There is likely an "
            "offline log directory on the broker."
        )
    if state.future is None and state.current == state.target:
        return f"Reassignment of replica {replica} completed successfully."
    on_broker = f"{partition} on broker {replica.broker_id}"
    if state.future is None:
        return f"{on_broker} is not being moved from log dir {state.current} to {state.target}."
    if state.future == state.target:
        return f"Reassignment of replica {replica} is still in progress."
    return f"{on_broker} is being moved to log dir {state.future} instead of {state.target}."


class OngoingMove(NamedTuple):
    """A partition that moves: all its replicas, and those that are added and removed."""

    replicas: tuple[int, ...]
    adding: tuple[int, ...]
    removing: tuple[int, ...]


def ongoing_lines(moves: Mapping[TopicPartition, OngoingMove]) -> str:
    """Return what --list says."""
    if not moves:
        return "No partition reassignments found."
    lines = ["Current partition reassignments:"]
    for partition in sorted(moves):
        move = moves[partition]
        line = f"{partition}: replicas: {','.join(map(str, move.replicas))}."
        if move.adding:
            line += f" adding: {','.join(map(str, move.adding))}."
        if move.removing:
            line += f" removing: {','.join(map(str, move.removing))}."
        lines.append(line)
    return "\n".join(lines)
