from __future__ import annotations

import pytest

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.partitions import producer_ids
from ottla.partitions.producer_ids import ProducerIdAllocator, ProducerIdBlock


class Source:
    """Gives blocks of three, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[Completion[ProducerIdBlock]] = []

    def allocate_producer_ids(self) -> Completion[ProducerIdBlock]:
        self.asked.append(Completion())
        return self.asked[-1]

    def give(self, first_id: int) -> None:
        self.asked[-1].resolve(ProducerIdBlock(first_id, 3))


def test_ids_are_unique_and_a_block_is_asked_for_only_when_needed() -> None:
    source = Source()
    allocator = ProducerIdAllocator(source)
    first = [allocator.allocate() for _ in range(2)]
    assert len(source.asked) == 1
    source.give(1000)
    assert [each.result() for each in first] == [1000, 1001]
    assert allocator.allocate().result() == 1002
    assert len(source.asked) == 1
    fourth = allocator.allocate()
    assert not fourth.done
    source.give(2000)
    assert fourth.result() == 2000


def test_more_requests_than_a_block_has_wait_for_the_next() -> None:
    source = Source()
    allocator = ProducerIdAllocator(source)
    waiting = [allocator.allocate() for _ in range(5)]
    source.give(0)
    assert [each.done for each in waiting] == [True, True, True, False, False]
    source.give(3)
    assert [each.result() for each in waiting] == [0, 1, 2, 3, 4]


def test_a_controller_that_cannot_answer_makes_producers_try_again() -> None:
    source = Source()
    allocator = ProducerIdAllocator(source)
    waiting = allocator.allocate()
    source.asked[-1].fail(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR))
    assert isinstance(waiting.error, KafkaError)
    assert waiting.error.code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    again = allocator.allocate()
    source.give(5)
    assert again.result() == 5


def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_ids, "WAITING_LIMIT", 1)
    allocator = ProducerIdAllocator(Source())
    assert not allocator.allocate().done
    assert allocator.allocate().error is not None
