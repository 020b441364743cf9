"""What was refused is cut off before the log is opened anew, and nothing else."""

from pathlib import Path

import pytest
from tests.support.logs import LogDriver, topic_config

from ottla.storage.files import FileSystem
from ottla.storage.taking_back import take_back


@pytest.fixture
def driver(tmp_path: Path) -> LogDriver:
    return LogDriver(tmp_path / "t-0", topic_config(), FileSystem())


def size_after_taking_back(driver: LogDriver, offset: int) -> int:
    directory = driver.log.directory
    take_back(FileSystem(), directory, 0, offset)
    return (directory / f"{0:020}.log").stat().st_size


def test_the_batches_from_an_offset_on_go(driver: LogDriver) -> None:
    driver.append(b"a")
    kept_bytes = driver.log.size_bytes
    driver.append(b"b", b"c")
    driver.append(b"d")
    assert size_after_taking_back(driver, 1) == kept_bytes


def test_a_log_that_ends_there_stays_as_it_is(driver: LogDriver) -> None:
    driver.append(b"a")
    assert size_after_taking_back(driver, 1) == driver.log.size_bytes


def test_a_torn_end_is_left_to_the_recovery(driver: LogDriver) -> None:
    driver.append(b"a")
    with (driver.log.directory / f"{0:020}.log").open("ab") as file:
        file.write(b"torn")
    assert size_after_taking_back(driver, 1) == driver.log.size_bytes + 4
