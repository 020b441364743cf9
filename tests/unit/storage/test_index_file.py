"""Sorted entries, partly in memory and partly in a file, found the same way wherever they are."""

import struct
from bisect import bisect_right
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.faulty_files import FaultyFileSystem

from ottla.storage import index_file
from ottla.storage.index_file import IndexFile
from ottla.storage.open_files import CachedFile, OpenFiles

ENTRY = struct.Struct(">ii")


def index_at(path: Path, files: FaultyFileSystem | None = None) -> IndexFile:
    path.touch()
    cached = CachedFile(OpenFiles(files or FaultyFileSystem(), 10), path.parent, path.name)
    return IndexFile(cached, ENTRY.size, struct.Struct(">i"), path.stat().st_size)


def keys(index: IndexFile) -> list[int]:
    return [ENTRY.unpack(index.entry(number))[0] for number in range(len(index))]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5), max_size=60),
    st.lists(st.sampled_from(["write_out", "trim", "make_room", "sync"]), max_size=6),
    st.data(),
)
def test_entries_are_found_wherever_they_are(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], actions: list[str], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_file, "MOST_ENTRIES_IN_MEMORY", 4)
        patch.setattr(index_file, "_ENTRIES_PER_PAGE", 3)
        index = index_at(tmp_path_factory.mktemp("index") / "i")
        expected: list[int] = []
        places = {data.draw(st.integers(0, len(gaps))): action for action in actions}
        key = 0
        for place, gap in enumerate(gaps):
            if place in places:
                getattr(index, places[place])()
            key += gap
            index.append(ENTRY.pack(key, place))
            expected.append(key)
        assert len(index) == len(expected)
        assert keys(index) == expected
        for target in range(-1, key + 2):
            assert index.find_last(target) == bisect_right(expected, target) - 1
        index.trim()
        again = index_at(index.file.path)
        assert keys(again) == expected
        assert all(
            again.find_last(target) == bisect_right(expected, target) - 1 for target in range(-1, key + 2)
        )


def test_memory_holds_only_the_last_entries(tmp_path: Path) -> None:
    index = index_at(tmp_path / "i")
    for key in range(10 * index_file.MOST_ENTRIES_IN_MEMORY):
        index.make_room()
        index.append(ENTRY.pack(key, 0))
    assert index._tail is not None
    assert len(index._tail.keys) <= 2 * index_file.MOST_ENTRIES_IN_MEMORY
    assert [index.find_last(target) for target in (0, 5000, 10239, 99999)] == [0, 5000, 10239, 10239]


@pytest.mark.parametrize("zeros", [8, 80, 81, 1000 * 8])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_zeros_at_the_end_of_a_preallocated_file_are_no_entries(
    tmp_path: Path, count: int, zeros: int
) -> None:
    path = tmp_path / "i"
    path.write_bytes(b"".join(ENTRY.pack(key + 1, 9) for key in range(count)) + bytes(zeros))
    index = index_at(path)
    assert len(index) == count
    index.append(ENTRY.pack(100, 1))
    index.trim()
    assert path.stat().st_size == (count + 1) * 8
    assert keys(index_at(path))[-1] == 100


def test_a_part_of_an_entry_at_the_end_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "i"
    path.write_bytes(ENTRY.pack(5, 6) + b"\x01\x02")
    index = index_at(path)
    assert keys(index) == [5]
    index.trim()
    assert path.read_bytes() == ENTRY.pack(5, 6)


def test_a_failed_write_loses_no_entry(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    index = index_at(tmp_path / "i", files)
    for key in range(3 * index_file.MOST_ENTRIES_IN_MEMORY):
        index.append(ENTRY.pack(key, 0))
    files.fail_on("pwrite")
    with pytest.raises(OSError, match="injected"):
        index.make_room()
    files.heal()
    index.trim()
    assert len(keys(index)) == 3 * index_file.MOST_ENTRIES_IN_MEMORY


def test_replacing_leaves_nothing_of_the_old_entries(tmp_path: Path) -> None:
    index = index_at(tmp_path / "i")
    for key in range(9):
        index.append(ENTRY.pack(key, 0))
    index.trim()
    index.replace(ENTRY.pack(3, 4))
    assert keys(index) == [3]
    assert index.file.path.read_bytes() == ENTRY.pack(3, 4)


def replaced(path: Path, count: int) -> IndexFile:
    index = index_at(path)
    index.replace(b"".join(ENTRY.pack(number, number) for number in range(count)))
    return index


def test_a_few_entries_reach_an_empty_file_with_the_next_flush(tmp_path: Path) -> None:
    path = tmp_path / "i"
    index = replaced(path, index_file.FEW_ENTRIES)
    assert (path.stat().st_size, keys(index), index.count) == (0, list(range(16)), 16)
    index.append(ENTRY.pack(20, 0))
    index.write_out()
    assert keys(index_at(path)) == [*range(16), 20]


def test_many_entries_and_those_of_a_used_file_are_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "i"
    replaced(path, index_file.FEW_ENTRIES + 1)
    assert keys(index_at(path)) == list(range(17))
    replaced(path, 1)
    assert path.read_bytes() == ENTRY.pack(0, 0)
