"""Where a consumer stands in each partition that it reads. Pure.

The law: `offset` is the next one that the user gets, `fetch_offset` the next one that is asked for, which runs ahead of
it by what is fetched and not read yet. What was fetched before a seek or a reset has an older `stamp` and is thrown
away.
"""

from __future__ import annotations

from collections.abc import Iterable

from ottla.client.consumer_settings import ResetPolicy
from ottla.types import TopicPartition


class Position:
    """One partition."""

    __slots__ = ("fetch_offset", "last_epoch", "offset", "reset", "retry_at_s", "stamp")

    def __init__(self, stamp: int) -> None:
        self.offset: int | None = None
        """None until it is known where to start."""
        self.fetch_offset = 0
        self.reset: ResetPolicy | None = None
        """How the start is to be found where not by the committed offset."""
        self.last_epoch = -1
        """The leader epoch of the last record that was read; -1 when unknown."""
        self.retry_at_s = 0.0
        self.stamp = stamp


class Positions:
    """The partitions that are read, in the order in which they came."""

    def __init__(self) -> None:
        self.by_partition: dict[TopicPartition, Position] = {}
        self.changes = 0
        """Grows with every change of the partitions or of where they are read."""

    def replace(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions from now on; those that were read before go on where they were."""
        before = self.by_partition
        self.by_partition = {
            partition: before.get(partition) or Position(self._next_stamp()) for partition in partitions
        }
        self.changes += 1

    def seek(self, partition: TopicPartition, offset: int, leader_epoch: int = -1) -> None:
        """Go on at an offset."""
        position = self.by_partition[partition]
        position.offset = position.fetch_offset = offset
        position.last_epoch = leader_epoch
        position.reset = None
        position.stamp = self._next_stamp()

    def request_reset(self, partition: TopicPartition, policy: ResetPolicy) -> None:
        """Find the place to go on by a policy."""
        position = self.by_partition[partition]
        position.offset = None
        position.reset = policy
        position.stamp = self._next_stamp()

    def without_offset(self) -> list[TopicPartition]:
        """Return the partitions whose start nobody knows or has said how to find."""
        return [
            partition
            for partition, position in self.by_partition.items()
            if position.offset is None and position.reset is None
        ]

    def to_reset(self) -> dict[TopicPartition, ResetPolicy]:
        """Return the partitions whose start is to be found, and how."""
        return {
            partition: position.reset
            for partition, position in self.by_partition.items()
            if position.offset is None and position.reset is not None
        }

    def consumed(self) -> dict[TopicPartition, Position]:
        """Return the partitions of which it is known where they stand."""
        return {
            partition: position
            for partition, position in self.by_partition.items()
            if position.offset is not None
        }

    def _next_stamp(self) -> int:
        self.changes += 1
        return self.changes
