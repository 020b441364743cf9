"""One segment: its indexes as Kafka makes them, and lookups that survive wrong ones."""

import os
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import topic_config

from ottla.records.builder import NewRecord, build_batch
from ottla.storage.files import FileSystem
from ottla.storage.open_files import OpenFiles
from ottla.storage.rolling import must_roll
from ottla.storage.segment import MAX_RELATIVE_OFFSET, BatchToIndex, Segment, file_name

BATCH_BYTES = 1069


def new_segment(directory: Path, base_offset: int = 100, files: FileSystem | None = None) -> Segment:
    return Segment.create(
        OpenFiles(files or FileSystem(), 10), directory, base_offset, now_ms=5000, roll_jitter_ms=0
    )


def append(segment: Segment, offset: int, timestamp: int, interval: int = 2500) -> None:
    batch = build_batch([NewRecord(None, b"x" * 1000, timestamp)], now_ms=0, base_offset=offset)
    assert abs(len(batch) - BATCH_BYTES) < 10
    to_index = BatchToIndex(offset, timestamp, len(batch))
    segment.append([batch], [to_index], index_interval_bytes=interval, now_ms=6000)


def offset_at(segment: Segment, position: int | None) -> int:
    assert position is not None
    return next(segment.walk(position))[1].base_offset


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    segment = new_segment(tmp_path)
    for index in range(20):
        append(segment, 100 + index, 1000 + [0, 50, 10, 20, 30][index % 5] + index)
    return segment


def test_an_entry_is_made_by_the_batch_after_the_interval_was_passed(segment: Segment) -> None:
    entries = [segment.offset_index.lookup(offset) for offset in range(100, 120)]
    assert sorted(set(entries))[1].offset == 103, (
        "three batches make 2500 bytes, and the fourth gets the entry"
    )
    for entry in set(entries) - {(100, 0)}:
        (_, header), *_ = segment.walk(entry.position)
        assert header.last_offset == entry.offset


def test_time_entries_grow_and_name_the_batch_of_the_largest(segment: Segment) -> None:
    segment.finish_indexes()
    assert tuple(segment.time_index.last()) == (1066, 116)
    assert segment.largest_timestamp() == (1066, 116)
    assert tuple(segment.time_index.lookup(1052)) == (1051, 101)


def test_every_offset_is_found(segment: Segment) -> None:
    for offset in range(95, 120):
        assert offset_at(segment, segment.find_position(offset)) == max(100, offset)
    assert segment.find_position(120) is None


@pytest.mark.parametrize("position", [1, 500, 10_000_000, -5, 1069])
def test_an_index_that_lies_is_passed_over(tmp_path: Path, segment: Segment, position: int) -> None:
    segment.offset_index.entries.replace(
        b"".join(
            relative.to_bytes(4, "big") + position.to_bytes(4, "big", signed=True)
            for relative in range(3, 20, 4)
        )
    )
    for offset in range(100, 120):
        assert offset_at(segment, segment.find_position(offset)) == offset


def test_the_next_offset_is_found_with_and_without_index(segment: Segment) -> None:
    assert segment.next_offset() == 120
    segment.offset_index.entries.replace(b"")
    assert segment.next_offset() == 120
    assert Segment.next_offset(new_segment(segment.directory, 500)) == 500


def test_the_first_record_not_older_than_a_time(segment: Segment) -> None:
    found = segment.find_timestamp(1040, 100)
    assert found is not None
    assert (found.offset, found.timestamp_ms) == (101, 1051)
    later = segment.find_timestamp(1040, 102)
    assert later is not None
    assert later.offset == 106
    assert segment.find_timestamp(1067, 100) is None


def test_what_retention_counts_from_without_timestamps(tmp_path: Path) -> None:
    segment = new_segment(tmp_path)
    assert segment.retention_timestamp_ms() == 5000
    append(segment, 100, -1)
    assert segment.retention_timestamp_ms() == 6000
    append(segment, 101, 1234)
    assert segment.retention_timestamp_ms() == 1234


def should_roll(
    segment: Segment, *, max_timestamp: int = 1000, last_offset: int = 200, now_ms: int = 5000, **limits: int
) -> bool:
    config = topic_config(
        **{"segment_bytes": 1_000_000, "segment_ms": 1000, "segment_index_bytes": 1_000_000, **limits}
    )
    return must_roll(segment, [BatchToIndex(last_offset, max_timestamp, 1000)], 1000, config, now_ms)


def test_a_segment_rolls_by_size_and_reach(segment: Segment) -> None:
    size = segment.size_bytes
    assert not should_roll(segment, segment_bytes=size + 1000)
    assert should_roll(segment, segment_bytes=size + 999)
    assert not should_roll(segment, last_offset=100 + MAX_RELATIVE_OFFSET)
    assert should_roll(segment, last_offset=101 + MAX_RELATIVE_OFFSET)


def test_a_segment_rolls_by_the_time_of_the_data(segment: Segment) -> None:
    assert not should_roll(segment, max_timestamp=2000, now_ms=10**12)
    assert should_roll(segment, max_timestamp=2001)
    segment.roll_jitter_ms = 300
    assert not should_roll(segment, max_timestamp=1700)
    assert should_roll(segment, max_timestamp=1701)


def test_without_timestamps_a_segment_rolls_by_its_age(tmp_path: Path) -> None:
    segment = new_segment(tmp_path)
    assert not should_roll(segment, now_ms=10**12), "an empty segment never rolls by time"
    append(segment, 100, -1)
    assert not should_roll(segment, now_ms=6000)
    assert should_roll(segment, now_ms=6001)


def test_a_segment_rolls_when_an_index_is_full(segment: Segment) -> None:
    entries = len(segment.offset_index.entries)
    assert should_roll(segment, segment_index_bytes=entries * 8)
    assert not should_roll(segment, segment_index_bytes=(entries + 1) * 12)
    assert should_roll(segment, segment_index_bytes=(len(segment.time_index.entries) + 1) * 12)


def test_the_first_timestamp_is_known_after_reopening(segment: Segment) -> None:
    again = Segment(
        OpenFiles(FileSystem(), 5),
        segment.directory,
        100,
        size_bytes=segment.size_bytes,
        offset_index_bytes=None,
        time_index_bytes=None,
        modified_ms=1,
    )
    assert again.first_timestamp() == segment.first_timestamp() == 1000


@pytest.mark.parametrize("failing", ["create", "truncate"])
def test_a_segment_that_cannot_be_made_leaves_no_files(tmp_path: Path, failing: str) -> None:
    files = FaultyFileSystem()
    calls = 0
    for name in ("log", "index", "timeindex") if failing == "truncate" else ():
        (tmp_path / f"00000000000000000100.{name}").write_bytes(b"what a crash has left")

    def before(name: str) -> None:
        nonlocal calls
        calls += name == failing
        if calls == 2 and name == failing:
            raise OSError("injected")

    files.before = before
    with pytest.raises(OSError, match="injected"):
        new_segment(tmp_path, files=files)
    assert list(tmp_path.iterdir()) == []


def test_a_new_segment_has_nothing_to_sync_but_what_it_has_emptied(tmp_path: Path) -> None:
    assert not new_segment(tmp_path).is_unsynced
    (tmp_path / "00000000000000000100.index").write_bytes(b"what a crash has left")
    segment = new_segment(tmp_path)
    assert segment.is_unsynced
    assert {file.stat().st_size for file in tmp_path.iterdir()} == {0}


def test_deleted_files_keep_their_readers(segment: Segment) -> None:
    descriptor = segment.log.descriptor()
    (segment.directory / file_name(100, ".txnindex")).write_bytes(b"x")
    renamed = segment.mark_deleted()
    assert sorted(path.name for path in renamed) == sorted(path.name for path in segment.directory.iterdir())
    assert len(renamed) == 4
    assert all(path.name.endswith(".deleted") for path in renamed)
    segment.forget_files()
    assert len(os.pread(descriptor.number, 100, 0)) == 100
    found = segment.find_position(119)
    assert found is not None, "a reader that still has the segment finds its files under their new names"


def test_names_have_twenty_digits() -> None:
    assert file_name(42, ".log") == "00000000000000000042.log"


def reopened(segment: Segment, files: FileSystem | None = None, **sizes: int) -> Segment:
    """Close a segment's indexes and open its files again, with the sizes that these have."""
    segment.finish_indexes()
    indexes = {
        "offset_index_bytes": segment.offset_index.entries.file.path.stat().st_size,
        "time_index_bytes": segment.time_index.entries.file.path.stat().st_size,
    }
    return Segment(
        OpenFiles(files or FileSystem(), 5),
        segment.directory,
        segment.base_offset,
        size_bytes=segment.size_bytes,
        modified_ms=1,
        **(indexes | sizes),
    )


@pytest.fixture
def small(tmp_path: Path) -> Segment:
    """A segment that is read in one go, with two entries in each index."""
    segment = new_segment(tmp_path)
    for index in range(8):
        append(segment, 100 + index, 1000 + index)
    return segment


def test_a_small_segment_is_loaded_without_opening_its_indexes(small: Segment) -> None:
    files = FaultyFileSystem()
    again = reopened(small, files)
    assert again.next_offset() == 108
    again.load()
    assert files.operations == ["open", "pread"]
    assert (again.first_timestamp(), again.largest_timestamp()) == (1000, small.largest_timestamp())
    assert [len(again.offset_index.entries), len(again.time_index.entries)] == [2, 3]


def test_what_is_appended_behind_a_small_segment_goes_on_with_its_indexes(small: Segment) -> None:
    again = reopened(small)
    again.next_offset()
    again.load()
    for index, timestamp in enumerate([900, 1001, 1007, 1008, 1009, 1010]):
        append(again, 108 + index, timestamp)
    again.finish_indexes()
    entries = again.time_index.entries
    timestamps = [int.from_bytes(entries.entry(number)[:8], "big") for number in range(len(entries))]
    assert timestamps == sorted(set(timestamps))
    assert timestamps[-1] == 1010
    assert offset_at(again, again.find_position(112)) == 112


def test_an_index_with_more_entries_than_batches_is_looked_into(small: Segment) -> None:
    """Kafka makes room for entries with zeros, and a crash leaves these."""
    small.finish_indexes()
    path = small.offset_index.entries.file.path
    path.write_bytes(path.read_bytes() + bytes(8000))
    again = reopened(small, offset_index_bytes=path.stat().st_size)
    assert again.next_offset() == 108
    again.load()
    assert len(again.offset_index.entries) == 2


def test_an_index_entry_leads_past_damage_in_a_small_segment(small: Segment) -> None:
    """What lies behind the damage must not be taken for lost: only who reads the damaged batch is refused."""
    again = reopened(small)
    content = bytearray(small.log.path.read_bytes())
    content[1 * BATCH_BYTES + 8 : 1 * BATCH_BYTES + 12] = b"\xff\xff\xff\xff"
    small.log.path.write_bytes(content)
    assert again.next_offset() == 108
