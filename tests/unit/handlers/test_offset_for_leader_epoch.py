"""OffsetForLeaderEpoch: where epochs end, and what is no error."""

from pathlib import Path

import pytest
from tests.support.partitions import DataDirectory

from ottla.errors import ErrorCode
from ottla.handlers.offset_for_leader_epoch import handle
from ottla.protocol.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t")
    partition = directory.partition("t")
    for epoch in (2, 5):
        partition.lead(1, epoch)
        directory.append("t", b"a", b"b")
    return directory


def ask(
    broker: DataDirectory, epoch: int, current: int = -1, topic: str = "t", index: int = 0
) -> EpochEndOffset:
    wish = OffsetForLeaderPartition(partition=index, current_leader_epoch=current, leader_epoch=epoch)
    request = OffsetForLeaderEpochRequest(topics=[OffsetForLeaderTopic(topic=topic, partitions=[wish])])
    (found,) = handle(request, broker.context(4)).topics
    assert found.topic == topic
    return found.partitions[0]


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(5, (5, 4)), (4, (2, 2)), (2, (2, 2)), (1, (1, 0)), (6, (-1, -1)), (-1, (-1, -1))],
)
def test_an_epoch_ends_where_the_next_begins(
    broker: DataDirectory, epoch: int, expected: tuple[int, int]
) -> None:
    found = ask(broker, epoch)
    assert (found.error_code, found.leader_epoch, found.end_offset) == (0, *expected)


@pytest.mark.parametrize(
    ("current", "code"), [(5, 0), (4, ErrorCode.FENCED_LEADER_EPOCH), (6, ErrorCode.UNKNOWN_LEADER_EPOCH)]
)
def test_the_current_epoch_is_checked(broker: DataDirectory, current: int, code: int) -> None:
    assert ask(broker, 5, current).error_code == code


def test_partitions_that_are_not_here(broker: DataDirectory) -> None:
    broker.create_topic("elsewhere", leader=2)
    assert ask(broker, 0, topic="elsewhere") == EpochEndOffset(partition=0, error_code=6)
    assert ask(broker, 0, topic="nowhere") == EpochEndOffset(partition=0, error_code=3)
    assert ask(broker, 0, index=7) == EpochEndOffset(partition=7, error_code=3)
