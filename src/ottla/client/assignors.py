"""How the leader of a classic group shares out partitions: range, round robin, sticky, cooperative sticky. Pure.

The law: each partition of a subscribed topic goes to exactly one member that subscribed to it (with cooperative sticky
only once its former owner has let it go). The sticky ones leave with a member what it has, as long as nobody has two
partitions fewer than somebody who could give it one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ottla.types import TopicPartition

Assignment = dict[str, list[TopicPartition]]
"""Partitions by member id."""

EAGER = "eager"
COOPERATIVE = "cooperative"

_INT16 = struct.Struct(">h")
_INT32 = struct.Struct(">i")


class Member(NamedTuple):
    """A member of a group as its leader knows it."""

    topics: Sequence[str]
    group_instance_id: str | None = None
    owned: Sequence[TopicPartition] = ()
    """What it held before, for the sticky assignors."""
    generation: int = -1
    """The generation in which it came to hold them; -1 when unknown."""


def assign(name: str, members: Mapping[str, Member], partition_counts: Mapping[str, int]) -> Assignment:
    """Share out with the assignor of a name: range, roundrobin, sticky or cooperative-sticky.

    `partition_counts` has the topics that exist; others get nobody.
    """
    return _ASSIGNORS[name](members, partition_counts)


def rebalance_protocol(names: Sequence[str]) -> str:
    """Return the protocol that a member with these assignors follows: cooperative only where all of them are."""
    return COOPERATIVE if all(name == "cooperative-sticky" for name in names) else EAGER


def assign_range(members: Mapping[str, Member], partition_counts: Mapping[str, int]) -> Assignment:
    """Give each member a range of each topic, the first ones one more (Kafka's `RangeAssignor`)."""
    assignment: Assignment = {member_id: [] for member_id in members}
    for topic in sorted(partition_counts):
        takers = [member_id for member_id in _in_order(members) if topic in members[member_id].topics]
        if not takers:
            continue
        each, more = divmod(partition_counts[topic], len(takers))
        start = 0
        for place, member_id in enumerate(takers):
            end = start + each + (place < more)
            assignment[member_id] += [TopicPartition(topic, number) for number in range(start, end)]
            start = end
    return assignment


def assign_round_robin(members: Mapping[str, Member], partition_counts: Mapping[str, int]) -> Assignment:
    """Deal all partitions out in turn (Kafka's `RoundRobinAssignor`)."""
    assignment: Assignment = {member_id: [] for member_id in members}
    order = _in_order(members)
    turn = 0
    for partition in _all_partitions(members, partition_counts):
        while partition.topic not in members[order[turn % len(order)]].topics:
            turn += 1
        assignment[order[turn % len(order)]].append(partition)
        turn += 1
    return assignment


def assign_sticky(members: Mapping[str, Member], partition_counts: Mapping[str, int]) -> Assignment:
    """Leave everybody what they have as far as the balance allows, and share out the rest."""
    partitions = _all_partitions(members, partition_counts)
    owners = _owners(members, set(partitions))
    assignment: Assignment = {member_id: [] for member_id in members}
    for partition in partitions:
        if partition in owners:
            assignment[owners[partition]].append(partition)
    for partition in partitions:
        if partition not in owners:
            assignment[_neediest(assignment, members, partition)].append(partition)
    _balance(assignment, members)
    for held in assignment.values():
        held.sort()
    return assignment


def assign_cooperative_sticky(
    members: Mapping[str, Member], partition_counts: Mapping[str, int]
) -> Assignment:
    """Assign as sticky does, but keep back what somebody else has still to let go (KIP-429)."""
    assignment = assign_sticky(members, partition_counts)
    held_by = {partition: member_id for member_id, member in members.items() for partition in member.owned}
    return {
        member_id: [partition for partition in given if held_by.get(partition, member_id) == member_id]
        for member_id, given in assignment.items()
    }


_ASSIGNORS: dict[str, Callable[[Mapping[str, Member], Mapping[str, int]], Assignment]] = {
    "range": assign_range,
    "roundrobin": assign_round_robin,
    "sticky": assign_sticky,
    "cooperative-sticky": assign_cooperative_sticky,
}


def encode_user_data(name: str, owned: Sequence[TopicPartition], generation: int) -> bytes | None:
    """Return what an assignor's member tells the leader beside its topics; None where it tells nothing.

    The sticky assignor writes what it held and since when, the cooperative one only the latter.
    """
    if name == "cooperative-sticky":
        return _INT32.pack(generation)
    if name != "sticky" or not owned:
        return None
    topics: dict[str, list[int]] = {}
    for topic, partition in owned:
        topics.setdefault(topic, []).append(partition)
    encoded = bytearray(_INT32.pack(len(topics)))
    for topic, numbers in topics.items():
        text = topic.encode()
        encoded += _INT16.pack(len(text)) + text
        encoded += struct.pack(f">{len(numbers) + 1}i", len(numbers), *numbers)
    return bytes(encoded + _INT32.pack(generation))


def decode_sticky_user_data(content: bytes | None) -> tuple[list[TopicPartition], int]:
    """Return what a member of the sticky assignor held, and its generation; nothing where the bytes are not that."""
    if not content:
        return [], -1
    owned = []
    try:
        (count,) = _INT32.unpack_from(content)
        position = 4
        for _ in range(count):
            (size,) = _INT16.unpack_from(content, position)
            position += 2
            topic = content[position : position + size].decode()
            position += size
            (numbers,) = _INT32.unpack_from(content, position)
            position += 4
            owned += [
                TopicPartition(topic, number)
                for number in struct.unpack_from(f">{max(0, numbers)}i", content, position)
            ]
            position += 4 * max(0, numbers)
        generation = _INT32.unpack_from(content, position)[0] if position + 4 <= len(content) else -1
    except (struct.error, UnicodeDecodeError):
        return [], -1
    return owned, generation


def _in_order(members: Mapping[str, Member]) -> list[str]:
    """Return member ids in the order of Kafka's assignors: static members first, by their names."""
    return sorted(
        members,
        key=lambda member_id: (
            members[member_id].group_instance_id is None,
            members[member_id].group_instance_id or "",
            member_id,
        ),
    )


def _all_partitions(
    members: Mapping[str, Member], partition_counts: Mapping[str, int]
) -> list[TopicPartition]:
    wanted = {topic for member in members.values() for topic in member.topics}
    return [
        TopicPartition(topic, number)
        for topic in sorted(wanted & partition_counts.keys())
        for number in range(partition_counts[topic])
    ]


def _owners(members: Mapping[str, Member], partitions: set[TopicPartition]) -> dict[TopicPartition, str]:
    """Return who has each partition; where two claim it the later generation has it, in the same one nobody."""
    owners: dict[TopicPartition, str] = {}
    disputed: dict[TopicPartition, int] = {}
    for member_id in sorted(members):
        member = members[member_id]
        for partition in member.owned:
            if partition not in partitions or partition.topic not in member.topics:
                continue
            if disputed.get(partition, -2) >= member.generation:
                continue
            other = owners.get(partition)
            if other is None or members[other].generation < member.generation:
                owners[partition] = member_id
            elif members[other].generation == member.generation:
                del owners[partition]
                disputed[partition] = member.generation
    return owners


def _neediest(assignment: Assignment, members: Mapping[str, Member], partition: TopicPartition) -> str:
    takers = (member_id for member_id in members if partition.topic in members[member_id].topics)
    return min(takers, key=lambda member_id: (len(assignment[member_id]), member_id))


def _balance(assignment: Assignment, members: Mapping[str, Member]) -> None:
    """Move partitions to members that have at least two fewer; each move makes the loads more equal, so it ends."""
    is_moving = True
    while is_moving:
        is_moving = False
        for giver in sorted(assignment, key=lambda member_id: (-len(assignment[member_id]), member_id)):
            for partition in reversed(assignment[giver].copy()):
                taker = _neediest(assignment, members, partition)
                if len(assignment[taker]) + 1 < len(assignment[giver]):
                    assignment[giver].remove(partition)
                    assignment[taker].append(partition)
                    is_moving = True
