from typing import cast

from ottla.completion import Completion
from ottla.handlers.new_partitions import AWAITED_PARTITIONS, once_there
from ottla.partitions.partition_set import PartitionSet


class Making:
    """Partitions that are being made for as long as the test wants."""

    def __init__(self, count: int) -> None:
        self.creating_count = count
        self.done: Completion[None] = Completion()

    def when_created(self) -> Completion[None]:
        return self.done


def answer_beside(making: Making) -> Completion[str]:
    return once_there(Completion.resolved("created"), cast("PartitionSet", making))


def test_few_partitions_are_there_before_the_answer() -> None:
    making = Making(AWAITED_PARTITIONS)
    answer = answer_beside(making)
    assert not answer.done
    making.done.resolve(None)
    assert answer.result() == "created"


def test_many_partitions_are_made_behind_the_answer() -> None:
    assert answer_beside(Making(AWAITED_PARTITIONS + 1)).result() == "created"
