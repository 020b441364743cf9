import pytest

from ottla.cli.reassign_states import (
    DirectoryState,
    OngoingMove,
    PartitionState,
    directory_lines,
    ongoing_lines,
    partition_lines,
)
from ottla.jvm_order import Replica
from ottla.types import TopicPartition

REPLICA = Replica("t", 0, 1)


def test_partitions_are_done_under_way_or_elsewhere() -> None:
    states = {
        TopicPartition("t", 10): PartitionState((1,), (1,), is_done=True),
        TopicPartition("t", 2): PartitionState((1, 2), (2,), is_done=False),
        TopicPartition("s", 0): PartitionState((1,), (2, 1), is_done=True),
        TopicPartition("u", 0): PartitionState((), (1,), is_done=True),
    }
    assert partition_lines(states) == (
        "Status of partition reassignment:\n"
        "There is no active reassignment of partition s-0, but replica set is 1 rather than 2,1.\n"
        "Reassignment of partition t-2 is still in progress.\n"
        "Reassignment of partition t-10 is completed.\n"
        "There is no active reassignment of partition u-0, but replica set is  rather than 1."
    )
    assert partition_lines({}) == "Status of partition reassignment:"


@pytest.mark.parametrize(
    ("state", "is_done", "line"),
    [
        (
            DirectoryState("/d"),
            False,
            (
                "Partition t-0 is not found in any live log dir on broker 1. There is likely an offline log "
                "directory on the broker."
            ),
        ),
        (DirectoryState("/d", "/d"), True, "Reassignment of replica t-0-1 completed successfully."),
        (
            DirectoryState("/d", "/c"),
            True,
            "Partition t-0 on broker 1 is not being moved from log dir /c to /d.",
        ),
        (DirectoryState("/d", "/c", "/d"), False, "Reassignment of replica t-0-1 is still in progress."),
        (
            DirectoryState("/d", "/c", "/e"),
            False,
            "Partition t-0 on broker 1 is being moved to log dir /e instead of /d.",
        ),
    ],
)
def test_replicas_are_where_they_are_to_be_or_not(state: DirectoryState, is_done: bool, line: str) -> None:
    assert state.is_done is is_done
    assert directory_lines({REPLICA: state}) == line


def test_replicas_are_told_by_broker() -> None:
    states = {each: DirectoryState("/d", "/d") for each in (Replica("a", 0, 2), Replica("b", 0, 1))}
    assert [line.split()[3] for line in directory_lines(states).splitlines()] == ["b-0-1", "a-0-2"]


def test_moves_that_go_on_are_listed() -> None:
    assert ongoing_lines({}) == "No partition reassignments found."
    moves = {
        TopicPartition("t", 1): OngoingMove((1, 2), (2,), (1,)),
        TopicPartition("t", 0): OngoingMove((3,), (), ()),
    }
    assert ongoing_lines(moves) == (
        "Current partition reassignments:\nt-0: replicas: 3.\nt-1: replicas: 1,2. adding: 2. removing: 1."
    )
