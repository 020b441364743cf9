from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.clock import SystemClock
from ottla.config.broker import embedded_broker_config
from ottla.metadata.formatting import format_log_directory
from ottla.metadata.snapshot import decode_snapshot
from ottla.protocol.raft_records import KRaftVersionRecord, VotersRecord
from ottla.server.data_directory import open_data_directory
from ottla.server.start_error import StartError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory, MetaProperties
from ottla.types import random_uuid


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


RECORDED = {
    "controller_quorum_voters": "",
    "controller_quorum_bootstrap_servers": "localhost:9093",
    "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9193",
}
SNAPSHOT = Path("__cluster_metadata-0") / "00000000000000000000-0000000000.checkpoint"


def test_without_configured_voters_this_node_is_recorded_as_the_only_one(tmp_path: Path) -> None:
    opened = open_directory(tmp_path, **RECORDED)
    level, voters = decode_snapshot((tmp_path / SNAPSHOT).read_bytes()).quorum
    assert level == KRaftVersionRecord(version=0, kraft_version=1)
    assert isinstance(voters, VotersRecord)
    (voter,) = voters.voters
    assert (voter.voter_id, voter.voter_directory_id) == (1, opened.meta_properties.directory_id)
    assert [(each.name, each.host, each.port) for each in voter.endpoints] == [
        ("CONTROLLER", "localhost", 9193)
    ]
    opened.close()


def test_configured_voters_are_not_recorded(tmp_path: Path) -> None:
    open_directory(tmp_path).close()
    assert not (tmp_path / SNAPSHOT).exists()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_format_with_recorded_voters_that_was_cut_short_is_done_again(tmp_path: Path, number: int) -> None:
    files = FaultyFileSystem()
    left = number

    def before(name: str) -> None:
        nonlocal left
        left -= name == "rename"
        if left == 0 and name == "rename":
            raise OSError(errno.EIO, "as far as it got")

    files.before = before
    with pytest.raises(StartError):
        open_directory(tmp_path, files, **RECORDED)
    files.heal()
    opened = open_directory(tmp_path, files, **RECORDED)
    voters = decode_snapshot((tmp_path / SNAPSHOT).read_bytes()).quorum[1]
    assert isinstance(voters, VotersRecord)
    assert voters.voters[0].voter_directory_id == opened.meta_properties.directory_id
    opened.close()


def test_a_metadata_log_without_an_owner_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "__cluster_metadata-0" / "00000000000000000000.log"
    log.parent.mkdir()
    log.write_bytes(b"somebody's")
    with pytest.raises(StartError, match=r"not a data directory.*'__cluster_metadata-0'"):
        open_directory(tmp_path, **RECORDED)
    assert log.read_bytes() == b"somebody's"


def test_a_directory_that_is_to_join_a_quorum_is_refused(tmp_path: Path) -> None:
    owner = MetaProperties("cluster", 1, random_uuid())
    format_log_directory(FileSystem(), tmp_path, owner, now_ms=0)
    with pytest.raises(StartError, match=r"formatted for a node that joins a quorum.*--standalone"):
        open_directory(tmp_path, **RECORDED)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bootstrap.checkpoint", "meta.properties"]
    open_directory(tmp_path).close()
