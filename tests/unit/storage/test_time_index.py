"""Timestamps to offsets, in the bytes of Kafka's time index files."""

from pathlib import Path

from ottla.storage.files import FileSystem
from ottla.storage.open_files import CachedFile, OpenFiles
from ottla.storage.time_index import TimeIndex, encode_entry


def index_at(path: Path, base_offset: int) -> TimeIndex:
    path.touch()
    file = CachedFile(OpenFiles(FileSystem(), 9), path.parent, path.name)
    return TimeIndex(file, base_offset, path.stat().st_size)


def test_only_growing_timestamps_are_entered(tmp_path: Path) -> None:
    index = index_at(tmp_path / "t", 100)
    for timestamp, offset in ((5, 101), (5, 102), (4, 103), (9, 104)):
        index.append_if_newer(timestamp, offset)
    index.entries.trim()
    assert (tmp_path / "t").read_bytes() == encode_entry(5, 1) + encode_entry(9, 4)
    again = index_at(tmp_path / "t", 100)
    assert tuple(again.last()) == (9, 104)
    again.append_if_newer(9, 110)
    assert len(again.entries) == 2


def test_lookups_give_the_last_entry_with_at_most_the_timestamp(tmp_path: Path) -> None:
    index = index_at(tmp_path / "t", 100)
    index.append_if_newer(5, 101)
    index.append_if_newer(9, 104)
    assert [tuple(index.lookup(timestamp)) for timestamp in (4, 5, 8, 9, 10)] == [
        (-1, 100),
        (5, 101),
        (5, 101),
        (9, 104),
        (9, 104),
    ]


def test_no_timestamp_is_no_entry(tmp_path: Path) -> None:
    index = index_at(tmp_path / "t", 100)
    index.append_if_newer(-1, 100)
    assert len(index.entries) == 0
    assert tuple(index.last()) == (-1, 100)


def test_the_bytes_are_timestamp_and_relative_offset() -> None:
    assert encode_entry(258, 3) == bytes.fromhex("0000000000000102 00000003")


def test_the_last_place_is_kept_free(tmp_path: Path) -> None:
    index = index_at(tmp_path / "t", 0)
    assert not index.is_full(24)
    index.append_if_newer(1, 0)
    assert index.is_full(24)


def test_replacing_forgets_the_last_entry(tmp_path: Path) -> None:
    index = index_at(tmp_path / "t", 0)
    index.append_if_newer(50, 0)
    index.replace(encode_entry(7, 1))
    assert tuple(index.last()) == (7, 1)
