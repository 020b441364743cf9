from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.clock import SystemClock
from ottla.config.broker import embedded_broker_config
from ottla.server.data_directory import open_data_directory
from ottla.server.start_error import StartError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory


def open_directory(path: Path, files: FileSystem | None = None, **overrides: str) -> LogDirectory:
    options = {"log.dirs": str(path), **{key.replace("_", "."): value for key, value in overrides.items()}}
    return open_data_directory(files or FileSystem(), embedded_broker_config(options), SystemClock())


@pytest.mark.parametrize("holds", [[], [".lock"], ["lost+found"]])
def test_a_new_or_empty_directory_is_formatted_once(tmp_path: Path, holds: list[str]) -> None:
    path = tmp_path / "deep" / "data"
    if holds:
        path.mkdir(parents=True)
        for name in holds:
            (path / name).touch()
    first = open_directory(path)
    owner = first.meta_properties
    first.close()
    second = open_directory(path)
    assert second.meta_properties == owner
    assert (path / "bootstrap.checkpoint").exists()
    second.close()


@pytest.mark.parametrize("operation", ["write_file", "fsync", "rename", "sync_directory"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_format_that_was_cut_short_is_done_again(tmp_path: Path, operation: str, number: int) -> None:
    files = FaultyFileSystem()
    left = number

    def before(name: str) -> None:
        nonlocal left
        left -= name == operation
        if left == 0 and name == operation:
            raise OSError(errno.EIO, "as far as it got")

    files.before = before
    with pytest.raises(StartError):
        open_directory(tmp_path, files)
    files.heal()
    open_directory(tmp_path, files).close()


def test_a_directory_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(StartError, match=r"not a data directory.*'thesis\.txt'"):
        open_directory(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_directory_of_another_node_is_refused(tmp_path: Path) -> None:
    open_directory(tmp_path / "data").close()
    with pytest.raises(StartError, match="Stored node id 1 doesn't match previous node id 2"):
        open_directory(tmp_path / "data", node_id="2", controller_quorum_voters="2@localhost:9093")


def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartError, match=rf"{tmp_path / 'data'}"):
        open_directory(tmp_path / "data")
