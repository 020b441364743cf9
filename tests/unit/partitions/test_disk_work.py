"""Work on many logs at once: each one fails for itself, and what is done is on the disk."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, TOPIC_ID, topic_config
from tests.support.partitions import DataDirectory

from ottla.partitions.disk_work import (
    LOGS_PER_JOB,
    NewLog,
    SavedOffsets,
    close_logs,
    in_jobs,
    make_logs,
    read_saved_offsets,
    rename_for_deletion,
    write_checkpoints,
)
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.types import TopicPartition

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


@pytest.fixture
def files() -> FaultyFileSystem:
    return FaultyFileSystem()


@pytest.fixture
def directory(tmp_path: Path, files: FaultyFileSystem) -> DataDirectory:
    return DataDirectory(tmp_path / "data", files=files)


def make(directory: DataDirectory) -> list[PartitionLog | Exception]:
    wanted = [NewLog(key, TOPIC_ID, topic_config()) for key in (T0, T1)]
    return make_logs(
        directory.directory,
        OpenFiles(directory.files, 100),
        wanted,
        now_ms=NOW_MS,
        producer_id_expiration_ms=1000,
    )


def logs_of(made: list[PartitionLog | Exception]) -> list[PartitionLog]:
    return [each for each in made if isinstance(each, PartitionLog)]


def test_a_log_that_cannot_be_made_takes_no_other_with_it(
    directory: DataDirectory, files: FaultyFileSystem
) -> None:
    files.fail_below("t-0", "pwrite")
    first, second = make(directory)
    assert isinstance(first, OSError)
    assert isinstance(second, PartitionLog)
    assert (second.topic_partition, second.log_end_offset, second.topic_id) == (T1, 0, TOPIC_ID)


def test_the_names_of_new_and_of_renamed_directories_are_on_the_disk(
    directory: DataDirectory, files: FaultyFileSystem
) -> None:
    synced: list[Path] = []
    files.watch = lambda name, path: synced.append(path) if name == "sync_directory" else None
    made = logs_of(make(directory))
    assert synced[-1] == directory.path
    synced.clear()
    renamed = rename_for_deletion(directory.directory, made)
    assert synced == [directory.path]
    assert [path.exists() for path in renamed] == [True, True]
    assert not (directory.path / "t-0").exists()


def test_what_lies_in_the_way_of_a_new_log_is_kept_aside(directory: DataDirectory) -> None:
    (directory.path / "t-0").mkdir()
    (directory.path / "t-0" / "00000000000000000000.log").write_bytes(b"somebody's")
    assert len(logs_of(make(directory))) == 2
    (stray,) = directory.path.glob("t-0.*-stray")
    assert (stray / "00000000000000000000.log").read_bytes() == b"somebody's"
    assert (directory.path / "t-0" / "00000000000000000000.log").read_bytes() == b""


def test_a_log_that_cannot_be_renamed_is_left_and_the_others_are(
    directory: DataDirectory, files: FaultyFileSystem
) -> None:
    made = logs_of(make(directory))
    files.fail_below("t-0", "rename_lazily")
    (renamed,) = rename_for_deletion(directory.directory, made)
    assert renamed.name.startswith("t-1.")


def test_closing_tells_whether_all_logs_are_on_the_disk(
    directory: DataDirectory, files: FaultyFileSystem
) -> None:
    directory.create_topic("t", 2)
    for number in range(2):
        directory.append("t", b"a", index=number)
    files.fail_below("t-0", "fsync")
    logs = [partition.log for partition in directory.partitions]
    assert not close_logs(logs)
    assert [log.recovery_point for log in logs] == [0, 1]
    assert not close_logs(logs)


def test_the_data_directory_is_synced_once_for_all_new_logs(
    directory: DataDirectory, files: FaultyFileSystem
) -> None:
    synced: list[Path] = []
    files.watch = lambda name, path: synced.append(path) if name == "sync_directory" else None
    logs = logs_of(make(directory))
    assert close_logs(logs)
    assert synced.count(directory.directory.path) == 1
    assert all(synced.count(log.directory) >= 2 for log in logs)


def test_saved_offsets_are_those_of_all_checkpoints(directory: DataDirectory) -> None:
    write_checkpoints(directory.directory, {T0: 5, T1: 6}, {T1: 2}, {T0: 4}, {T0: 3})
    assert read_saved_offsets(directory.directory) == {
        T0: SavedOffsets(5, 0, 4, 3),
        T1: SavedOffsets(6, 2, 0, None),
    }


def test_jobs_hold_all_items_in_order() -> None:
    items = list(range(2 * LOGS_PER_JOB + 1))
    assert [len(job) for job in in_jobs(items)] == [LOGS_PER_JOB, LOGS_PER_JOB, 1]
    assert [item for job in in_jobs(items) for item in job] == items
