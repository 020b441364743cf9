"""Names and identities of partition directories."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.storage.files import FileSystem
from ottla.storage.partition_metadata import (
    PartitionMetadataError,
    future_directory_fits,
    marked_directory_name,
    parse_directory_name,
    read_topic_id,
    write_topic_id,
    write_topic_ids,
)
from ottla.types import TopicPartition, Uuid

FILES = FileSystem()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t-0", ("t", 0)),
        ("my-topic.x-12", ("my-topic.x", 12)),
        ("t-0.0123456789abcdef0123456789abcdef-delete", ("t", 0)),
        ("a.b-7.0123456789abcdef0123456789abcdef-stray", ("a.b", 7)),
        ("a.b-7.0123456789abcdef0123456789abcdef-future", ("a.b", 7)),
        ("t", None),
        ("t-", None),
        ("-1", None),
        ("t-x", None),
        ("t-1x", None),
        ("lost+found", None),
    ],
)
def test_the_partition_of_a_directory(name: str, expected: tuple[str, int] | None) -> None:
    assert parse_directory_name(name) == expected


def test_a_marked_name_is_kafkas_and_never_too_long() -> None:
    assert len(marked_directory_name(TopicPartition("t", 1), "-delete")) == len("t-1.") + 32 + len("-delete")
    long = marked_directory_name(TopicPartition("t" * 249, 99999), "-stray")
    assert len(long) == 255
    assert long.endswith("-stray")


def test_a_directory_on_its_way_to_another_disk_is_not_cut_short() -> None:
    assert future_directory_fits(TopicPartition("t" * 213, 9))
    assert not future_directory_fits(TopicPartition("t" * 213, 10))


def test_the_topic_id_is_read_back(tmp_path: Path) -> None:
    topic_id = Uuid(bytes(range(16)))
    write_topic_id(FILES, tmp_path, topic_id)
    assert (tmp_path / "partition.metadata").read_bytes() == b"version: 0\ntopic_id: AAECAwQFBgcICQoLDA0ODw"
    assert read_topic_id(FILES, tmp_path) == topic_id


def test_a_directory_without_the_file_has_no_topic_id(tmp_path: Path) -> None:
    assert read_topic_id(FILES, tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "version: 1\ntopic_id: AAECAwQFBgcICQoLDA0ODw", "version: 0\ntopic_id: ?"]
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "partition.metadata").write_text(text)
    with pytest.raises(PartitionMetadataError, match=r"partition\.metadata: "):
        read_topic_id(FILES, tmp_path)


def test_many_topic_ids_are_written_in_rounds_and_each_directory_fails_for_itself(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    directories = [tmp_path / name for name in ("a", "b", "c")]
    for directory in directories:
        directory.mkdir()
    files.fail_below("b", "fsync")
    topic_id = Uuid(bytes(range(16)))
    failed = write_topic_ids(files, dict.fromkeys(directories, topic_id))
    assert list(failed) == [tmp_path / "b"]
    assert [read_topic_id(FILES, directory) for directory in directories] == [topic_id, None, topic_id]
    steps = [name for name in files.operations if name != "open"]
    assert (
        steps
        == ["create", "pwrite", "truncate"] * 3
        + ["fsync"] * 3
        + ["rename_lazily"] * 2
        + ["sync_directory"] * 2
    )
