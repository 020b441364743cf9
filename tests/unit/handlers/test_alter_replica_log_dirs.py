"""AlterReplicaLogDirs: a replica may stay in the only directory, and nothing else."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import DataDirectory, error_of

from ottla.errors import ErrorCode
from ottla.handlers.alter_replica_log_dirs import handle
from ottla.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirTopic,
)


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data", files=FaultyFileSystem())
    directory.create_topic("t", 2)
    directory.create_topic("elsewhere", leader=2)
    return directory


def move(broker: DataDirectory, *wishes: tuple[str, str, list[int]]) -> dict[str, dict[int, ErrorCode]]:
    dirs = [
        AlterReplicaLogDir(path=path, topics=[AlterReplicaLogDirTopic(name=topic, partitions=numbers)])
        for path, topic, numbers in wishes
    ]
    response = handle(AlterReplicaLogDirsRequest(dirs=dirs), broker.context(2))
    return {
        result.topic_name: {each.partition_index: ErrorCode(each.error_code) for each in result.partitions}
        for result in response.results
    }


def here(broker: DataDirectory) -> str:
    return str(broker.path.absolute())


def test_a_replica_stays_where_it_is(broker: DataDirectory) -> None:
    assert move(broker, (here(broker), "t", [1, 0])) == {"t": {1: ErrorCode.NONE, 0: ErrorCode.NONE}}
    assert move(broker) == {}


@pytest.mark.parametrize("path", ["", "data", "/nowhere"])
def test_another_directory_is_not_known(broker: DataDirectory, path: str) -> None:
    not_found = ErrorCode.LOG_DIR_NOT_FOUND
    assert move(broker, (path, "t", [0, 9]), (path, "nobody", [0])) == {
        "t": {0: not_found, 9: not_found},
        "nobody": {0: not_found},
    }


def test_what_is_not_here_cannot_be_moved(broker: DataDirectory) -> None:
    assert move(broker, (here(broker), "t", [7]), (here(broker), "elsewhere", [0])) == {
        "t": {7: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION},
        "elsewhere": {0: ErrorCode.REPLICA_NOT_AVAILABLE},
    }


def test_a_name_that_is_too_long_for_a_directory_beside_it_is_refused_first(broker: DataDirectory) -> None:
    answers = move(broker, ("/nowhere", "x" * 213, [9]), ("/nowhere", "x" * 214, [9]))
    assert list(answers.values()) == [
        {9: ErrorCode.LOG_DIR_NOT_FOUND},
        {9: ErrorCode.INVALID_TOPIC_EXCEPTION},
    ]


def test_of_a_partition_that_is_named_twice_the_last_directory_counts(broker: DataDirectory) -> None:
    first_here = move(broker, (here(broker), "t", [0]), ("/nowhere", "t", [0]))
    assert first_here == {"t": {0: ErrorCode.LOG_DIR_NOT_FOUND}}
    assert move(broker, ("/nowhere", "t", [0]), (here(broker), "t", [0])) == {"t": {0: ErrorCode.NONE}}


def test_a_log_that_the_disk_has_failed_goes_nowhere(broker: DataDirectory) -> None:
    assert isinstance(broker.files, FaultyFileSystem)
    broker.append("t", b"x")
    broker.files.fail_on("fsync")
    assert error_of(broker.partition("t").flush()).code is ErrorCode.KAFKA_STORAGE_ERROR
    assert move(broker, (here(broker), "t", [0])) == {"t": {0: ErrorCode.KAFKA_STORAGE_ERROR}}
