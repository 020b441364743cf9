"""What clients may know of the volume under the data directory."""

import shutil
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import InlineWriter, ManualLoop

from ottla.partitions.data_volume import DataVolume


@pytest.fixture
def files() -> FaultyFileSystem:
    return FaultyFileSystem()


def volume_of(files: FaultyFileSystem, directory: Path) -> DataVolume:
    tasks: object = ManualLoop()
    return DataVolume(files, directory, InlineWriter(str(directory), tasks))  # type: ignore[arg-type]


def test_it_is_named_by_its_whole_path(
    files: FaultyFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert volume_of(files, Path("data")).directory == tmp_path / "data"
    assert volume_of(files, Path("./data/")).directory == tmp_path / "data"


def test_its_room_is_told_as_long_as_the_disk_answers(files: FaultyFileSystem, tmp_path: Path) -> None:
    volume = volume_of(files, tmp_path)
    assert volume.space().result().total_bytes == shutil.disk_usage(tmp_path).total
    files.fail_on("space")
    assert isinstance(volume.space().error, OSError)
