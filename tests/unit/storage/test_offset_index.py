"""Offsets to positions, in the bytes of Kafka's index files."""

from pathlib import Path

from ottla.storage.files import FileSystem
from ottla.storage.offset_index import OffsetIndex
from ottla.storage.open_files import CachedFile, OpenFiles


def index_at(path: Path, base_offset: int) -> OffsetIndex:
    path.touch()
    file = CachedFile(OpenFiles(FileSystem(), 9), path.parent, path.name)
    return OffsetIndex(file, base_offset, path.stat().st_size)


def test_lookups_give_the_entry_at_or_before(tmp_path: Path) -> None:
    index = index_at(tmp_path / "i", 1000)
    index.append(1010, 5000)
    index.append(1025, 9500)
    assert [tuple(index.lookup(offset)) for offset in (1000, 1009, 1010, 1024, 1025, 9999)] == [
        (1000, 0),
        (1000, 0),
        (1010, 5000),
        (1010, 5000),
        (1025, 9500),
        (1025, 9500),
    ]
    assert tuple(index.last()) == (1025, 9500)


def test_an_empty_index_points_to_the_start(tmp_path: Path) -> None:
    assert tuple(index_at(tmp_path / "i", 7).last()) == (7, 0)


def test_the_bytes_are_relative_offset_and_position(tmp_path: Path) -> None:
    index = index_at(tmp_path / "i", 1000)
    index.append(1010, 5000)
    index.entries.trim()
    assert (tmp_path / "i").read_bytes() == bytes.fromhex("0000000a 00001388")
    assert tuple(index_at(tmp_path / "i", 1000).last()) == (1010, 5000)


def test_an_index_is_full_when_no_entry_fits(tmp_path: Path) -> None:
    index = index_at(tmp_path / "i", 0)
    index.append(1, 1)
    assert not index.is_full(16)
    assert index.is_full(15)
