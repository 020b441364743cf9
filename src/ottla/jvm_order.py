"""The order in which hash tables of Java and Scala yield what they hold.

Apache Kafka prints the entries of hash maps as they come, in its tools and in its texts, and of several errors tells
the one that it meets first. That order is no whim: it follows from the hash codes of the keys and the size of the
table, and people compare what is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from ottla.types import TopicPartition, java_string_hash

_WORD = 0xFFFFFFFF
_DEFAULT_CAPACITY = 16
_SMALL_IN_SCALA = 4
_BITS_PER_LEVEL = 5
_HASH_BITS = 32

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


def string_place(text: str, size: int) -> int:
    """Return the place that a hash table with so many of them, a power of 2, has for a text."""
    return _place(java_string_hash(text), size)


def _place(hash_code: int, size: int) -> int:
    spread = hash_code & _WORD
    return (spread ^ spread >> 16) & (size - 1)


def _partition_hash(partition: TopicPartition) -> int:
    return 31 * (31 + partition.partition) + java_string_hash(partition.topic)


def _replica_hash(replica: Replica) -> int:
    return 31 * (31 * (31 + java_string_hash(replica.topic)) + replica.partition) + replica.broker_id


def scala_order(texts: Iterable[str]) -> list[str]:
    """Return texts as an immutable map or set of Scala's yields what it got in this order.

    Up to four keep the order of insertion. More are a trie by five bits of the hash at a time, where what a node holds
    itself comes before what lies below it (`scala.collection.immutable.HashMap`, 2.13).
    """
    inserted = list(dict.fromkeys(texts))
    if len(inserted) <= _SMALL_IN_SCALA:
        return inserted
    return _trie_order([(_improved(java_string_hash(text)), text) for text in inserted], 0)


def _trie_order(entries: list[tuple[int, str]], shift: int) -> list[str]:
    if shift >= _HASH_BITS:  # the hashes are equal
        return [text for _, text in entries]
    branches: dict[int, list[tuple[int, str]]] = {}
    for entry in entries:
        branches.setdefault(entry[0] >> shift & 31, []).append(entry)
    in_order = [branches[index] for index in sorted(branches)]
    own = [branch[0][1] for branch in in_order if len(branch) == 1]
    below = [_trie_order(branch, shift + _BITS_PER_LEVEL) for branch in in_order if len(branch) > 1]
    return own + [text for texts in below for text in texts]


def _improved(hashed: int) -> int:
    """Return what Scala makes of a hash before it goes by its bits (`scala.collection.Hashing.improve`)."""
    mixed = (hashed + ~(hashed << 9)) & _WORD
    mixed ^= mixed >> 14
    mixed = (mixed + (mixed << 4)) & _WORD
    return mixed ^ mixed >> 10
