"""ListOffsets: by time and by name, and what each version knows."""

from pathlib import Path

import pytest
from tests.support.partitions import START_MS, DataDirectory

from ottla.errors import ErrorCode
from ottla.handlers.list_offsets import handle
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin

NEWEST = 10


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    """Offsets 0 to 5 with the times 10, 30, 20, 30, 5, 30; the first two are deleted."""
    directory = DataDirectory(tmp_path)
    directory.create_topic("t")
    partition = directory.partition("t")
    partition.lead(1, 3)
    for times in ([10, 30, 20], [30, 5, 30]):
        batch = build_batch([NewRecord(b"k", b"v", START_MS + time) for time in times], now_ms=START_MS)
        partition.append(batch, origin=AppendOrigin.CLIENT, now_ms=START_MS)
    partition.delete_records_before(2)
    return directory


def ask(
    broker: DataDirectory,
    *timestamps: int,
    version: int = NEWEST,
    topic: str = "t",
    index: int = 0,
    epoch: int = -1,
    replica_id: int = -1,
    isolation_level: int = 0,
) -> list[ListOffsetsPartitionResponse]:
    wishes = [
        ListOffsetsPartition(partition_index=index, current_leader_epoch=epoch, timestamp=timestamp)
        for timestamp in timestamps
    ]
    request = ListOffsetsRequest(
        replica_id=replica_id,
        isolation_level=isolation_level,
        topics=[ListOffsetsTopic(name=topic, partitions=wishes)],
    )
    return handle(request, broker.context(version)).topics[0].partitions


def found(timestamp: int, offset: int, leader_epoch: int = 3) -> list[ListOffsetsPartitionResponse]:
    return [
        ListOffsetsPartitionResponse(
            partition_index=0, timestamp=timestamp, offset=offset, leader_epoch=leader_epoch
        )
    ]


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (-1, found(-1, 6)),
        (-2, found(-1, 2)),
        (-3, found(START_MS + 30, 1)),  # Kafka does not look at the log start offset here
        (-4, found(-1, 2)),
        (-5, found(-1, -1, -1)),
        (0, found(START_MS + 20, 2)),
        (START_MS + 20, found(START_MS + 20, 2)),
        (START_MS + 21, found(START_MS + 30, 3)),
        (START_MS + 31, found(-1, -1, -1)),
    ],
)
def test_places_and_times(
    broker: DataDirectory, timestamp: int, expected: list[ListOffsetsPartitionResponse]
) -> None:
    assert ask(broker, timestamp) == expected


@pytest.mark.parametrize(
    ("timestamp", "first_version"), [(-1, 1), (-2, 1), (-3, 7), (-4, 8), (-5, 9), (-6, 11), (-100, 11)]
)
def test_each_version_knows_its_places(broker: DataDirectory, timestamp: int, first_version: int) -> None:
    for version in range(1, NEWEST + 1):
        (answer,) = ask(broker, timestamp, version=version)
        assert answer.error_code == (0 if version >= first_version else ErrorCode.UNSUPPORTED_VERSION)


def test_old_versions_get_no_leader_epoch(broker: DataDirectory) -> None:
    assert ask(broker, -1, version=3)[0].leader_epoch == -1


def test_an_empty_log_has_no_largest_timestamp(broker: DataDirectory) -> None:
    broker.create_topic("empty")
    for timestamp in (-3, 0):
        assert ask(broker, timestamp, topic="empty") == found(-1, -1, -1)
    assert ask(broker, -1, topic="empty") == found(-1, 0, 0)
    assert ask(broker, -2, topic="empty") == found(-1, 0, 0)


def test_a_partition_listed_twice_is_an_invalid_request(broker: DataDirectory) -> None:
    assert [answer.error_code for answer in ask(broker, -1, -2)] == [ErrorCode.INVALID_REQUEST]


@pytest.mark.parametrize(
    ("epoch", "code"), [(3, 0), (2, ErrorCode.FENCED_LEADER_EPOCH), (4, ErrorCode.UNKNOWN_LEADER_EPOCH)]
)
def test_leader_epochs_are_checked(broker: DataDirectory, epoch: int, code: int) -> None:
    assert ask(broker, -1, epoch=epoch)[0].error_code == code


def test_partitions_that_are_not_here(broker: DataDirectory) -> None:
    assert ask(broker, -1, topic="x")[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask(broker, -1, index=1)[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    broker.set_leader("t", 0, -1)
    (answer,) = ask(broker, -1)
    assert (answer.error_code, answer.offset, answer.timestamp) == (6, -1, -1)


def test_what_is_not_committed_is_hidden_from_those_who_ask_for_committed_records(
    broker: DataDirectory,
) -> None:
    broker.append(
        "t", b"a", producer_id=5, producer_epoch=0, base_sequence=0, transactional=True, now_ms=START_MS + 50
    )
    assert ask(broker, -1, isolation_level=1) == found(-1, 6)
    assert ask(broker, -1) == found(-1, 7)
    assert ask(broker, START_MS + 40, isolation_level=1) == found(-1, -1, -1)
    assert ask(broker, START_MS + 40) == found(START_MS + 50, 6)
    assert ask(broker, -1, isolation_level=1, replica_id=-2) == found(-1, 7)
