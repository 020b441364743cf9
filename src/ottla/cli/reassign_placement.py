"""Proposes where the replicas of partitions are to be: spread in turn over racks and brokers, from a random beginning.

Kafka's `StripedReplicaPlacer`, as its tool uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

from ottla.client.failures import ApiError
from ottla.errors import ErrorCode

T = TypeVar("T")


def place_replicas(
    racks: Mapping[int, str | None], partition_count: int, replication_factor: int, random: Random
) -> list[tuple[int, ...]]:
    """Return the brokers of each partition; `racks` are those of the brokers that may be chosen.

    Raises ApiError INVALID_REPLICATION_FACTOR where there are not enough brokers.
    """
    if not racks:
        raise ApiError(ErrorCode.INVALID_REPLICATION_FACTOR, "All brokers are currently fenced.")
    if replication_factor > len(racks):
        raise ApiError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"The target replication factor of {replication_factor} cannot be reached because only {len(racks)} "
            "broker(s) are registered.",
        )
    by_rack: dict[str, list[int]] = {}
    for broker_id in sorted(racks):
        by_rack.setdefault(racks[broker_id] or "", []).append(broker_id)
    groups = [by_rack[rack] for rack in sorted(by_rack)]
    first_group = random.randrange(len(groups))
    first_brokers = [random.randrange(len(group)) for group in groups]
    placements = []
    for number in range(partition_count):
        turn = number % len(racks)
        if number and turn == 0:
            # Every broker has led once: go on in another order, lest the same brokers always stand together.
            random.shuffle(groups)
            for group in groups:
                random.shuffle(group)
        rotated = [_rotated(group, first + turn) for group, first in zip(groups, first_brokers, strict=True)]
        placements.append(_in_turn(_rotated(rotated, first_group + number), replication_factor))
    return placements


def _rotated(values: Sequence[T], count: int) -> list[T]:
    start = count % len(values)
    return [*values[start:], *values[:start]]


def _in_turn(groups: Sequence[Sequence[int]], count: int) -> tuple[int, ...]:
    """Return so many brokers, one of each rack after the other."""
    longest = max(map(len, groups))
    ordered = [group[place] for place in range(longest) for group in groups if place < len(group)]
    return tuple(ordered[:count])
