"""One partition's log: what goes in comes out, wherever it is cut into segments and however it is opened."""

import errno
import shutil
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, TOPIC_ID, LogDriver, log_bytes, topic_config, whole_batches

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import ControlType, build_control_batch
from ottla.storage.append_check import AppendOrigin


@pytest.fixture
def driver(tmp_path: Path) -> LogDriver:
    return LogDriver(tmp_path / "t-3", topic_config(segment_bytes=1000, index_interval_bytes=200))


def test_a_new_log_is_empty_and_has_kafkas_files(driver: LogDriver) -> None:
    log = driver.log
    assert str(log.topic_partition) == "t-3"
    assert log.topic_id == TOPIC_ID
    assert (log.log_start_offset, log.log_end_offset, log.size_bytes, len(log.segments)) == (0, 0, 0, 1)
    assert sorted(path.name for path in driver.directory.iterdir()) == [
        "00000000000000000000.index",
        "00000000000000000000.log",
        "00000000000000000000.timeindex",
        "partition.metadata",
    ]
    assert log.read(0, 100, upper_bound=0, must_return_a_batch=True) is None


def test_appends_get_consecutive_offsets_and_are_read_back(driver: LogDriver) -> None:
    assert driver.append(b"a", b"b")[:2] == (0, 1)
    assert driver.append(b"c")[:2] == (2, 2)
    assert [(record.offset, record.value) for record in driver.records()] == [(0, b"a"), (1, b"b"), (2, b"c")]


def test_the_leader_epoch_is_stamped_and_remembered(driver: LogDriver) -> None:
    driver.append(b"a", leader_epoch=4)
    driver.append(b"b", leader_epoch=7)
    found = driver.log.read(1, 1000, upper_bound=2, must_return_a_batch=True)
    assert found is not None
    assert read_header(found.read()).leader_epoch == 7
    assert [tuple(entry) for entry in driver.log.leader_epochs.entries] == [(4, 0), (7, 1)]
    assert driver.log.end_offset_for_epoch(4) == (4, 1)
    assert driver.log.end_offset_for_epoch(7) == (7, 2)
    assert driver.log.end_offset_for_epoch(8) == (-1, -1)


def test_a_read_starts_with_the_batch_that_holds_the_offset(driver: LogDriver) -> None:
    driver.append(b"a", b"b", b"c")
    driver.append(b"d")
    found = driver.log.read(1, 10_000, upper_bound=4, must_return_a_batch=True)
    assert found is not None
    assert [record.offset for record in whole_batches(found.read())] == [0, 1, 2, 3]


@pytest.mark.parametrize("is_recent", [True, False])
def test_a_limit_cuts_the_range_but_not_the_first_batch(driver: LogDriver, is_recent: bool) -> None:
    driver.append(b"x" * 100)
    first_size = driver.log.size_bytes
    if not is_recent:
        driver.append(b"y" * 100)
    log, end = driver.log, driver.log.log_end_offset
    assert log.read(0, first_size - 1, upper_bound=end, must_return_a_batch=False) is None
    whole = log.read(0, 1, upper_bound=end, must_return_a_batch=True)
    assert whole is not None
    assert len(whole) == first_size
    exact = log.read(0, first_size, upper_bound=end, must_return_a_batch=False)
    assert exact is not None
    assert len(exact) == first_size
    if not is_recent:
        cut = log.read(0, first_size + 5, upper_bound=end, must_return_a_batch=False)
        assert cut is not None
        assert len(cut) == first_size + 5


def test_nothing_at_or_above_the_upper_bound_is_returned(driver: LogDriver) -> None:
    for value in (b"a", b"b", b"c"):
        driver.append(value)
    below = driver.log.read(0, 10_000, upper_bound=2, must_return_a_batch=True)
    assert below is not None
    assert [record.offset for record in whole_batches(below.read())] == [0, 1]
    assert driver.log.read(2, 10_000, upper_bound=2, must_return_a_batch=True) is None


def test_offsets_outside_the_log_are_out_of_range(driver: LogDriver) -> None:
    driver.append(b"a", b"b")
    driver.log.delete_records_before(1)
    for offset in (-1, 0, 3):
        with pytest.raises(KafkaError) as caught:
            driver.log.read(offset, 100, upper_bound=2, must_return_a_batch=True)
        assert caught.value.code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_range_stays_readable_after_its_segment_is_gone(driver: LogDriver) -> None:
    driver.append(b"kept")
    found = driver.log.read(0, 1000, upper_bound=1, must_return_a_batch=True)
    assert found is not None
    shutil.rmtree(driver.log.rename_for_deletion())
    assert [record.value for record in whole_batches(found.read())] == [b"kept"]
    assert not driver.directory.exists()
    found.release()
    found.release()


def test_a_full_segment_is_followed_by_the_next_one(driver: LogDriver) -> None:
    values = [b"%03d" % index * 100 for index in range(12)]
    for value in values:
        driver.append(value)
    assert len(driver.log.segments) == 6
    assert driver.values() == values
    assert sorted(log_bytes(driver.directory)) == [f"{offset:020d}.log" for offset in range(0, 12, 2)]
    assert all(len(content) <= 1000 for content in log_bytes(driver.directory).values())


def test_a_read_does_not_cross_segments(driver: LogDriver) -> None:
    for _ in range(4):
        driver.append(b"x" * 400)
    assert len(driver.log.segments) == 2
    found = driver.log.read(0, 100_000, upper_bound=4, must_return_a_batch=True)
    assert found is not None
    assert [record.offset for record in whole_batches(found.read())] == [0, 1]


@pytest.mark.parametrize("clean", [True, False])
def test_everything_is_there_after_a_restart(driver: LogDriver, clean: bool) -> None:
    values = [b"%03d" % index * 50 for index in range(40)]
    for index, value in enumerate(values):
        driver.append(value, leader_epoch=index // 10, producer_id=5, producer_epoch=0, base_sequence=index)
    before = log_bytes(driver.directory)
    log = driver.reopen(clean=clean)
    assert driver.values() == values
    assert log_bytes(driver.directory) == before
    assert log.topic_id == TOPIC_ID
    assert [tuple(entry) for entry in log.leader_epochs.entries] == [(0, 0), (1, 10), (2, 20), (3, 30)]
    assert log.producer_state.entries[5].last_sequence == 39
    assert log.recovery_point == (40 if clean else 0)
    assert driver.append(b"next", producer_id=5, producer_epoch=0, base_sequence=40).base_offset == 40


def test_indexes_after_recovery_equal_those_that_were_appended_to(driver: LogDriver) -> None:
    for index in range(60):
        driver.append(b"%03d" % index * 20, timestamp_ms=NOW_MS + (index * 7) % 31)
    driver.log.close()
    appended = log_bytes(driver.directory, "index")
    assert any(appended.values())
    driver.reopen(clean=False)
    assert log_bytes(driver.directory, "index") == appended


def test_a_missing_index_is_made_again_after_a_clean_stop(driver: LogDriver) -> None:
    for index in range(60):
        driver.append(b"%03d" % index * 20, timestamp_ms=NOW_MS + index)
    driver.log.close()
    appended = log_bytes(driver.directory, "index")
    for path in driver.directory.glob("*index"):
        path.unlink()
    driver.reopen(clean=True)
    assert log_bytes(driver.directory, "index") == appended


def test_a_repeated_batch_is_answered_with_its_first_place(driver: LogDriver) -> None:
    first = driver.append(b"a", timestamp_ms=NOW_MS - 5, producer_id=1, producer_epoch=0, base_sequence=0)
    driver.append(b"b", producer_id=1, producer_epoch=0, base_sequence=1)
    again = driver.append(b"a", timestamp_ms=NOW_MS - 5, producer_id=1, producer_epoch=0, base_sequence=0)
    assert again.is_duplicate
    assert (again.base_offset, again.last_offset) == (first.base_offset, first.last_offset)
    assert again.log_append_time_ms == NOW_MS - 5
    assert driver.log.log_end_offset == 2


def test_a_sequence_gap_is_refused(driver: LogDriver) -> None:
    driver.append(b"a", producer_id=1, producer_epoch=0, base_sequence=0)
    with pytest.raises(KafkaError) as caught:
        driver.append(b"c", producer_id=1, producer_epoch=0, base_sequence=2)
    assert caught.value.code is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert driver.log.log_end_offset == 1


def test_log_append_time_is_stamped_and_returned(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config(message_timestamp_type="LogAppendTime"))
    assert driver.append(b"a", timestamp_ms=5).log_append_time_ms == NOW_MS
    assert [record.timestamp_ms for record in driver.records()] == [NOW_MS]


def test_a_buffer_that_cannot_be_stamped_is_copied(driver: LogDriver) -> None:
    batch = bytes(build_batch([NewRecord(b"k", b"v")], now_ms=NOW_MS))
    for records in (batch, memoryview(batch)):
        driver.log.append(records, leader_epoch=0, origin=AppendOrigin.CLIENT, now_ms=NOW_MS)
    assert batch == bytes(build_batch([NewRecord(b"k", b"v")], now_ms=NOW_MS))
    assert driver.values() == [b"v", b"v"]


def test_the_quorum_leader_appends_several_batches_at_once(driver: LogDriver) -> None:
    batches = build_control_batch(ControlType.LEADER_CHANGE, b"\x00\x00", now_ms=NOW_MS) + build_batch(
        [NewRecord(None, b"a"), NewRecord(None, b"b")], now_ms=NOW_MS
    )
    result = driver.log.append(batches, leader_epoch=2, origin=AppendOrigin.RAFT_LEADER, now_ms=NOW_MS)
    assert result[:2] == (0, 2)
    found = driver.log.read(1, 1000, upper_bound=3, must_return_a_batch=True)
    assert found is not None
    assert read_header(found.read()).leader_epoch == 2
    assert [record.offset for record in driver.records()] == [0, 1, 2]


def test_the_quorum_leaders_batches_are_checked_for_damage(driver: LogDriver) -> None:
    batch = build_batch([NewRecord(None, b"a")], now_ms=NOW_MS)
    batch[-1] ^= 1
    with pytest.raises(KafkaError):
        driver.log.append(batch, leader_epoch=0, origin=AppendOrigin.RAFT_LEADER, now_ms=NOW_MS)
    assert driver.log.size_bytes == 0


def test_records_are_found_by_time(driver: LogDriver) -> None:
    for index in range(40):
        driver.append(b"x" * 60, b"y" * 60, timestamp_ms=1000 + 10 * (index ^ 1))
    for timestamp in range(0, 1500, 7):
        expected = next((record for record in driver.records() if record.timestamp_ms >= timestamp), None)
        found = driver.log.offset_for_timestamp(timestamp)
        if expected is None:
            assert found is None
        else:
            assert found is not None
            assert (found.offset, found.timestamp_ms) == (expected.offset, expected.timestamp_ms)
    newest = driver.log.max_timestamp_offset()
    assert newest is not None
    assert (newest.timestamp_ms, newest.offset) == (1390, 76)


def test_an_empty_log_has_no_times(driver: LogDriver) -> None:
    assert driver.log.offset_for_timestamp(0) is None
    assert driver.log.max_timestamp_offset() is None


def test_times_before_the_log_start_are_not_found(driver: LogDriver) -> None:
    driver.append(b"a", b"b", timestamp_ms=1000)
    driver.log.delete_records_before(1)
    found = driver.log.offset_for_timestamp(0)
    assert found is not None
    assert found.offset == 1


@pytest.mark.parametrize("short", [0, 1, 40, 80])
def test_a_failed_write_leaves_the_log_as_it_was(tmp_path: Path, short: int) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"before")
    before = log_bytes(driver.directory)
    files.short_write = short
    with pytest.raises(OSError, match="full disk"):
        driver.append(b"lost" * 100, leader_epoch=9, producer_id=3, producer_epoch=0, base_sequence=0)
    files.short_write = None
    assert log_bytes(driver.directory) == before
    assert driver.log.log_end_offset == 1
    assert not driver.log.producer_state.entries
    assert driver.log.leader_epochs.latest_epoch == 0
    assert not driver.log.is_offline
    assert driver.append(b"after").base_offset == 1
    assert driver.values() == [b"before", b"after"]


def test_a_write_that_cannot_be_undone_takes_the_log_offline(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"before")
    files.short_write = 10
    files.fail_on("truncate")
    with pytest.raises(KafkaError) as caught:
        driver.append(b"lost")
    assert caught.value.code is ErrorCode.KAFKA_STORAGE_ERROR
    files.short_write = None
    files.heal()
    assert driver.log.is_offline
    for attempt in (lambda: driver.append(b"more"), lambda: driver.records(0), driver.log.flush):
        with pytest.raises(KafkaError) as caught:
            attempt()
        assert caught.value.code is ErrorCode.KAFKA_STORAGE_ERROR
    driver.reopen(clean=False)
    assert driver.values() == [b"before"]


@pytest.mark.parametrize("operation", ["create", "truncate", "write_file", "pwrite"])
def test_a_failed_roll_leaves_the_log_as_it_was(tmp_path: Path, operation: str) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=1000, index_interval_bytes=1), files)
    driver.append(b"x" * 300)
    driver.append(b"y" * 300)
    if operation == "truncate":
        (driver.directory / "00000000000000000002.index").write_bytes(b"what a crash has left")
    files.fail_on(operation, number=errno.ENOSPC)
    with pytest.raises(OSError, match="injected"):
        driver.append(b"z" * 600)
    files.heal()
    assert len(driver.log.segments) == 1
    assert driver.log.log_end_offset == 2
    assert driver.append(b"z" * 600).base_offset == 2
    assert len(driver.log.segments) == 2
    driver.reopen(clean=True)
    assert driver.values() == [b"x" * 300, b"y" * 300, b"z" * 600]


def test_a_failed_fsync_takes_the_log_offline(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"a")
    files.fail_on("fsync")
    with pytest.raises(OSError, match="fsync"):
        driver.log.flush()
    assert driver.log.is_offline
    assert driver.log.recovery_point == 0


@pytest.mark.parametrize("operation", ["pwrite", "write_file", "rename"])
def test_a_flush_that_a_full_disk_refuses_can_be_repeated(tmp_path: Path, operation: str) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(index_interval_bytes=1), files)
    for index in range(3):
        driver.append(b"%d" % index)
    files.fail_on(operation, number=errno.ENOSPC)
    with pytest.raises(OSError, match="injected"):
        driver.log.flush()
    assert not driver.log.is_offline
    assert driver.log.recovery_point == 0
    files.heal()
    driver.log.flush()
    assert driver.log.recovery_point == 3
    assert driver.append(b"3").base_offset == 3


def test_a_flush_syncs_what_is_new_and_moves_the_recovery_point(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=1000), files)
    for _ in range(3):
        driver.append(b"x" * 400)
    assert driver.log.has_rolled_since_flush
    driver.log.flush(up_to_offset=2)
    assert driver.log.recovery_point == 2
    assert not driver.log.has_rolled_since_flush
    driver.log.flush()
    assert driver.log.recovery_point == 3
    files.operations.clear()
    driver.log.flush()
    assert "fsync" not in files.operations


def test_a_log_that_was_only_opened_is_closed_without_a_write(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"a")
    driver.reopen(clean=True)
    files.operations.clear()
    driver.log.close()
    assert files.operations == []


def test_retention_by_size_deletes_the_oldest_segments(driver: LogDriver) -> None:
    for index in range(10):
        driver.append(b"%d" % index * 400)
    driver.log.config = topic_config(segment_bytes=1000, retention_bytes=2000, file_delete_delay_ms=50)
    assert driver.log.delete_old_segments(NOW_MS, high_watermark=10) == 2
    assert driver.log.log_start_offset == 4
    assert driver.values() == [b"%d" % index * 400 for index in range(4, 10)]
    assert len(list(driver.directory.glob("*.deleted"))) == 7
    assert driver.log.delete_expired_files(NOW_MS + 49) == 0
    assert driver.log.delete_expired_files(NOW_MS + 50) == 7
    assert list(driver.directory.glob("*.deleted")) == []
    driver.reopen(clean=True)
    assert driver.log.log_start_offset == 4


def test_an_expired_active_segment_is_rolled_and_deleted(driver: LogDriver) -> None:
    driver.append(b"old", timestamp_ms=1000)
    driver.log.config = topic_config(retention_ms=500)
    assert driver.log.delete_old_segments(1400, high_watermark=1) == 0
    assert driver.log.delete_old_segments(1501, high_watermark=1) == 1
    assert (driver.log.log_start_offset, driver.log.log_end_offset, len(driver.log.segments)) == (1, 1, 1)
    assert driver.append(b"new").base_offset == 1
    driver.reopen(clean=True)
    assert driver.values() == [b"new"]


def test_records_are_deleted_before_an_offset_and_segments_later(driver: LogDriver) -> None:
    for index in range(6):
        driver.append(b"%d" % index * 400, leader_epoch=index)
    assert driver.log.delete_records_before(3)
    assert not driver.log.delete_records_before(2)
    assert driver.log.log_start_offset == 3
    assert driver.log.leader_epochs.entries[0] == (3, 3)
    assert driver.log.delete_old_segments(NOW_MS, high_watermark=6) == 1
    assert len(driver.log.segments) == 2
    assert [record.offset for record in driver.records()] == [3, 4, 5]
    with pytest.raises(KafkaError) as caught:
        driver.log.delete_records_before(7)
    assert caught.value.code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_log_that_ends_before_its_start_begins_anew(driver: LogDriver) -> None:
    driver.append(b"a")
    driver.reopen(clean=True, log_start_offset=50)
    assert (driver.log.log_start_offset, driver.log.log_end_offset) == (50, 50)
    assert driver.append(b"b").base_offset == 50


def test_a_deleted_partition_leaves_under_another_name(driver: LogDriver) -> None:
    driver.append(b"a")
    renamed = driver.log.rename_for_deletion()
    assert not driver.directory.exists()
    assert renamed.name.startswith("t-3.")
    assert renamed.name.endswith("-delete")
    with pytest.raises(KafkaError):
        driver.append(b"b")


def test_a_closed_log_refuses_everything(driver: LogDriver) -> None:
    driver.log.close()
    with pytest.raises(KafkaError, match="closed"):
        driver.append(b"a")
    driver.log.close()


def test_few_descriptors_are_enough_for_many_segments(tmp_path: Path) -> None:
    config = topic_config(segment_bytes=200, index_interval_bytes=1)
    driver = LogDriver(tmp_path / "t-0", config, open_files_limit=2)
    values = [b"%02d" % index * 40 for index in range(30)]
    for value in values:
        driver.append(value)
    assert len(driver.log.segments) == 30
    assert driver.values() == values
    assert driver.reopen(clean=False).log_end_offset == 30
    assert driver.values() == values
