"""Snapshots of producers: where they are made, which one counts, and what replaces a damaged one."""

from pathlib import Path

import pytest
from tests.support.logs import NOW_MS, LogDriver, topic_config

from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.storage import producer_snapshots
from ottla.storage.append_check import AppendOrigin
from ottla.storage.log_walk import WALK_CHUNK_BYTES


@pytest.fixture
def driver(tmp_path: Path) -> LogDriver:
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=600))
    for sequence in range(10):
        driver.append(b"x" * 150, producer_id=9, producer_epoch=0, base_sequence=sequence)
    return driver


def snapshots(driver: LogDriver) -> list[int]:
    return sorted(int(path.stem) for path in driver.directory.glob("*.snapshot"))


def test_one_is_written_on_roll_and_one_on_close(driver: LogDriver) -> None:
    assert snapshots(driver) == [2, 4, 6, 8]
    driver.log.close()
    assert snapshots(driver) == [2, 4, 6, 8, 10]


def test_an_empty_log_needs_none(tmp_path: Path) -> None:
    """Apache Kafka writes none either."""
    empty = LogDriver(tmp_path / "t-0", topic_config())
    for clean in (True, False, True):
        empty.reopen(clean=clean)
        assert snapshots(empty) == []


def test_a_crash_of_a_small_log_without_producers_costs_none(tmp_path: Path) -> None:
    small = LogDriver(tmp_path / "t-0", topic_config())
    small.append(b"x")
    small.reopen(clean=False)
    assert (snapshots(small), small.log.producer_state.end_offset) == ([], 1)
    small.append(b"x" * WALK_CHUNK_BYTES)
    small.reopen(clean=False)
    assert snapshots(small) == [2]
    small.reopen(clean=True)
    assert snapshots(small) == [2]


def test_only_those_of_segments_and_the_newest_are_kept(driver: LogDriver) -> None:
    driver.reopen(clean=True)
    driver.append(b"y")
    driver.reopen(clean=True)
    assert snapshots(driver) == [2, 4, 6, 8, 11]


def test_after_a_clean_stop_only_the_newest_batch_can_be_repeated(driver: LogDriver) -> None:
    assert len(driver.log.producer_state.entries[9].batches) == 5
    driver.reopen(clean=True)
    assert len(driver.log.producer_state.entries[9].batches) == 1
    assert driver.append(b"x" * 150, producer_id=9, producer_epoch=0, base_sequence=9).is_duplicate


def test_after_a_crash_the_log_says_what_no_snapshot_says(driver: LogDriver) -> None:
    for path in driver.directory.glob("*.snapshot"):
        path.unlink()
    driver.reopen(clean=False)
    assert driver.log.producer_state.entries[9].last_sequence == 9
    assert snapshots(driver) == [10]


def sequences(driver: LogDriver) -> list[int]:
    return [batch.last_sequence for batch in driver.log.producer_state.entries[9].batches]


@pytest.mark.parametrize("crashes", [1, 2])
def test_after_crashes_each_of_the_last_five_batches_can_be_repeated(driver: LogDriver, crashes: int) -> None:
    # A snapshot lies between them: that of the last segment, and then that of the crash before.
    for _ in range(crashes):
        driver.reopen(clean=False)
    assert sequences(driver) == [5, 6, 7, 8, 9]
    for sequence in range(5, 10):
        repeated = driver.append(b"x" * 150, producer_id=9, producer_epoch=0, base_sequence=sequence)
        assert (repeated.is_duplicate, repeated.base_offset) == (True, sequence)


def test_batches_of_an_earlier_epoch_are_not_recalled(driver: LogDriver) -> None:
    driver.append(b"x" * 150, producer_id=9, producer_epoch=1, base_sequence=0)
    for _ in range(2):
        driver.reopen(clean=False)
        assert sequences(driver) == [0]


def test_only_so_much_of_the_log_is_read_again(driver: LogDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_snapshots, "RECALLED_RECORDS", 3)
    driver.reopen(clean=False)
    driver.reopen(clean=False)
    assert sequences(driver) == [7, 8, 9]


def test_a_log_that_starts_behind_them_has_no_earlier_batches(driver: LogDriver) -> None:
    driver.reopen(clean=False)
    driver.reopen(clean=False, log_start_offset=8)
    assert sequences(driver) == [8, 9]


def test_a_damaged_snapshot_gives_way_to_the_one_before(
    driver: LogDriver, caplog: pytest.LogCaptureFixture
) -> None:
    driver.log.close()
    newest = driver.directory / "00000000000000000010.snapshot"
    newest.write_bytes(newest.read_bytes()[:-1])
    driver.reopen(clean=False)
    assert driver.log.producer_state.entries[9].last_sequence == 9
    assert "damaged snapshot" in caplog.text


def test_snapshots_beyond_the_end_of_the_log_are_deleted(driver: LogDriver) -> None:
    driver.log.close()
    (driver.directory / "00000000000000000008.log").write_bytes(b"")
    driver.reopen(clean=False)
    assert driver.log.log_end_offset == 8
    assert driver.log.producer_state.entries[9].last_sequence == 7
    assert snapshots(driver) == [2, 4, 6, 8]


def test_a_clean_log_without_snapshots_had_no_producers(driver: LogDriver) -> None:
    driver.log.close()
    for path in driver.directory.glob("*.snapshot"):
        path.unlink()
    log = driver.log.open(
        driver.open_files,
        driver.directory,
        driver.config,
        clean_shutdown=True,
        recovery_point=0,
        log_start_offset=0,
        now_ms=NOW_MS,
    )
    assert not log.producer_state.entries


def test_markers_end_transactions_when_the_log_is_replayed(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config())
    data = build_batch(
        [NewRecord(None, b"x")],
        now_ms=NOW_MS,
        producer_id=3,
        producer_epoch=1,
        base_sequence=0,
        transactional=True,
    )
    marker = build_marker_batch(
        EndTransactionMarker(ControlType.ABORT, 4), now_ms=NOW_MS, producer_id=3, producer_epoch=1
    )
    open_again = build_batch(
        [NewRecord(None, b"y")],
        now_ms=NOW_MS,
        producer_id=4,
        producer_epoch=0,
        base_sequence=0,
        transactional=True,
    )
    driver.log.append(
        data + marker + open_again, leader_epoch=0, origin=AppendOrigin.RAFT_LEADER, now_ms=NOW_MS
    )
    log = driver.reopen(clean=False)
    assert log.producer_state.entries[3].coordinator_epoch == 4
    assert log.producer_state.entries[3].transaction_first_offset == -1
    assert log.producer_state.first_unstable_offset == 2


def test_a_batch_in_which_the_log_starts_counts_for_its_producer(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config())
    driver.append(b"a", b"b", b"c", producer_id=9, producer_epoch=0, base_sequence=0)
    driver.log.delete_records_before(1)
    driver.reopen(clean=False, log_start_offset=1)
    repeated = driver.append(b"a", b"b", b"c", producer_id=9, producer_epoch=0, base_sequence=0)
    assert repeated.is_duplicate
