"""What a flush has promised is there after a loss of power, down to names, indexes and producers."""

from pathlib import Path
from random import Random

from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, LogDriver, topic_config

from ottla.storage.files import FileSystem
from ottla.storage.flushing import unsynced_segments


def driver_on(root: Path, **config: object) -> tuple[LogDriver, RecordingFileSystem]:
    """Return a log whose every change is known."""
    root.mkdir()
    files = RecordingFileSystem(root)
    return LogDriver(root / "t-0", topic_config(**config), files), files


def after_power_loss(driver: LogDriver, files: RecordingFileSystem, *, clean: bool = False) -> None:
    """Have the driver open what the disk holds of the log once all that was not synced is lost."""
    CrashDisk(files).to_end().lay_out(files.root, Ending.LOSS, Random())
    driver.files = FileSystem()
    recovery_point = driver.log.recovery_point
    if clean:
        driver.log.close()  # closed before, so that this does nothing
    driver.log = driver.log.open(
        driver.open_files,
        driver.directory,
        driver.config,
        clean_shutdown=clean,
        recovery_point=recovery_point,
        log_start_offset=0,
        now_ms=NOW_MS,
    )


def test_the_directory_of_a_new_partition_is_there(tmp_path: Path) -> None:
    driver, files = driver_on(tmp_path / "disk")
    driver.append(b"a")
    driver.log.flush()
    after_power_loss(driver, files)
    assert driver.values() == [b"a"]


def test_indexes_that_a_roll_completes_are_flushed_with_the_next_segment(tmp_path: Path) -> None:
    driver, files = driver_on(tmp_path / "disk", segment_bytes=500)
    driver.append(b"a" * 300, timestamp_ms=NOW_MS)
    driver.log.flush()
    driver.append(b"b" * 300, timestamp_ms=NOW_MS + 5)
    first, second = driver.log._view.segments
    assert unsynced_segments(driver.log._view, driver.log.recovery_point, 2) == [first, second]
    driver.log.flush()
    assert unsynced_segments(driver.log._view, driver.log.recovery_point, 2) == []
    after_power_loss(driver, files)
    found = driver.log.offset_for_timestamp(NOW_MS)
    assert found is not None
    assert found.offset == 0


def test_indexes_that_a_roll_has_completed_in_vain_are_completed_again(tmp_path: Path) -> None:
    driver, files = driver_on(tmp_path / "disk", segment_bytes=500)
    driver.append(b"a" * 300, timestamp_ms=NOW_MS)
    driver.log.flush()
    driver.append(b"b" * 300, timestamp_ms=NOW_MS + 5)
    files.sync_directory(driver.directory)
    after_power_loss(driver, files)
    assert len(driver.log.segments) == 2
    found = driver.log.offset_for_timestamp(NOW_MS)
    assert found is not None
    assert found.offset == 0


def test_the_name_of_the_directory_is_synced_once(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    synced: list[Path] = []
    files.watch = lambda name, path: synced.append(path) if name == "sync_directory" else None
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=500), files)
    for _ in range(3):
        driver.append(b"a" * 300)
        driver.log.flush()
    assert len(driver.log.segments) == 3
    assert synced.count(tmp_path) == 1


def test_producers_are_known_after_a_clean_stop(tmp_path: Path) -> None:
    driver, files = driver_on(tmp_path / "disk")
    driver.append(b"a", producer_id=3, producer_epoch=0, base_sequence=0)
    driver.log.close()
    after_power_loss(driver, files, clean=True)
    assert driver.log.producer_state.entries[3].last_sequence == 0


def test_a_log_without_changes_has_nothing_to_flush(tmp_path: Path) -> None:
    driver, _ = driver_on(tmp_path / "disk")
    driver.append(b"a")
    driver.reopen(clean=True)
    assert unsynced_segments(driver.log._view, driver.log.recovery_point, 1) == []
