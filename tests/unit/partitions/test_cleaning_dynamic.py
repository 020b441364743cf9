"""The cleaner's own options while it works: what waits and what runs goes by the new ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.compacting import fetch_all
from tests.support.partitions import DataDirectory

from ottla.partitions.cleaning_job import CleaningJob

BACKOFF_MS = 15_000
MIB = 1024 * 1024


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.helpers.is_holding = True
    return directory


def make_dirty(broker: DataDirectory, *topics: str) -> None:
    """Give compacted topics a finished segment with an old record in it."""
    for topic in topics:
        broker.create_topic(topic, cleanup_policy="compact", min_cleanable_dirty_ratio="0.1")
        broker.append(topic, b"old")
        broker.append(topic, b"new")
        broker.partition(topic).run_on_log(lambda log: log.roll(broker.loop.now_ms()))
        broker.append(topic, b"next")
    broker.loop.turn()


def wait(broker: DataDirectory, duration_ms: int = BACKOFF_MS) -> None:
    broker.loop.advance(duration_ms)
    broker.loop.turn()


def jobs(broker: DataDirectory) -> list[CleaningJob]:
    """Return what helper processes are asked for now."""
    return [request for _, request, _ in broker.helpers.held]


def test_a_shorter_backoff_holds_for_what_waits_already(broker: DataDirectory) -> None:
    make_dirty(broker, "t")
    broker.configure_broker("log.cleaner.backoff.ms", "10")
    wait(broker, 9)
    assert jobs(broker) == []
    wait(broker, 1)
    assert len(jobs(broker)) == 1


def test_more_threads_clean_more_logs_at_once(broker: DataDirectory) -> None:
    make_dirty(broker, "t", "u", "v")
    wait(broker)
    assert len(jobs(broker)) == 1
    broker.configure_broker("log.cleaner.threads", "2")
    broker.loop.turn()
    assert len(jobs(broker)) == 2
    assert broker.helpers.limit == 2
    broker.configure_broker("log.cleaner.threads", None)
    broker.loop.turn()
    assert len(jobs(broker)) == 1
    assert broker.helpers.limit == 1


@pytest.mark.parametrize(
    ("option", "text", "before", "after"),
    [
        ("log.cleaner.io.max.bytes.per.second", "1000000", 1.7976931348623157e308, 1e6),
        ("log.cleaner.dedupe.buffer.size", str(2 * MIB), 128 * MIB, 2 * MIB),
        ("log.cleaner.io.buffer.load.factor", "0.5", 0.9, 0.5),
        ("log.cleaner.io.buffer.size", str(MIB), 256 * 1024, 512 * 1024),
    ],
)
def test_a_cleaning_that_runs_begins_again_with_what_helpers_are_told(
    broker: DataDirectory,
    option: str,
    text: str,
    before: float,
    after: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def told() -> set[float]:
        (job,) = jobs(broker)
        request = job.request
        return {
            job.max_bytes_per_second,
            request.dedupe_buffer_bytes,
            request.dedupe_load_factor,
            request.read_bytes,
        }

    make_dirty(broker, "t")
    wait(broker)
    assert before in told()
    broker.configure_broker(option, text)
    broker.loop.turn()
    assert after in told()
    assert before not in told()
    broker.helpers.release()
    broker.loop.turn()
    assert [record.offset for record in fetch_all(broker.partition("t").log)] == [1, 2]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_options_of_topics_leave_what_runs_alone(broker: DataDirectory) -> None:
    make_dirty(broker, "t")
    wait(broker)
    (running,) = broker.helpers.held
    broker.configure_broker("log.cleaner.delete.retention.ms", "5")
    broker.configure_broker("log.cleaner.backoff.ms", "5")
    broker.loop.turn()
    assert broker.helpers.held == [running]
