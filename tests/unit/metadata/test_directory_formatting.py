from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.metadata.directory_formatting import NodeDirectories, format_directories
from ottla.metadata.dynamic_voters import parse_voters
from ottla.metadata.format_plan import FormatError, FormatPlan, FormatWishes, plan_format
from ottla.metadata.formatting import default_bootstrap_records, read_bootstrap_records
from ottla.metadata.snapshot import decode_snapshot
from ottla.protocol.raft_records import KRaftVersionRecord, VotersRecord
from ottla.storage.directory_ensemble import DirectoryMismatchError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import read_meta_properties
from ottla.types import uuid_from_text

VOTER_ID = "JEXY6aqzQY-32P5TStzaFg"
SNAPSHOT = Path("__cluster_metadata-0") / "00000000000000000000-0000000000.checkpoint"


def node(directories: list[Path], voters: str = "", *, passes_over: bool = False) -> NodeDirectories:
    return NodeDirectories(
        cluster_id="cluster",
        node_id=1,
        directories=tuple(map(str, directories)),
        metadata_directory=str(directories[0]),
        controller_listener_name="CONTROLLER",
        voters=parse_voters(voters) if voters else (),
        passes_over_formatted=passes_over,
    )


def plan() -> FormatPlan:
    return plan_format(FormatWishes(), bytes)


def format_all(wanted: NodeDirectories, files: FileSystem | None = None) -> list[str]:
    return list(format_directories(files or FileSystem(), wanted, plan(), now_ms=5))


def test_every_new_directory_is_formatted_with_an_id_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "deep" / "a", tmp_path / "b"
    assert format_all(node([first, second])) == [
        f"Formatting data directory {second} with metadata.version 4.1-IV1.",
        f"Formatting metadata directory {first} with metadata.version 4.1-IV1.",
    ]
    owners = [read_meta_properties(FileSystem(), path) for path in (first, second)]
    assert all(owner is not None and (owner.cluster_id, owner.node_id) == ("cluster", 1) for owner in owners)
    assert len({owner.directory_id for owner in owners if owner is not None}) == 2
    for path in (first, second):
        assert read_bootstrap_records(FileSystem(), path) == default_bootstrap_records()
        assert sorted(each.name for each in path.iterdir()) == ["bootstrap.checkpoint", "meta.properties"]


def test_a_recorded_quorum_is_in_the_metadata_directory_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    lines = format_all(node([first, second], f"1@localhost:9093:{VOTER_ID}"))
    assert lines[0] == f"Formatting dynamic metadata voter directory {first} with metadata.version 4.1-IV1."
    snapshot = decode_snapshot((first / SNAPSHOT).read_bytes())
    assert [type(record) for record in snapshot.quorum] == [KRaftVersionRecord, VotersRecord]
    assert (snapshot.records, snapshot.last_contained_timestamp_ms) == ([], 5)
    assert not (second / SNAPSHOT).exists()
    owner = read_meta_properties(FileSystem(), first)
    assert owner is not None
    assert owner.directory_id == uuid_from_text(VOTER_ID)


def test_a_controller_that_does_not_vote_knows_who_does(tmp_path: Path) -> None:
    lines = format_all(node([tmp_path / "a"], f"2@localhost:9093:{VOTER_ID}"))
    assert lines == [f"Formatting dynamic metadata directory {tmp_path / 'a'} with metadata.version 4.1-IV1."]
    assert (tmp_path / "a" / SNAPSHOT).exists()


def test_a_formatted_directory_stops_everything_unless_it_may_be_passed_over(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    format_all(node([first]))
    before = (first / "meta.properties").read_bytes()
    with pytest.raises(FormatError) as caught:
        format_all(node([first, second]))
    assert str(caught.value) == (
        f"Log directory {first} is already formatted. Use --ignore-formatted to ignore this directory and format the "
        "others."
    )
    assert not second.exists()
    assert format_all(node([first, second], passes_over=True)) == [
        f"Formatting data directory {second} with metadata.version 4.1-IV1."
    ]
    assert (first / "meta.properties").read_bytes() == before
    assert format_all(node([first, second], passes_over=True)) == [
        "All of the log directories are already formatted."
    ]


def test_the_directory_of_another_cluster_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text("version=1\nnode.id=1\ncluster.id=other\n")
    with pytest.raises(DirectoryMismatchError, match="Expected cluster, but read other"):
        format_all(node([tmp_path, tmp_path / "b"], passes_over=True))


def test_a_directory_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    damaged, new = tmp_path / "a", tmp_path / "b"
    damaged.mkdir()
    (damaged / "meta.properties").write_text("version=9\n")
    assert format_all(node([new, damaged])) == [
        f"I/O error trying to read log directory {damaged}. Ignoring...",
        f"Formatting metadata directory {new} with metadata.version 4.1-IV1.",
    ]
    assert [each.name for each in damaged.iterdir()] == ["meta.properties"]


def test_nothing_to_format_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    lines = format_directories(FileSystem(), node([tmp_path / "file"]), plan(), now_ms=5)
    assert next(lines).startswith("I/O error trying to read log directory")
    with pytest.raises(FormatError) as caught:
        next(lines)
    assert str(caught.value) == "No available log directories to format."


def test_a_disk_that_refuses_is_named_with_the_directory(tmp_path: Path) -> None:
    files = FaultyFileSystem()

    def before(name: str) -> None:
        if name == "rename":
            raise OSError(28, "No space left on device")

    files.before = before
    with pytest.raises(FormatError) as caught:
        format_all(node([tmp_path / "a"]), files)
    assert str(caught.value) == (
        f"Error while writing meta.properties file {tmp_path / 'a'}: No space left on device"
    )
    assert read_meta_properties(FileSystem(), tmp_path / "a") is None
