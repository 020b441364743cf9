"""Offset checkpoints of a data directory."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.storage.checkpoints import CorruptCheckpointError, OffsetCheckpoint
from ottla.types import TopicPartition


def test_offsets_are_written_as_kafka_writes_them_and_read_back(tmp_path: Path) -> None:
    checkpoint = OffsetCheckpoint(FaultyFileSystem(), tmp_path / "c")
    offsets = {TopicPartition("a", 0): 5, TopicPartition("b-c", 12): 2**40}
    checkpoint.write(offsets)
    assert (tmp_path / "c").read_text() == "0\n2\na 0 5\nb-c 12 1099511627776\n"
    assert checkpoint.read() == offsets


@pytest.mark.parametrize("content", [None, ""])
def test_a_missing_or_empty_file_has_no_offsets(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "c").write_text(content)
    assert OffsetCheckpoint(FaultyFileSystem(), tmp_path / "c").read() == {}


@pytest.mark.parametrize(
    "content", ["1\n0\n", "x", "0\n2\na 0 5\n", "0\n1\na 0\n", "0\n1\na x 5\n", "0\n1\na 0 5\nb 0 5\n"]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "c").write_text(content)
    with pytest.raises(CorruptCheckpointError, match="/c: "):
        OffsetCheckpoint(FaultyFileSystem(), tmp_path / "c").read()


@pytest.mark.parametrize("operation", ["write_file", "fsync", "rename"])
def test_a_failed_write_leaves_the_old_offsets(tmp_path: Path, operation: str) -> None:
    files = FaultyFileSystem()
    checkpoint = OffsetCheckpoint(files, tmp_path / "c")
    checkpoint.write({TopicPartition("a", 0): 5})
    files.fail_on(operation)
    with pytest.raises(OSError, match="injected"):
        checkpoint.write({TopicPartition("a", 0): 6})
    assert checkpoint.read() == {TopicPartition("a", 0): 5}


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    OffsetCheckpoint(files, tmp_path / "c").write({})
    assert [name for name in files.operations if name != "open"] == [
        "write_file",
        "fsync",
        "rename",
        "sync_directory",
    ]
