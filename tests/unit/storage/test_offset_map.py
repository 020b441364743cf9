from __future__ import annotations

import tracemalloc

import pytest

from ottla.storage.offset_map import BYTES_PER_KEY, FLAGS_PART, NOT_FOUND, OffsetMap, OffsetMapTooSmallError


def test_the_latest_offset_of_a_key_is_found() -> None:
    offset_map = OffsetMap(1000, 0.9)
    for offset, key in enumerate((b"a", b"b", b"", b"a")):
        assert offset_map.put(key, offset)
    assert [offset_map.get(key) for key in (b"a", b"b", b"", b"c")] == [3, 1, 2, NOT_FOUND]
    assert (offset_map.size, offset_map.latest_offset) == (3, 3)


@pytest.mark.parametrize("load_factor", [0.5, 0.9, 1.0, 2.0])
def test_every_key_is_found_in_a_full_map(load_factor: float) -> None:
    offset_map = OffsetMap(1000 * BYTES_PER_KEY, load_factor)
    most = min(int(1000 * load_factor), 1000)
    keys = [f"key {number}".encode() for number in range(most)]
    assert all(offset_map.put(key, offset) for offset, key in enumerate(keys))
    assert [offset_map.get(key) for key in keys] == list(range(most))
    assert all(offset_map.get(b"no " + key) == NOT_FOUND for key in keys)
    assert offset_map.utilization == 1


def test_a_full_map_takes_nothing_more_and_says_how_far_it_came() -> None:
    offset_map = OffsetMap(10 * BYTES_PER_KEY, 0.9)
    taken = [offset_map.put(b"%d" % offset, offset) for offset in range(12)]
    assert taken == [True] * 9 + [False] * 3
    assert not offset_map.put(b"0", 12)
    assert offset_map.latest_offset == 8


def test_flags_say_which_offsets_are_the_latest() -> None:
    offset_map = OffsetMap(1000, 0.9)
    for offset, key in ((100, b"a"), (101, b"b"), (103, b"a"), (107, b"c")):
        offset_map.put(key, offset)
    offset_map.latest_offset = 109
    assert offset_map.latest_flags(100) == bytes([0, 1, 0, 1, 0, 0, 0, 1, 0, 0])
    offset_map.latest_offset = 99 + 1000 // FLAGS_PART
    assert offset_map.latest_flags(100) is not None
    offset_map.latest_offset += 1
    assert offset_map.latest_flags(100) is None


def test_a_map_that_holds_no_key_is_refused() -> None:
    with pytest.raises(OffsetMapTooSmallError, match=r"log\.cleaner\.dedupe\.buffer\.size"):
        OffsetMap(BYTES_PER_KEY, 0.9)


@pytest.mark.parametrize("keys", [12_288, 12_289, 60_000])
def test_it_takes_the_memory_that_it_was_given_and_less_for_fewer_keys(keys: int) -> None:
    tracemalloc.start()
    offset_map = OffsetMap(2_400_000, 0.9)
    for offset in range(keys):
        assert offset_map.put(b"%d" % offset, offset)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < (450_000 if keys <= 12_288 else 1_700_000 if keys <= 49_152 else 2_500_000)
    assert peak < 1.7 * 2_400_000  # while it grows, the table before is there too
    assert [offset_map.get(b"%d" % offset) for offset in range(0, keys, 37)] == list(range(0, keys, 37))
