"""The order in which a HashMap or a HashSet of Java's yields what it holds.

Several of Apache Kafka's tools print the entries of a hash map as they come. That order is no whim: it follows from
the hash codes of the keys and the size of the table, and people compare what the tools print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from ottla.types import TopicPartition, java_string_hash

_WORD = 0xFFFFFFFF
_DEFAULT_CAPACITY = 16

Item = TypeVar("Item")


class Replica(NamedTuple):
    """A replica, as Kafka's TopicPartitionReplica: `topic-partition-broker`."""

    topic: str
    partition: int
    broker_id: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.broker_id}"


def hash_order(
    items: Iterable[Item], hash_of: Callable[[Item], int], *, capacity: int = _DEFAULT_CAPACITY
) -> list[Item]:
    """Return items in the order of a hash table that was made for `capacity` of them and got them in this order.

    Java doubles the table when it is more than three quarters full, and keeps the order within its places.
    """
    unique = list(dict.fromkeys(items))
    size = 1
    while size < capacity or len(unique) > size * 3 // 4:
        size *= 2
    return sorted(unique, key=lambda item: _place(hash_of(item), size))


def strings_in_hash_order(texts: Iterable[str], *, capacity: int = _DEFAULT_CAPACITY) -> list[str]:
    """Return texts in the order of a hash table with strings as its keys."""
    return hash_order(texts, java_string_hash, capacity=capacity)


def integers_in_hash_order(numbers: Iterable[int], *, capacity: int = _DEFAULT_CAPACITY) -> list[int]:
    """Return numbers in the order of a hash table with integers, which are their own hash codes, as its keys."""
    return hash_order(numbers, int, capacity=capacity)


def partitions_in_hash_order(partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
    """Return partitions in the order of a hash table with Kafka's TopicPartition as its keys."""
    return hash_order(partitions, _partition_hash)


def replicas_in_hash_order(replicas: Iterable[Replica]) -> list[Replica]:
    """Return replicas in the order of a hash table with Kafka's TopicPartitionReplica as its keys."""
    return hash_order(replicas, _replica_hash)


def _place(hash_code: int, size: int) -> int:
    spread = hash_code & _WORD
    return (spread ^ spread >> 16) & (size - 1)


def _partition_hash(partition: TopicPartition) -> int:
    return 31 * (31 + partition.partition) + java_string_hash(partition.topic)


def _replica_hash(replica: Replica) -> int:
    return 31 * (31 * (31 + java_string_hash(replica.topic)) + replica.partition) + replica.broker_id
