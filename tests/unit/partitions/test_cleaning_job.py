from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.compacting import append, keyed_driver
from tests.support.logs import NOW_MS

from ottla.config.broker import embedded_broker_config
from ottla.partitions import cleaning_job
from ottla.partitions.cleanable import dirty_section
from ottla.partitions.cleaning_job import Pacer, clean_log, prepare
from ottla.storage.compaction import producers_path
from ottla.storage.files import FileSystem
from ottla.storage.producer_state import decode_snapshot


class Pauses:
    """A clock that moves only by the pauses that somebody makes."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.made: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.made.append(duration_s)
        self.now_s += duration_s


def test_the_pace_is_that_of_the_average(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = Pauses()
    monkeypatch.setattr(cleaning_job, "time", pauses)
    pace = Pacer(1000.0)
    pace(500)
    pauses.now_s += 2
    pace(500)
    pace(1500)
    assert pauses.made == [0.5]
    pace(1_000_000)
    assert pauses.made == [0.5, cleaning_job.LONGEST_PAUSE_S]


def test_without_a_limit_there_is_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = Pauses()
    monkeypatch.setattr(cleaning_job, "time", pauses)
    pace = Pacer(embedded_broker_config({}).log_cleaner_io_max_bytes_per_second)
    pace(1 << 40)
    assert pauses.made == []


def test_the_configured_memory_is_shared_by_the_processes(tmp_path: Path) -> None:
    driver = keyed_driver(tmp_path / "t-0")
    for sequence in range(20):
        append(driver, (b"a", b"value"), producer_id=5, producer_epoch=0, base_sequence=sequence)
    driver.log.roll(NOW_MS)
    config = embedded_broker_config(
        {
            "log.cleaner.threads": "2",
            "log.cleaner.dedupe.buffer.size": "4000000",
            "log.cleaner.io.buffer.size": "80000",
            "log.cleaner.io.buffer.load.factor": "0.8",
        }
    )
    section = dirty_section(
        driver.log.segments, driver.config, first_dirty_offset=0, last_stable_offset=20, now_ms=NOW_MS
    )
    job = prepare(config, FileSystem(), driver.log, section, NOW_MS)
    assert (job.request.dedupe_buffer_bytes, job.request.read_bytes) == (2_000_000, 20_000)
    assert job.request.dedupe_load_factor == 0.8
    path = producers_path(driver.directory, 20)
    assert [each.last_sequence for each in decode_snapshot(path.read_bytes())] == [19]
    result = clean_log(job)
    assert result is not None
    assert (result.records_read, result.records_kept, result.next_dirty_offset) == (20, 1, 20)
