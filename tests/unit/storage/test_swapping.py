from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.support.compacting import append, at_once, fetch_all, keyed_driver, records_in, request_for
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, LogDriver

from ottla.errors import KafkaError
from ottla.storage.compaction import CompactionResult, compact
from ottla.storage.segment import file_name

VALUE = b"value" * 8


def cleaned(directory: Path) -> tuple[LogDriver, CompactionResult]:
    """Return a log of some segments that was cleaned into one, which is not swapped in yet."""
    driver = keyed_driver(directory / "t-0", FaultyFileSystem(), segment_bytes=300)
    for number in range(24):
        append(driver, (b"%d" % (number % 3), VALUE), producer_id=7, producer_epoch=0, base_sequence=number)
    driver.log.roll(NOW_MS)
    result = compact(driver.files, request_for(driver, segment_bytes=1 << 20), at_once)
    assert len(result.segments) == 1
    assert len(result.segments[0].replaces) > 4
    return driver, result


def names(driver: LogDriver, pattern: str) -> list[str]:
    return sorted(path.name for path in driver.directory.glob(pattern))


def test_the_new_segment_takes_the_place_of_the_old_ones(tmp_path: Path) -> None:
    driver, result = cleaned(tmp_path)
    old = len(driver.log.segments)
    held = driver.log.read(0, 1000, upper_bound=24, must_return_a_batch=True)
    assert held is not None
    before = held.read()
    assert driver.log.swap_in(result.segments[0], NOW_MS)
    assert len(driver.log.segments) == 2
    assert [record.offset for record in fetch_all(driver.log)] == [21, 22, 23]
    assert names(driver, "*.log") == [file_name(0, ".log"), file_name(24, ".log")]
    assert len(names(driver, "*.log.deleted")) == old - 1
    assert names(driver, "*.swap") == names(driver, "*.log.cleaned") == []
    assert names(driver, "*.snapshot") == [file_name(24, ".snapshot")]
    found = driver.log.offset_for_timestamp(NOW_MS)
    assert found is not None
    assert found.offset == 21
    driver.log.delete_expired_files(NOW_MS + driver.config.file_delete_delay_ms)
    assert names(driver, "*.deleted") == []
    assert held.read() == before
    held.release()
    driver.reopen(clean=False)
    assert [record.offset for record in fetch_all(driver.log)] == [21, 22, 23]


def test_nothing_is_swapped_in_once_the_old_segments_are_gone(tmp_path: Path) -> None:
    driver, result = cleaned(tmp_path)
    driver.log.delete_records_before(10)
    assert driver.log.delete_old_segments(NOW_MS, 24) > 0
    before = fetch_all(driver.log)
    assert not driver.log.swap_in(result.segments[0], NOW_MS)
    assert fetch_all(driver.log) == before


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_swap_that_cannot_begin_leaves_the_log_as_it_was(tmp_path: Path, number: int) -> None:
    driver, result = cleaned(tmp_path)
    before = fetch_all(driver.log)
    fail_at_rename(driver, number)
    with pytest.raises(OSError, match="injected"):
        driver.log.swap_in(result.segments[0], NOW_MS)
    assert fetch_all(driver.log) == before
    append(driver, (b"more", VALUE), producer_id=7, producer_epoch=0, base_sequence=24)
    assert names(driver, "*.swap") == []
    driver.reopen(clean=False)
    assert fetch_all(driver.log)[:-1] == before


@pytest.mark.parametrize("number", [4, 9, 20, 25, 26])
def test_a_swap_that_does_not_end_is_ended_by_the_next_start(tmp_path: Path, number: int) -> None:
    driver, result = cleaned(tmp_path)
    fail_at_rename(driver, number)
    with pytest.raises(OSError, match="injected"):
        driver.log.swap_in(result.segments[0], NOW_MS)
    with pytest.raises(KafkaError, match="swapping"):
        append(driver, (b"more", VALUE))
    driver.reopen(clean=False)
    assert [record.offset for record in fetch_all(driver.log)] == [21, 22, 23]
    assert records_in(driver.directory) == fetch_all(driver.log)
    assert driver.log.producer_state.entries[7].last_sequence == 23
    assert names(driver, "*.log") == [file_name(0, ".log"), file_name(24, ".log")]
    assert names(driver, "*.index") == [file_name(0, ".index"), file_name(24, ".index")]


def fail_at_rename(driver: LogDriver, number: int) -> None:
    left = number

    def before(operation: str) -> None:
        nonlocal left
        if operation == "rename_lazily":
            left -= 1
            if left == 0:
                raise OSError("injected")

    assert isinstance(driver.files, FaultyFileSystem)
    driver.files.before = before


def test_readers_in_other_threads_find_every_record_at_any_time(tmp_path: Path) -> None:
    driver, result = cleaned(tmp_path)
    driver.log._open_files.limit = 1  # so that files are opened again and again
    stop = threading.Event()
    seen: list[list[int]] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                seen.append([record.offset for record in fetch_all(driver.log)])
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        while len(seen) < 5 and not failures:
            pass
        driver.log.swap_in(result.segments[0], NOW_MS)
    while len(seen) < 30 and not failures:
        pass
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert all(offsets[-3:] == [21, 22, 23] for offsets in seen)
