"""Which partition a record goes to: by its key, or one partition after another for records without.

The law: the same key goes to the partition to which Kafka's Java client sends it (murmur2), and records without a key
stay with one partition until about a batch of them is there (KIP-794).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash of a key, unsigned (Kafka's `Utils.murmur2`)."""
    length = len(key)
    rest = length & 3
    value = (_SEED ^ length) & _MASK
    for word in struct.unpack_from(f"<{length >> 2}I", key):
        word = word * _MULTIPLIER & _MASK  # noqa: PLW2901 - the word is mixed in place
        word = (word ^ word >> 24) * _MULTIPLIER & _MASK  # noqa: PLW2901
        value = (value * _MULTIPLIER & _MASK) ^ word
    if rest:
        value = (value ^ int.from_bytes(key[length - rest :], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_for_key(key: bytes, partition_count: int) -> int:
    """Return the partition of a key among so many (Kafka's `BuiltInPartitioner.partitionForKey`)."""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count


class StickyPartition:
    """The partition of one topic to which records without a key go for now."""

    __slots__ = ("_random", "partition", "produced_bytes")

    def __init__(self, random: Random) -> None:
        self.partition = -1
        """-1 before the first choice."""
        self.produced_bytes = 0
        self._random = random

    def choose(self, partitions: Sequence[int], queued: Callable[[int], int] | None) -> int:
        """Go to the next partition and return it.

        With `queued`, which counts the batches that wait for a partition, those that are slow get fewer records:
        each has a share of one more than the longest queue less its own, as in Kafka's `BuiltInPartitioner`.
        """
        self.produced_bytes = 0
        if queued is None or len(partitions) == 1:
            self.partition = self._random.choice(partitions)
        else:
            lengths = [queued(partition) for partition in partitions]
            longest = max(lengths)
            shares = [longest + 1 - length for length in lengths]
            self.partition = self._random.choices(partitions, shares)[0]
        return self.partition
