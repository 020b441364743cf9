"""A log after a crash at every change that a cleaning makes to its files: it says of every key what it said before."""

from __future__ import annotations

from pathlib import Path

from tests.support.compacting import (
    append,
    at_once,
    batches_in,
    fetch_all,
    keyed_driver,
    latest_by_key,
    records_in,
    request_for,
)
from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem, every_crash
from tests.support.logs import NOW_MS, LogDriver, topic_config
from tests.support.quick_files import QuickFileSystem

from ottla.records.record import Record
from ottla.storage.compaction import compact
from ottla.storage.leftovers import CLEANED_SUFFIX, SWAP_SUFFIX, remove_cleaned
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)
PRODUCER_ID = 7
VALUE = b"value" * 6
CONFIG = topic_config(segment_bytes=500, index_interval_bytes=150)


def fill(driver: LogDriver, count: int) -> None:
    """Append records of few keys, some of them tombstones, each of them durably: only the cleaning is at stake."""
    for _ in range(count):
        number = driver.log.log_end_offset
        key = b"key %d" % (number * 7 % 5)
        value = None if number % 6 == 5 else VALUE + b"%d" % number
        append(
            driver,
            (key, value),
            producer_id=PRODUCER_ID,
            producer_epoch=0,
            base_sequence=number,
            timestamp_ms=NOW_MS + number,
        )
        driver.log.flush()
    driver.log.roll(NOW_MS)
    driver.log.flush()


def clean(driver: LogDriver, first_dirty_offset: int, segment_bytes: int) -> None:
    """Clean the log as the broker does: a helper's files first, then one swap after the other."""
    request = request_for(driver, first_dirty_offset=first_dirty_offset, segment_bytes=segment_bytes)
    result = compact(driver.files, request, at_once)
    for segment in result.segments:
        assert driver.log.swap_in(segment, NOW_MS)
    remove_cleaned(driver.files, driver.directory)
    driver.log.delete_expired_files(NOW_MS)


def recorded(root: Path) -> tuple[RecordingFileSystem, list[Record]]:
    """Run the workload; return what it did to its files, and all that was ever written."""
    root.mkdir()
    driver = keyed_driver(
        root / str(PARTITION),
        QuickFileSystem(),
        segment_bytes=500,
        file_delete_delay_ms=0,
        delete_retention_ms=0,
    )
    fill(driver, 30)
    driver.log.close()
    driver.files = files = RecordingFileSystem(root)
    driver.reopen(clean=False)
    files.note(30)
    written = records_in(driver.directory)
    clean(driver, 0, 1200)
    fill(driver, 12)
    written += records_in(driver.directory)[-12:]
    files.note(42)
    clean(driver, 30, 1 << 20)
    return files, written


def open_log(root: Path) -> PartitionLog:
    return PartitionLog.open(
        OpenFiles(QuickFileSystem(), 50),
        root / str(PARTITION),
        CONFIG,
        clean_shutdown=False,
        recovery_point=0,
        log_start_offset=0,
        now_ms=NOW_MS,
    )


def test_every_crash_of_a_cleaning(tmp_path: Path) -> None:
    files, written = recorded(tmp_path / "disk")
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        if not disk.notes:
            return  # before the first cleaning
        log = open_log(root)
        found = fetch_all(log)
        assert log.log_end_offset >= disk.notes[-1]
        assert set(found) <= set(written)
        before = [record for record in written if record.offset < log.log_end_offset]
        assert latest_by_key(found) == latest_by_key(before)
        assert [record.offset for record in found] == sorted({record.offset for record in found})
        for record in found:
            at = log.offset_for_timestamp(record.timestamp_ms)
            assert at is not None
            assert at.offset == record.offset
        assert log.producer_state.entries[PRODUCER_ID].last_sequence == log.log_end_offset - 1
        left = [path.name for path in (root / str(PARTITION)).iterdir()]
        assert not [name for name in left if name.endswith((CLEANED_SUFFIX, SWAP_SUFFIX))]
        assert [batch.header.base_offset for batch in batches_in(root / str(PARTITION))][
            -1
        ] < log.log_end_offset

    count = every_crash(files, root, check, stride=2)
    print(f"{count} crashes of a cleaning")
    assert count > 500
