"""The data directory: one owner at a time, and the right one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import (
    LogDirectory,
    LogDirectoryError,
    MetaProperties,
    read_meta_properties,
    write_meta_properties,
)
from ottla.types import TopicPartition, Uuid

FILES = FileSystem()
OWNER = MetaProperties("cluster-1", 3, Uuid(bytes(range(16))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_meta_properties(FILES, tmp_path, OWNER)
    return tmp_path


def test_meta_properties_are_read_back(path: Path) -> None:
    assert (path / "meta.properties").read_text().splitlines() == [
        "#",
        "cluster.id=cluster-1",
        "directory.id=AAECAwQFBgcICQoLDA0ODw",
        "node.id=3",
        "version=1",
    ]
    assert read_meta_properties(FILES, path) == OWNER


def test_meta_properties_as_java_writes_them_are_read(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text(
        "#\n#Sat Nov 21 06:26:59 UTC 2026\nnode.id=3\ndirectory.id=AAECAwQFBgcICQoLDA0ODw\n"
        "version=1\ncluster.id=cluster-1\n"
    )
    assert read_meta_properties(FILES, tmp_path) == OWNER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version=0\nbroker.id=1\n", "version '0' is not 1"),
        ("", "version None is not 1"),
        ("version=1\nnode.id=3\ndirectory.id=AAECAwQFBgcICQoLDA0ODw\n", "failed to find cluster.id"),
        ("version=1\ncluster.id=c\nnode.id=x\ndirectory.id=AAECAwQFBgcICQoLDA0ODw\n", "'x'"),
        ("version=1\ncluster.id=c\nnode.id=3\ndirectory.id=x\n", "identifier"),
        ("version=1\ncluster.id=\\u00\n", "Malformed"),
    ],
)
def test_meta_properties_that_cannot_be_read_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "meta.properties").write_text(text)
    with pytest.raises(LogDirectoryError, match=words) as caught:
        read_meta_properties(FILES, tmp_path)
    assert "meta.properties" in str(caught.value)


def test_an_unformatted_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogDirectoryError, match=r"No `meta.properties` found in .*format"):
        LogDirectory.open(FILES, tmp_path / "new", node_id=3)


def test_another_nodes_or_clusters_directory_is_refused(path: Path) -> None:
    with pytest.raises(LogDirectoryError, match="Stored node id 3 doesn't match previous node id 4"):
        LogDirectory.open(FILES, path, node_id=4)
    with pytest.raises(LogDirectoryError, match="Expected other, but read cluster-1"):
        LogDirectory.open(FILES, path, node_id=3, cluster_id="other")
    directory = LogDirectory.open(FILES, path, node_id=3, cluster_id="cluster-1")
    assert directory.meta_properties == OWNER


def test_a_second_process_is_told_who_has_the_directory(path: Path) -> None:
    directory = LogDirectory.open(FILES, path, node_id=3)
    script = (
        "from pathlib import Path\n"
        "from ottla.storage.files import FileSystem\n"
        "from ottla.storage.log_dirs import LogDirectory\n"
        f"LogDirectory.open(FileSystem(), Path({str(path)!r}), node_id=3)\n"
    )

    def start() -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment
        )

    second = start()
    assert second.returncode != 0
    assert (
        f"Failed to acquire lock on file .lock in {path}. A Kafka instance in another process or thread is using "
        "this directory."
    ) in second.stderr
    directory.close()
    assert start().returncode == 0


def test_the_marker_of_a_clean_stop_is_good_for_one_start(path: Path) -> None:
    directory = LogDirectory.open(FILES, path, node_id=3)
    assert not directory.was_stopped_cleanly
    directory.mark_clean_shutdown(broker_epoch=12)
    assert (path / ".kafka_cleanshutdown").read_text() == '{"version":0,"brokerEpoch":12}'
    directory.close()
    again = LogDirectory.open(FILES, path, node_id=3)
    assert again.was_stopped_cleanly
    again.close()
    assert not LogDirectory.open(FILES, path, node_id=3).was_stopped_cleanly


def test_an_empty_marker_is_one_too(path: Path) -> None:
    (path / ".kafka_cleanshutdown").touch()
    assert LogDirectory.open(FILES, path, node_id=3).was_stopped_cleanly


def test_partitions_are_told_from_deleted_and_foreign_directories(path: Path) -> None:
    deleted = f"gone-2.{'0' * 32}-delete"
    for name in ("b-1", "a-0", "a-10", "__cluster_metadata-0", deleted, f"s-0.{'1' * 32}-stray"):
        (path / name).mkdir()
    directory = LogDirectory.open(FILES, path, node_id=3)
    assert [str(found.topic_partition) for found in directory.find_partitions().present] == [
        "a-0",
        "a-10",
        "b-1",
    ]
    assert [found.path.name for found in directory.find_partitions().deleted] == [deleted]
    assert directory.partition_path(TopicPartition("a", 10)) == path / "a-10"


def test_a_directory_that_is_none_of_kafkas_is_refused(path: Path) -> None:
    (path / "holidays").mkdir()
    directory = LogDirectory.open(FILES, path, node_id=3)
    with pytest.raises(LogDirectoryError, match="'holidays' is not in the form of topic-partition"):
        directory.find_partitions()


def test_a_stray_partition_leaves_under_another_name(path: Path) -> None:
    (path / "a-0").mkdir()
    directory = LogDirectory.open(FILES, path, node_id=3)
    renamed = directory.mark_stray(TopicPartition("a", 0))
    assert renamed.is_dir()
    assert renamed.name.endswith("-stray")
    assert directory.find_partitions().present == []


def test_a_damaged_checkpoint_is_taken_as_empty(path: Path) -> None:
    directory = LogDirectory.open(FILES, path, node_id=3)
    directory.recovery_points.write({TopicPartition("a", 0): 5})
    assert directory.read_checkpoint(directory.recovery_points) == {TopicPartition("a", 0): 5}
    (path / "recovery-point-offset-checkpoint").write_text("rubbish")
    assert directory.read_checkpoint(directory.recovery_points) == {}
