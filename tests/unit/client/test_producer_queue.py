"""Batches leave in order, come back in order, and are numbered without a gap."""

from ottla.client.producer_batch import NO_SEQUENCE, ProducerBatch
from ottla.client.producer_queue import PartitionQueue, ProducerIdentity
from ottla.records.compression import Codec
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)
FIRST = ProducerIdentity(9, 0)


def _ready(queue: PartitionQueue, *counts: int) -> list[ProducerBatch]:
    batches = []
    for number, count in enumerate(counts):
        batch = ProducerBatch(PARTITION, 10_000, float(number))
        for _ in range(count):
            batch.try_append(0, None, b"", (), None)
        batch.seal(Codec.NONE, None)
        queue.add(batch)
        batches.append(batch)
    return batches


def test_sequences_follow_the_records() -> None:
    queue = PartitionQueue(PARTITION)
    batches = _ready(queue, 3, 2, 4)
    assert [queue.take(FIRST) for _ in batches] == batches
    assert [batch.base_sequence for batch in batches] == [0, 3, 5]
    assert {(batch.producer_id, batch.producer_epoch) for batch in batches} == {(9, 0)}
    assert queue.next_sequence == 9


def test_without_idempotence_there_are_no_numbers() -> None:
    queue = PartitionQueue(PARTITION)
    (batch,) = _ready(queue, 2)
    assert queue.take(None).base_sequence == NO_SEQUENCE
    queue.acknowledge(batch)
    assert queue.is_idle


def test_what_comes_back_goes_out_first_in_its_order_and_with_its_number() -> None:
    queue = PartitionQueue(PARTITION)
    first, second, third = _ready(queue, 1, 1, 1)
    queue.take(FIRST)
    queue.take(FIRST)
    queue.bring_back(second, 0.0)
    queue.bring_back(first, 0.0)
    assert list(queue.ready) == [first, second, third]
    assert queue.take(FIRST) is first
    assert first.base_sequence == 0
    # Until the first is answered the second may not pass it.
    assert queue.sendable(1.0) is None
    queue.acknowledge(first)
    assert queue.sendable(1.0) is second


def test_a_batch_waits_for_its_backoff() -> None:
    queue = PartitionQueue(PARTITION)
    (batch,) = _ready(queue, 1)
    queue.take(FIRST)
    queue.bring_back(batch, 5.0)
    assert queue.sendable(4.9) is None
    assert queue.sendable(5.0) is batch


def test_the_next_batch_after_the_acknowledged_ones_is_told() -> None:
    queue = PartitionQueue(PARTITION)
    first, second, third = _ready(queue, 2, 1, 1)
    for _ in range(3):
        queue.take(FIRST)
    assert queue.is_next(first)
    queue.acknowledge(first)
    assert queue.is_next(second)
    assert not queue.is_next(third)


def test_after_a_loss_numbers_begin_anew_once_nothing_is_in_flight() -> None:
    queue = PartitionQueue(PARTITION)
    first, second, third = _ready(queue, 2, 3, 1)
    for _ in range(3):
        queue.take(FIRST)
    queue.give_up(first)
    queue.bring_back(second, 0.0)
    assert queue.is_broken
    assert queue.sendable(1.0) is None  # the third is in flight
    queue.bring_back(third, 0.0)
    assert queue.sendable(1.0) is second
    later = ProducerIdentity(9, 1)
    queue.begin(later)
    assert [queue.take(later), queue.take(later)] == [second, third]
    assert [(batch.producer_epoch, batch.base_sequence) for batch in (second, third)] == [(1, 0), (1, 3)]


def test_parts_are_numbered_before_what_came_back_behind_them() -> None:
    queue = PartitionQueue(PARTITION)
    large, behind = _ready(queue, 2, 1)
    queue.take(FIRST)
    queue.take(FIRST)
    queue.replace(large, large.split(None))
    queue.bring_back(behind, 0.0)
    later = ProducerIdentity(9, 1)
    queue.begin(later)
    numbers = []
    while queue.ready:
        batch = queue.take(later)
        numbers.append(batch.base_sequence)
        queue.acknowledge(batch)
    assert numbers == [0, 1, 2]
    assert batch is behind


def test_parts_take_the_place_of_a_batch_that_was_too_large() -> None:
    queue = PartitionQueue(PARTITION)
    large, later = _ready(queue, 2, 1)
    queue.take(FIRST)
    parts = large.split(None)
    queue.replace(large, parts)
    assert list(queue.ready) == [*parts, later]
    assert queue.is_broken
    queue.begin(ProducerIdentity(9, 1))
    assert [queue.take(FIRST).base_sequence for _ in range(3)] == [0, 1, 2]


def test_sequences_wrap_as_kafkas_do() -> None:
    queue = PartitionQueue(PARTITION)
    queue.begin(FIRST)
    queue.next_sequence = 2**31 - 1
    first, second = _ready(queue, 3, 1)
    queue.take(FIRST)
    queue.take(FIRST)
    assert (first.base_sequence, second.base_sequence) == (2**31 - 1, 2)
    queue.last_acked_sequence = 2**31 - 2
    queue.acknowledge(first)
    assert queue.is_next(second)
