"""The batches of one partition on their way: open, ready, in flight; and the sequence numbers that order them.

The law: batches leave in the order in which they were filled. One that came back goes out before all that never went,
and waits until what was sent before it is answered. After a batch was lost for good the numbers begin anew under a
later epoch, once nothing is in flight.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ottla.client.producer_batch import NO_SEQUENCE, ProducerBatch
from ottla.records.batch import add_to_sequence
from ottla.types import TopicPartition

NO_PRODUCER_ID = -1


class ProducerIdentity(NamedTuple):
    """What InitProducerId gave."""

    producer_id: int = NO_PRODUCER_ID
    epoch: int = -1


class PartitionQueue:
    """The batches of one partition; pure, told the time."""

    __slots__ = (
        "identity",
        "in_flight",
        "is_broken",
        "last_acked_sequence",
        "next_order",
        "next_sequence",
        "open",
        "partition",
        "ready",
    )

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.open: ProducerBatch | None = None
        """The batch that takes records."""
        self.ready: deque[ProducerBatch] = deque()
        """Sealed batches, first those that came back, in the order of their sequences."""
        self.in_flight: list[ProducerBatch] = []
        self.identity = ProducerIdentity()
        self.next_sequence = 0
        self.last_acked_sequence = -1
        self.next_order = 0
        self.is_broken = False
        """Whether the sequence has a gap, so that it begins anew once nothing is in flight."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return self.open is None and not self.ready and not self.in_flight

    @property
    def length(self) -> int:
        """How many batches wait to be sent."""
        return len(self.ready) + (self.open is not None)

    def add(self, batch: ProducerBatch) -> None:
        """Put a sealed batch behind all others."""
        batch.order = (self.next_order,)
        self.next_order += 1
        self.ready.append(batch)

    def sendable(self, now_s: float) -> ProducerBatch | None:
        """Return the batch that may go out next, or None."""
        if not self.ready or (self.is_broken and self.in_flight):
            return None
        first = self.ready[0]
        if first.retry_at_s > now_s:
            return None
        if first.attempts and any(batch.order < first.order for batch in self.in_flight):
            return None
        return first

    def take(self, identity: ProducerIdentity | None) -> ProducerBatch:
        """Take the sendable batch out, numbered for an idempotent producer, and count it as in flight."""
        batch = self.ready.popleft()
        if identity is not None and batch.base_sequence == NO_SEQUENCE:
            if self.identity.producer_id == NO_PRODUCER_ID:
                self.begin(identity)
            self._number(batch)
        batch.attempts += 1
        self.in_flight.append(batch)
        return batch

    def begin(self, identity: ProducerIdentity) -> None:
        """Begin the sequence at 0 under an identity; batches that came back get new numbers when they go out."""
        self.identity = identity
        self.next_sequence = 0
        self.last_acked_sequence = -1
        self.is_broken = False
        for batch in self.ready:
            batch.base_sequence = NO_SEQUENCE

    def acknowledge(self, batch: ProducerBatch) -> None:
        """Note that a batch is in the log."""
        self.in_flight.remove(batch)
        if batch.base_sequence != NO_SEQUENCE and batch.producer_epoch == self.identity.epoch:
            self.last_acked_sequence = add_to_sequence(batch.base_sequence, batch.count - 1)

    def is_next(self, batch: ProducerBatch) -> bool:
        """Whether a batch directly follows what is acknowledged, so that a gap before it cannot close any more."""
        return batch.base_sequence == add_to_sequence(self.last_acked_sequence, 1)

    def bring_back(self, batch: ProducerBatch, retry_at_s: float) -> None:
        """Put a batch that was in flight before all that have not been sent, in its order."""
        self.in_flight.remove(batch)
        batch.retry_at_s = retry_at_s
        position = sum(other.order < batch.order for other in self.ready)
        self.ready.insert(position, batch)

    def give_up(self, batch: ProducerBatch) -> None:
        """Forget a batch; where it had a number, what follows it has to begin anew."""
        if batch in self.in_flight:
            self.in_flight.remove(batch)
        else:
            self.ready.remove(batch)
        if batch.base_sequence != NO_SEQUENCE:
            self.is_broken = True

    def replace(self, batch: ProducerBatch, parts: list[ProducerBatch]) -> None:
        """Put parts in the place of a batch that was in flight; the numbers begin anew, since theirs are others."""
        self.bring_back(batch, 0.0)
        position = self.ready.index(batch)
        self.ready.remove(batch)
        for number, part in enumerate(parts):
            part.order = (*batch.order, number)
            self.ready.insert(position + number, part)
        if batch.base_sequence != NO_SEQUENCE:
            self.is_broken = True

    def _number(self, batch: ProducerBatch) -> None:
        batch.producer_id, batch.producer_epoch = self.identity
        batch.base_sequence = self.next_sequence
        self.next_sequence = add_to_sequence(self.next_sequence, batch.count)
