"""What a start makes of the directories that it finds: partitions, what is nobody's, and what a crash has left."""

from pathlib import Path

import pytest
from tests.support.partitions import NODE_ID, DataDirectory

from ottla.partitions.placed_directories import PlacedDirectories, place_directories
from ottla.storage.partition_metadata import PartitionMetadataError
from ottla.types import TopicPartition


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    """A stopped broker with four partitions of a topic."""
    broker = DataDirectory(tmp_path / "data")
    broker.create_topic("t", partitions=4)
    broker.close()
    return broker


def placed(broker: DataDirectory) -> PlacedDirectories:
    return place_directories(broker.directory, broker.image, NODE_ID)


def directories(broker: DataDirectory) -> list[str]:
    return sorted(path.name for path in broker.path.iterdir() if path.is_dir())


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def test_a_directory_belongs_to_the_topic_whose_id_it_has(broker: DataDirectory) -> None:
    found = placed(broker)
    assert [each.place.topic_partition for each in found.placed] == [TopicPartition("t", n) for n in range(4)]
    assert {each.topic_id for each in found.placed} == {broker.image.topics.by_name["t"].topic_id}
    assert (found.deleted, found.failed) == ([], {})


def test_what_has_files_and_no_place_is_put_aside(broker: DataDirectory) -> None:
    (broker.path / "t-0" / "partition.metadata").unlink()
    (broker.path / "t-1").rename(broker.path / "t-7")
    (broker.path / "t-2").rename(broker.path / "other-2")
    assert [each.place.topic_partition.partition for each in placed(broker).placed] == [3]
    assert [name.partition(".")[0] for name in directories(broker)] == ["other-2", "t-0", "t-3", "t-7"]
    assert [name.endswith("-stray") for name in directories(broker)] == [True, True, False, True]


def test_what_cannot_be_looked_at_is_told_and_stays(broker: DataDirectory) -> None:
    (broker.path / "t-1" / "partition.metadata").write_text("version: 9\n")
    found = placed(broker)
    assert list(found.failed) == [TopicPartition("t", 1)]
    assert isinstance(found.failed[TopicPartition("t", 1)], PartitionMetadataError)
    assert directories(broker) == ["t-0", "t-1", "t-2", "t-3"]


def test_what_waits_for_deletion_is_told(broker: DataDirectory) -> None:
    path = broker.path / f"t-0.{'0' * 32}-delete"
    (broker.path / "t-0").rename(path)
    assert placed(broker).deleted == [path]


def test_a_directory_that_a_crash_has_left_empty_is_made_anew(
    broker: DataDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    """The topic id is written first, so that nothing can have been in such a directory."""
    caplog.set_level("INFO")
    for number in range(2):
        empty(broker.path / f"t-{number}")
    (broker.path / "t-1" / "partition.metadata.tmp").write_text("version: 0\ntop")
    broker.open()
    assert directories(broker) == ["t-0", "t-1", "t-2", "t-3"]
    assert "Removed 2 directories of partitions that were being made at a crash" in caplog.text
    for number in range(4):
        assert broker.append("t", b"a", index=number).base_offset == 0
