from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.compacting import (
    append,
    append_raw,
    at_once,
    batches_in,
    clean,
    fetch_all,
    keyed_driver,
    latest_by_key,
    records_in,
    request_for,
)
from tests.support.logs import LogDriver, log_bytes
from tests.support.quick_files import QuickFileSystem

from ottla.records.batch import CorruptBatchError
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.storage.aborted_transactions import AbortedTransaction, decode_aborted, encode_aborted
from ottla.storage.compaction import compact, group_segments
from ottla.storage.files import FileSystem
from ottla.storage.log_files import SegmentFiles
from ottla.storage.log_walk import walk_headers
from ottla.storage.recovery import scan_segment
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, LOG_SUFFIX, file_name
from ottla.types import TopicPartition

VALUE = b"value" * 8


def offsets_of(driver: LogDriver) -> list[int]:
    return [record.offset for record in records_in(driver.directory)]


def test_the_latest_record_of_each_key_stays_where_it_was(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for round_number in range(10):
        for key in (b"a", b"b", b"c"):
            append(driver, (key, VALUE + b"%d" % round_number))
    before = records_in(driver.directory)
    assert len(driver.log.segments) > 5
    result = clean(driver)
    assert result.next_dirty_offset == driver.log.log_end_offset == 30
    assert records_in(driver.directory) == before[27:]
    assert fetch_all(driver.log) == before[27:]
    assert [driver.records(offset)[0].offset for offset in (0, 5, 28)] == [27, 27, 28]
    assert (result.records_read, result.records_kept, result.records_without_key) == (30, 3, 0)
    assert len(driver.log.segments) > 5  # their sizes before the cleaning decide
    append(driver, (b"d", VALUE))
    clean(driver, first_dirty_offset=30)
    assert len(driver.log.segments) == 2
    assert offsets_of(driver) == [27, 28, 29, 30]


def test_a_tombstone_goes_in_the_cleaning_after_its_horizon(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0", delete_retention_ms=1000)
    append(driver, (b"a", VALUE), (b"b", VALUE))
    append(driver, (b"a", None))
    append(driver, (b"c", VALUE))
    clean(driver)
    assert offsets_of(driver) == [1, 2, 3]
    horizons = [
        batch.header.base_timestamp
        for batch in batches_in(driver.directory)
        if batch.header.has_delete_horizon
    ]
    assert horizons == [driver.now_ms + 1000]
    append(driver, (b"d", VALUE))
    clean(driver, first_dirty_offset=4, now_ms=driver.now_ms + 999)
    assert offsets_of(driver) == [1, 2, 3, 4]
    append(driver, (b"e", VALUE))
    clean(driver, first_dirty_offset=5, now_ms=driver.now_ms + 1000)
    assert offsets_of(driver) == [1, 3, 4, 5]


def test_a_map_that_is_too_small_cleans_in_several_rounds(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for round_number in range(3):
        for number in range(40):
            append(driver, (b"key %d" % number, VALUE + b"%d" % round_number))
    before = records_in(driver.directory)
    dirty, ends = 0, []
    while dirty < 120:
        dirty = clean(driver, first_dirty_offset=dirty, dedupe_buffer_bytes=24 * 30).next_dirty_offset
        ends.append(dirty)
    # Twenty-seven keys fit; a round ends before the first record that does not.
    assert ends == [27, 54, 81, 108, 120]
    assert records_in(driver.directory) == before[80:]


def test_the_cleaned_range_ends_with_a_batch_though_an_empty_one(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0", segment_bytes=300)
    for _ in range(9):
        append(driver, (b"a", VALUE))
    append(driver, (b"b", VALUE))
    end = driver.log.segments[-1].base_offset
    request = request_for(driver, end_offset=6)
    driver.log.close()
    result = compact(FileSystem(), request, at_once)
    assert end > 6
    assert result.next_dirty_offset == 6
    (last,) = result.segments[-1:]
    descriptor = FileSystem().open(driver.directory / (file_name(last.base_offset, LOG_SUFFIX) + ".cleaned"))
    headers = [header for _, header in walk_headers(FileSystem(), descriptor, 0, last.size_bytes)]
    assert headers[-1].next_offset == 6


def test_the_last_batch_of_a_producer_stays_without_records(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for sequence in range(3):
        append(driver, (b"a", VALUE), producer_id=5, producer_epoch=0, base_sequence=sequence)
    for _ in range(12):
        append(driver, (b"a", VALUE))
    clean(driver)
    batches = batches_in(driver.directory)
    assert [(each.header.base_offset, len(each.records)) for each in batches] == [(2, 0), (14, 1)]
    assert driver.log.producer_state.entries[5].last_sequence == 2
    append(driver, (b"a", VALUE), producer_id=5, producer_epoch=0, base_sequence=3)
    driver.reopen(clean=False)
    assert driver.log.producer_state.entries[5].last_sequence == 3


def test_aborted_data_goes_and_its_marker_follows_later(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0", segment_bytes=300, delete_retention_ms=100)
    fields = {"producer_id": 5, "producer_epoch": 0, "base_sequence": 0, "transactional": True}
    append(driver, (b"a", VALUE))
    append(driver, (b"a", b"aborted"), **fields)
    append(driver, (b"b", VALUE))
    marker = EndTransactionMarker(ControlType.ABORT, 0)
    append_raw(driver, build_marker_batch(marker, now_ms=driver.now_ms, producer_id=5, producer_epoch=0))
    append(driver, (b"c", VALUE))
    driver.log.producer_state.reset(driver.log.log_end_offset)
    (marker_segment,) = [
        offset for offset in (0, 2, 3) if (driver.directory / file_name(offset, LOG_SUFFIX)).exists()
    ][-1:]
    index = driver.directory / file_name(marker_segment, ABORTED_INDEX_SUFFIX)
    index.write_bytes(encode_aborted([AbortedTransaction(5, 1, 3, 4)]))
    clean(driver)
    assert offsets_of(driver) == [0, 2, 3, 4]
    left = [
        decode_aborted(content, name)
        for name, content in log_bytes(driver.directory, ABORTED_INDEX_SUFFIX).items()
    ]
    assert left == [[AbortedTransaction(5, 1, 3, 4)]]
    append(driver, (b"d", VALUE))
    clean(driver, first_dirty_offset=5)
    assert offsets_of(driver) == [0, 2, 3, 4, 5]
    assert [each.header.has_delete_horizon for each in batches_in(driver.directory)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    append(driver, (b"e", VALUE))
    clean(driver, first_dirty_offset=6, now_ms=driver.now_ms + 100)
    assert offsets_of(driver) == [0, 2, 4, 5, 6]
    assert log_bytes(driver.directory, ABORTED_INDEX_SUFFIX) == {}


def test_batches_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0", segment_bytes=1 << 20)
    for number in range(4):
        append(driver, (b"large", os.urandom(20_000)), (b"%d" % number, b"small"))
    clean(driver, read_bytes=100)
    assert offsets_of(driver) == [1, 3, 5, 6, 7]


def test_the_files_have_sound_indexes_and_the_time_of_the_last_source(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for number in range(60):
        append(driver, (b"key %d" % (number % 40), VALUE), timestamp_ms=driver.now_ms + number)
    driver.log.roll(driver.now_ms)
    sources = sorted(driver.directory.glob("*.log"))[:-1]
    for number, path in enumerate(sources):
        os.utime(path, (5000 + number, 5000 + number))
    result = clean(driver)
    files = FileSystem()
    assert len(result.segments) > 2
    for segment in result.segments:
        path = driver.directory / file_name(segment.base_offset, LOG_SUFFIX)
        position = [int(each.name[:20]) for each in sources].index(segment.replaces[-1])
        assert path.stat().st_mtime == 5000 + position
        scan = scan_segment(
            files,
            files.open(path),
            base_offset=segment.base_offset,
            next_base_offset=None,
            size_bytes=path.stat().st_size,
            index_interval_bytes=150,
        )
        assert scan.damage is None
        assert path.with_suffix(".index").read_bytes() == scan.offset_entries
        assert path.with_suffix(".timeindex").read_bytes() == scan.time_entries
        assert segment.size_bytes == path.stat().st_size


@pytest.mark.parametrize("at", [20, 70, -1])
def test_damage_ends_the_cleaning_and_leaves_everything_as_it_was(tmp_path: Path, at: int) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for _ in range(20):
        append(driver, (b"a", VALUE))
    request = request_for(driver)
    driver.log.close()
    path = driver.directory / file_name(0, LOG_SUFFIX)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    before = log_bytes(driver.directory, "")
    with pytest.raises(CorruptBatchError):
        compact(FileSystem(), request, at_once)
    after = log_bytes(driver.directory, "")
    assert after == {name: held for name, held in before.items() if not name.endswith(".cleaned")}


class EndedError(Exception):
    """What ends a cleaning that is not wanted any more."""


def test_it_can_be_ended_at_any_time(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for number in range(20):
        append(driver, (b"%d" % number, VALUE))
    calls = 0

    def pace(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise EndedError

    with pytest.raises(EndedError):
        compact(FileSystem(), request_for(driver), pace)
    assert not list(driver.directory.glob("*.cleaned"))
    assert offsets_of(driver) == list(range(20))


def segment(base_offset: int, size: int, offset_index: int = 8, time_index: int = 12) -> SegmentFiles:
    return SegmentFiles(base_offset, size, 0, offset_index, time_index)


@pytest.mark.parametrize(
    ("segments", "groups"),
    [
        ([], []),
        ([segment(0, 100)], [[0]]),
        ([segment(0, 50), segment(10, 50), segment(20, 1)], [[0, 10], [20]]),
        ([segment(0, 500), segment(10, 1), segment(20, 1)], [[0], [10, 20]]),
        ([segment(0, 1, 90), segment(10, 1, 11), segment(20, 1, 1)], [[0], [10, 20]]),
        ([segment(0, 1, 8, 90), segment(10, 1, 8, 11)], [[0], [10]]),
        ([segment(0, 1), segment(10, 1), segment(2**31, 1)], [[0, 10], [2**31]]),
        (
            [segment(0, 1), segment(2**31, 0)],
            [[0, 2**31]],
        ),  # an empty one has no offset that could be too far
    ],
)
def test_segments_are_put_together_by_their_sizes(
    segments: list[SegmentFiles], groups: list[list[int]]
) -> None:
    made = group_segments(segments, end_offset=2**31 + 5, segment_bytes=100, segment_index_bytes=100)
    assert [[each.base_offset for each in group] for group in made] == groups


RECORDS = st.tuples(st.sampled_from([b"a", b"b", b"c", b"d"]), st.none() | st.binary(max_size=60))
BATCHES = st.tuples(st.lists(RECORDS, min_size=1, max_size=4), st.sampled_from(Codec), st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(BATCHES, min_size=1, max_size=8), min_size=1, max_size=4),
    st.integers(2, 6),
    st.sampled_from([0, 10, 10_000]),
)
def test_any_log_says_the_same_after_any_number_of_cleanings(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list], keys_that_fit: int, retention_ms: int
) -> None:
    directory = tmp_path_factory.mktemp("log") / str(TopicPartition("t", 0))
    driver = keyed_driver(directory, segment_bytes=400, delete_retention_ms=retention_ms)
    driver.files = QuickFileSystem()
    written = []
    dirty = 0
    sequences = [0] * 4
    for number, batches in enumerate(rounds):
        for records, codec, producer in batches:
            fields = {}
            if producer:
                fields = {"producer_id": producer, "producer_epoch": 0, "base_sequence": sequences[producer]}
            base = append(driver, *records, codec=codec, timestamp_ms=driver.now_ms + len(written), **fields)
            sequences[producer] += len(records)
            written += [(base + index, *record) for index, record in enumerate(records)]
        before = records_in(directory)
        producers = dict(driver.log.producer_state.entries)
        end = driver.log.log_end_offset
        result = clean(
            driver,
            first_dirty_offset=dirty,
            dedupe_buffer_bytes=24 * keys_that_fit,
            now_ms=driver.now_ms + 100 * number,
        )
        dirty = result.next_dirty_offset
        after = records_in(directory)
        assert latest_by_key(after) == latest_by_key(before)
        assert set(after) <= set(before)
        assert [record for record in after if record.offset >= dirty] == [
            each for each in before if each.offset >= dirty
        ]
        cleaned_keys = [record.key for record in after if record.offset < dirty]
        assert len(cleaned_keys) == len(set(cleaned_keys))
        assert driver.log.log_end_offset == end
        assert fetch_all(driver.log) == after
        driver.reopen(clean=False)
        assert driver.log.log_end_offset == end
        assert {key: each.last_sequence for key, each in driver.log.producer_state.entries.items()} == {
            key: each.last_sequence for key, each in producers.items()
        }
