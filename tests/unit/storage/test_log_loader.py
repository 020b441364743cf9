"""From a directory to a log: what a clean stop spares, and what any other costs."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, LogDriver, topic_config

from ottla.storage.log_loader import LoadedLog, LogLoader
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.storage.recovery import UnusableLogError


@pytest.fixture
def driver(tmp_path: Path) -> LogDriver:
    """A closed log with segments at 0, 2, 4 and 6."""
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=500, index_interval_bytes=100))
    for index in range(8):
        driver.append(b"%d" % index * 150, leader_epoch=index // 3)
    driver.log.close()
    return driver


def load(
    driver: LogDriver, *, clean: bool, recovery_point: int = 0, log_start_offset: int = 0
) -> tuple[LoadedLog, FaultyFileSystem]:
    files = FaultyFileSystem()
    loader = LogLoader(OpenFiles(files, 50), driver.directory, 100, NOW_MS)
    loaded = loader.load(
        clean_shutdown=clean, recovery_point=recovery_point, log_start_offset=log_start_offset
    )
    return loaded, files


def test_after_a_clean_stop_only_the_last_segment_is_looked_into(driver: LogDriver) -> None:
    loaded, files = load(driver, clean=True)
    assert [segment.base_offset for segment in loaded.segments] == [0, 2, 4, 6]
    assert (loaded.log_start_offset, loaded.log_end_offset, loaded.recovery_point) == (0, 8, 8)
    assert not loaded.has_unsynced_names
    assert files.operations == ["open", "pread"], "a small active segment is walked through"
    assert not {"pwrite", "truncate", "write_file", "unlink"} & set(files.operations)


@pytest.mark.parametrize(
    ("recovery_point", "recovered"),
    [(0, [0, 2, 4, 6]), (3, [2, 4, 6]), (4, [4, 6]), (6, [6]), (8, [6]), (99, [6])],
)
def test_after_a_crash_segments_from_the_recovery_point_on_are_recovered(
    driver: LogDriver, recovery_point: int, recovered: list[int]
) -> None:
    for path in driver.directory.glob("*.index"):
        path.write_bytes(b"")
    loaded, _ = load(driver, clean=False, recovery_point=recovery_point)
    for segment in loaded.segments:
        segment.write_out()
    assert loaded.log_end_offset == 8
    assert loaded.recovery_point == min(recovery_point, 8)
    made = [int(path.stem) for path in sorted(driver.directory.glob("*.index")) if path.stat().st_size]
    assert made == recovered


def test_an_empty_directory_gets_a_segment_at_the_log_start(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config())
    for path in driver.directory.glob("0*"):
        path.unlink()
    loaded, _ = load(driver, clean=True, log_start_offset=33)
    assert (loaded.log_start_offset, loaded.log_end_offset) == (33, 33)
    assert loaded.has_unsynced_names
    assert (driver.directory / "00000000000000000033.log").exists()


def test_leader_epochs_stay_within_the_log(driver: LogDriver) -> None:
    (driver.directory / "leader-epoch-checkpoint").write_text("0\n5\n0 0\n1 3\n2 6\n3 8\n4 9\n")
    loaded, _ = load(driver, clean=True, log_start_offset=4)
    assert [tuple(entry) for entry in loaded.leader_epochs.entries] == [(1, 4), (2, 6)]


def test_a_damaged_epoch_checkpoint_is_made_again_from_the_log(driver: LogDriver) -> None:
    (driver.directory / "leader-epoch-checkpoint").write_text("rubbish")
    loaded, _ = load(driver, clean=False)
    assert [tuple(entry) for entry in loaded.leader_epochs.entries] == [(0, 0), (1, 3), (2, 6)]


def test_a_stop_that_was_not_as_clean_as_it_said_is_noticed(
    driver: LogDriver, caplog: pytest.LogCaptureFixture
) -> None:
    active = driver.directory / "00000000000000000006.log"
    active.write_bytes(active.read_bytes()[:-1])
    loaded, _ = load(driver, clean=True)
    assert loaded.log_end_offset == 7
    assert "Truncated" in caplog.text


def test_damage_in_what_was_trusted_is_for_somebody_to_look_at(driver: LogDriver) -> None:
    for path in driver.directory.glob("*.snapshot"):
        path.unlink()
    (driver.directory / "00000000000000000001.snapshot").write_bytes(b"unreadable")
    first = driver.directory / "00000000000000000000.log"
    first.write_bytes(b"\xff" * len(first.read_bytes()))
    before = {path.name: path.read_bytes() for path in driver.directory.glob("*.log")}
    with pytest.raises(UnusableLogError, match="t-0 is damaged below its recovery point"):
        PartitionLog.open(
            driver.open_files,
            driver.directory,
            driver.config,
            clean_shutdown=True,
            recovery_point=8,
            log_start_offset=0,
            now_ms=NOW_MS,
        )
    assert {path.name: path.read_bytes() for path in driver.directory.glob("*.log")} == before
