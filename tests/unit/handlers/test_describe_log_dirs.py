"""DescribeLogDirs: what is in the data directory, and what is said when the disk fails."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import DataDirectory, error_of

from ottla.errors import ErrorCode
from ottla.handlers.describe_log_dirs import handle
from ottla.protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResult,
)


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data", files=FaultyFileSystem())
    directory.create_topic("t", 2)
    directory.create_topic("u")
    directory.append("t", b"a", b"b", index=1)
    return directory


def describe(broker: DataDirectory, asked: dict[str, list[int]] | None) -> DescribeLogDirsResult:
    topics = None
    if asked is not None:
        topics = [DescribableLogDirTopic(topic=topic, partitions=numbers) for topic, numbers in asked.items()]
    response = handle(DescribeLogDirsRequest(topics=topics), broker.context(4)).result()
    assert response.error_code == ErrorCode.NONE
    (result,) = response.results
    assert result.log_dir == str(broker.path.absolute())
    return result


def row(index: int, size_bytes: int, lag: int = 0) -> DescribeLogDirsPartition:
    return DescribeLogDirsPartition(partition_index=index, partition_size=size_bytes, offset_lag=lag)


def test_every_log_is_described_with_its_size_and_the_volume_with_its_room(broker: DataDirectory) -> None:
    result = describe(broker, None)
    size_bytes = (broker.path / "t-1" / "00000000000000000000.log").stat().st_size
    assert size_bytes > 0
    assert [(topic.name, topic.partitions) for topic in result.topics] == [
        ("t", [row(0, 0), row(1, size_bytes)]),
        ("u", [row(0, 0)]),
    ]
    assert result.error_code == ErrorCode.NONE
    assert result.total_bytes >= result.usable_bytes > 0


def test_only_what_is_asked_for_is_described(broker: DataDirectory) -> None:
    (topic,) = describe(broker, {"t": [0, 5], "nobody": [0]}).topics
    assert (topic.name, topic.partitions) == ("t", [row(0, 0)])
    assert describe(broker, {}).topics == []
    assert describe(broker, {"t": []}).topics == []


def test_a_deleted_topic_is_not_there_any_more(broker: DataDirectory) -> None:
    broker.delete_topic("t")
    assert [topic.name for topic in describe(broker, None).topics] == ["u"]


def test_a_log_that_the_disk_has_failed_has_no_lag(broker: DataDirectory) -> None:
    assert isinstance(broker.files, FaultyFileSystem)
    broker.append("u", b"x")
    broker.files.fail_on("fsync")
    assert error_of(broker.partition("u").flush()).code is ErrorCode.KAFKA_STORAGE_ERROR
    assert broker.partition("u").is_offline
    (topic,) = describe(broker, {"u": [0]}).topics
    assert [each.offset_lag for each in topic.partitions] == [-1]


def test_a_volume_that_fails_is_an_error_of_the_directory(broker: DataDirectory) -> None:
    assert isinstance(broker.files, FaultyFileSystem)
    broker.files.fail_on("space")
    result = describe(broker, None)
    assert (result.error_code, result.topics) == (ErrorCode.KAFKA_STORAGE_ERROR, [])
    assert (result.total_bytes, result.usable_bytes) == (-1, -1)
