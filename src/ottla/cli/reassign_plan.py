"""The plans of kafka-reassign-partitions: reads and prints their JSON, and works out which replicas move where.

Pure. A plan says for partitions which brokers are to have their replicas, and for replicas which directories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ottla.cli.failures import ToolError
from ottla.cli.java_failures import admin_command_failed, admin_operation_failed
from ottla.cli.jopt import INTEGER
from ottla.cli.json_input import (
    JsonNode,
    as_array,
    as_integer,
    as_integers,
    as_object,
    as_string,
    as_strings,
    is_parse_failure,
    member,
    parse_json,
    print_json,
)
from ottla.jvm_order import (
    Replica,
    integers_in_hash_order,
    partitions_in_hash_order,
    strings_in_hash_order,
)
from ottla.types import TopicPartition

ANY_DIRECTORY = "any"
"""The directory of a replica that may be in whichever its broker chooses."""

_VERSION = 1

T = TypeVar("T")


class Assignment(NamedTuple):
    """A partition, and the brokers that are to have its replicas, the preferred leader first."""

    partition: TopicPartition
    replicas: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file says; a partition may stand there twice until `check_plan` has seen it."""

    assignments: tuple[Assignment, ...]
    directories: Mapping[Replica, str]
    """Where replicas are to be whose directory is named."""

    @property
    def replicas(self) -> dict[TopicPartition, tuple[int, ...]]:
        """The brokers by their partitions."""
        return dict(self.assignments)


class PartitionMove(NamedTuple):
    """The brokers that have a partition, and those that are to get it."""

    sources: frozenset[int]
    destinations: frozenset[int]


def parse_plan(text: str) -> Plan:
    """Return the plan in a text. Raises the tool's failures for what cannot be used."""
    try:
        content = as_object(parse_json(text))
    except ToolError as error:
        if is_parse_failure(error):
            raise admin_operation_failed(error.message, error) from error
        raise
    _check_version(content)
    assignments = []
    directories: dict[Replica, str] = {}
    for each in as_array(content.get("partitions", [])):
        row = as_object(each)
        partition = TopicPartition(as_string(member(row, "topic")), as_integer(member(row, "partition")))
        replicas = as_integers(member(row, "replicas"))
        named = as_strings(row["log_dirs"]) if "log_dirs" in row else [ANY_DIRECTORY] * len(replicas)
        if len(replicas) != len(named):
            raise admin_command_failed(
                f"Size of replicas list {_java_list(replicas)} is different from size of log dirs list "
                f"{_java_list(named)} for partition {partition}"
            )
        assignments.append(Assignment(partition, tuple(replicas)))
        directories |= {
            Replica(partition.topic, partition.partition, broker_id): directory
            for broker_id, directory in zip(replicas, named, strict=True)
            if directory != ANY_DIRECTORY
        }
    return Plan(tuple(assignments), directories)


def check_plan(plan: Plan) -> None:
    """Raise the tool's failure for a plan that cannot be carried out."""
    if not plan.assignments:
        raise admin_command_failed("Partition reassignment list cannot be empty")
    if not all(each.replicas for each in plan.assignments):
        raise admin_command_failed("Partition replica list cannot be empty")
    repeated = partitions_in_hash_order(_repeated([each.partition for each in plan.assignments]))
    if repeated:
        names = ",".join(map(str, repeated))
        raise admin_command_failed(f"Partition reassignment contains duplicate topic partitions: {names}")
    lists = [
        f"{each.partition} contains multiple entries for {','.join(map(str, twice))}"
        for each in plan.assignments
        if (twice := integers_in_hash_order(_repeated(each.replicas)))
    ]
    if lists:
        raise admin_command_failed(
            f"Partition replica lists may not contain duplicate entries: {'. '.join(lists)}"
        )


def parse_topics_to_move(text: str, broker_list: str) -> tuple[list[int], list[str]]:
    """Return the brokers and the topics that moves are to be proposed for. Raises the tool's failures."""
    brokers = [_broker_id(each) for each in _java_split(broker_list)]
    repeated = integers_in_hash_order(_repeated(brokers))
    if repeated:
        raise admin_command_failed(f"Broker list contains duplicate entries: {_java_list(repeated)}")
    topics = _parse_topics(text)
    twice = strings_in_hash_order(_repeated(topics))
    if twice:
        raise admin_command_failed(
            f"List of topics to reassign contains duplicate entries: {_java_list(twice)}"
        )
    return brokers, topics


def _parse_topics(text: str) -> list[str]:
    try:
        node = parse_json(text)
    except ToolError as error:
        if is_parse_failure(error):
            raise admin_operation_failed("The input string is not a valid JSON") from error
        raise
    content = as_object(node)
    _check_version(content)
    return [as_string(member(as_object(each), "topic")) for each in as_array(content.get("topics", []))]


def _check_version(content: Mapping[str, JsonNode]) -> None:
    version = as_integer(content.get("version", _VERSION))
    if version != _VERSION:
        raise admin_operation_failed(f"Not supported version field value {version}")


def _broker_id(text: str) -> int:
    try:
        return int(INTEGER.read(text))
    except ValueError as error:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"') from error


def _java_split(text: str) -> list[str]:
    parts = text.split(",")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _java_list(values: Iterable[object]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _repeated(values: Sequence[T]) -> list[T]:
    """Return the values that come again, in the order in which they do."""
    seen = set()
    repeated = []
    for value in values:
        if value in seen:
            repeated.append(value)
        seen.add(value)
    return repeated


def print_plan(replicas: Mapping[TopicPartition, Sequence[int]]) -> str:
    """Return a plan as JSON, in the order of partitions and with any directory for every replica."""
    partitions = [
        {
            "topic": each.topic,
            "partition": each.partition,
            "replicas": list(replicas[each]),
            "log_dirs": [ANY_DIRECTORY] * len(replicas[each]),
        }
        for each in sorted(replicas)
    ]
    return print_json({"version": _VERSION, "partitions": partitions})


Moves = dict[str, dict[int, PartitionMove]]
"""The moves of partitions by topic and number."""


def proposed_moves(
    ongoing: Mapping[TopicPartition, tuple[Sequence[int], Sequence[int]]],
    proposed: Mapping[TopicPartition, Sequence[int]],
    current: Mapping[TopicPartition, Sequence[int]],
) -> Moves:
    """Return all moves that go on once the proposed ones do.

    `ongoing` are all replicas, and those that are being added, of partitions that move already.
    """
    moves: Moves = {}
    for (topic, partition), (replicas, adding) in ongoing.items():
        sources = frozenset(replicas) - frozenset(adding)
        moves.setdefault(topic, {})[partition] = PartitionMove(sources, frozenset(adding))
    for each, replicas in proposed.items():
        under_way = moves.setdefault(each.topic, {})
        known = under_way.get(each.partition)
        sources = known.sources if known is not None else frozenset(current[each])
        under_way[each.partition] = PartitionMove(sources, frozenset(replicas) - sources)
    return moves


def leader_throttles(moves: Moves) -> dict[str, str]:
    """Return by topic which replicas are throttled while they are copied from, as `partition:broker`."""
    return {
        topic: _throttled((partition, each) for partition, move in found.items() for each in move.sources)
        for topic, found in moves.items()
    }


def follower_throttles(moves: Moves) -> dict[str, str]:
    """Return by topic which replicas are throttled while they are filled, as `partition:broker`."""
    return {
        topic: _throttled(
            (partition, each)
            for partition, move in found.items()
            for each in move.destinations - move.sources
        )
        for topic, found in moves.items()
    }


def _throttled(replicas: Iterable[tuple[int, int]]) -> str:
    return ",".join(sorted(f"{partition}:{broker_id}" for partition, broker_id in replicas))


def moving_brokers(moves: Moves) -> list[int]:
    """Return the brokers that have a part in moves, in order."""
    return sorted(
        {
            each
            for found in moves.values()
            for move in found.values()
            for each in move.sources | move.destinations
        }
    )
