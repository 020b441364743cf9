"""DescribeProducers: what a partition knows of its producers."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import START_MS, DataDirectory, error_of

from ottla.errors import ErrorCode, error_message
from ottla.handlers.describe_producers import handle
from ottla.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    PartitionResponse,
    ProducerState,
    TopicRequest,
)


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path, files=FaultyFileSystem())
    directory.create_topic("t", 2)
    return directory


def describe(broker: DataDirectory, topic: str, *numbers: int) -> list[PartitionResponse]:
    request = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=list(numbers))])
    (result,) = handle(request, broker.context(0)).topics
    assert result.name == topic
    return result.partitions


def test_every_producer_is_described_with_its_last_batch(broker: DataDirectory) -> None:
    broker.append("t", b"a", b"b", producer_id=5, producer_epoch=1, base_sequence=0)
    broker.append("t", b"c", producer_id=5, producer_epoch=1, base_sequence=2)
    broker.append("t", b"x", producer_id=6, producer_epoch=0, base_sequence=0)
    broker.append("t", b"nobody's")
    with_producers, without = describe(broker, "t", 0, 1)
    assert with_producers == PartitionResponse(
        partition_index=0,
        active_producers=[
            ProducerState(
                producer_id=5,
                producer_epoch=1,
                last_sequence=2,
                last_timestamp=START_MS,
                coordinator_epoch=-1,
                current_txn_start_offset=-1,
            ),
            ProducerState(
                producer_id=6,
                producer_epoch=0,
                last_sequence=0,
                last_timestamp=START_MS,
                coordinator_epoch=-1,
                current_txn_start_offset=-1,
            ),
        ],
    )
    assert without == PartitionResponse(partition_index=1)


def test_an_open_transaction_is_shown_by_where_it_begins(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    batch = {"producer_id": 7, "producer_epoch": 0, "base_sequence": 0, "transactional": True}
    broker.append("t", b"b", **batch)
    ((producer,),) = [each.active_producers for each in describe(broker, "t", 0)]
    assert (producer.producer_id, producer.current_txn_start_offset) == (7, 1)


def test_what_is_not_here_fails_alone(broker: DataDirectory) -> None:
    broker.create_topic("elsewhere", leader=2)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert describe(broker, "t", 9, 0) == [
        PartitionResponse(partition_index=9, error_code=unknown),
        PartitionResponse(partition_index=0),
    ]
    assert describe(broker, "nobody", 0) == [
        PartitionResponse(partition_index=0, error_code=unknown, error_message=error_message(unknown))
    ]
    assert describe(broker, "elsewhere", 0) == [
        PartitionResponse(partition_index=0, error_code=ErrorCode.NOT_LEADER_OR_FOLLOWER)
    ]


def test_a_name_that_cannot_be_is_told_so(broker: DataDirectory) -> None:
    (answer,) = describe(broker, "", 0)
    assert (answer.error_code, answer.error_message) == (
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        "Topic name is invalid: the empty string is not allowed",
    )


def test_a_log_that_the_disk_has_failed_is_not_described(broker: DataDirectory) -> None:
    assert isinstance(broker.files, FaultyFileSystem)
    broker.append("t", b"x")
    broker.files.fail_on("fsync")
    assert error_of(broker.partition("t").flush()).code is ErrorCode.KAFKA_STORAGE_ERROR
    assert describe(broker, "t", 0) == [
        PartitionResponse(partition_index=0, error_code=ErrorCode.KAFKA_STORAGE_ERROR)
    ]
