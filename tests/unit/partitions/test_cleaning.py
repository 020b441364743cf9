"""What the cleaner does and when, with jobs done in this process: in the end the real one is asked, in tests/system."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from tests.support.compacting import batches_in, fetch_all, latest_by_key
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import DataDirectory

from ottla.completion import Completion
from ottla.processes.helper_processes import HelperError
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin

BACKOFF_MS = 15_000
INITIAL_DELAY_MS = 30_000
VALUE = b"value" * 10
COMPACTED = {"cleanup_policy": "compact", "min_cleanable_dirty_ratio": "0.1"}


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.loop.advance(INITIAL_DELAY_MS)
    return directory


def put(broker: DataDirectory, topic: str, *keys: str, value: bytes | None = VALUE) -> None:
    for key in keys:
        batch = build_batch([NewRecord(key.encode(), value)], now_ms=broker.loop.now_ms())
        appending = broker.partition(topic).append(
            batch, origin=AppendOrigin.CLIENT, now_ms=broker.loop.now_ms()
        )
        appending.result()


def roll(broker: DataDirectory, topic: str, key: str = "last") -> None:
    """Finish the active segment and append to the next one, as an append does that does not fit."""
    broker.partition(topic).run_on_log(lambda log: log.roll(broker.loop.now_ms()))
    put(broker, topic, key)
    broker.loop.turn()


def wait(broker: DataDirectory, duration_ms: int = BACKOFF_MS) -> None:
    broker.loop.turn()
    broker.loop.advance(duration_ms)
    broker.loop.turn()


def offsets(broker: DataDirectory, topic: str) -> list[int]:
    return [record.offset for record in fetch_all(broker.partition(topic).log)]


def names(broker: DataDirectory, topic: str, pattern: str) -> list[str]:
    return sorted(path.name.lstrip("0") for path in (broker.path / f"{topic}-0").glob(pattern))


def checkpoint(broker: DataDirectory) -> str:
    path = broker.path / "cleaner-offset-checkpoint"
    return path.read_text() if path.exists() else ""


def test_a_finished_segment_is_cleaned_after_the_backoff(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "b", "a", "a")
    roll(broker, "t")
    wait(broker, BACKOFF_MS - 1)
    assert offsets(broker, "t") == [0, 1, 2, 3, 4]
    wait(broker, 1)
    assert offsets(broker, "t") == [1, 3, 4]
    assert checkpoint(broker) == "0\n1\nt 0 4\n"
    assert names(broker, "t", "*.cleaned") == names(broker, "t", "*.swap") == []
    assert names(broker, "t", "*.log.deleted") == [".log.deleted"]
    wait(broker, 60_000)
    assert names(broker, "t", "*.deleted") == []


def test_nothing_ticks_while_there_is_nothing_to_clean(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    resting = len(broker.loop.pending)
    put(broker, "t", "a", "a")
    wait(broker, 60_000)  # the checkpoints that an append makes due
    assert len(broker.loop.pending) == resting
    roll(broker, "t")
    wait(broker, 120_000)
    assert offsets(broker, "t") == [1, 2]
    assert len(broker.loop.pending) == resting
    assert broker.helpers.done == 1


def test_what_is_already_clean_is_not_cleaned_again_after_a_restart(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker)
    broker.restart()
    assert broker.partition("t").cleaned_offset == 2
    wait(broker)
    assert broker.helpers.done == 0


def test_a_start_looks_at_what_an_earlier_run_has_left_dirty(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    broker.restart()
    wait(broker)
    assert offsets(broker, "t") == [1, 2]


def test_the_ratio_must_be_exceeded(broker: DataDirectory) -> None:
    broker.create_topic("t", cleanup_policy="compact", min_cleanable_dirty_ratio="0.5")
    put(broker, "t", "a", "b", "c", "d")
    roll(broker, "t", "e")
    wait(broker)
    put(broker, "t", "f", "g", "h")
    roll(broker, "t", "i")  # as many bytes are dirty as are clean
    wait(broker)
    assert broker.helpers.done == 1
    put(broker, "t", "a")
    roll(broker, "t", "j")
    wait(broker)
    assert broker.helpers.done == 2
    assert offsets(broker, "t") == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_the_dirtiest_log_comes_first_and_one_at_a_time(broker: DataDirectory) -> None:
    broker.helpers.is_holding = True
    for topic, count in (("less", 1), ("most", 9), ("none", 0)):
        broker.create_topic(topic, **COMPACTED)
        broker.partition(topic).cleaned_offset = 5
        put(broker, topic, "a", "b", "c", "d", "e")
        roll(broker, topic)
        put(broker, topic, *["x"] * count)
        roll(broker, topic)
    broker.configure_topic("none", "min.cleanable.dirty.ratio", "0.9")
    wait(broker)
    seen = []
    for _ in range(2):
        (held,) = broker.helpers.held
        seen.append(held[1].request.directory.name)
        broker.helpers.release()
        broker.loop.turn()
    assert seen == ["most-0", "less-0"]
    assert broker.helpers.held == []


def test_young_records_wait_for_their_lag(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED, min_compaction_lag_ms="100000")
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker, 99_000)
    assert offsets(broker, "t") == [0, 1, 2]
    wait(broker, 1_000)
    assert offsets(broker, "t") == [1, 2]


def test_records_that_have_waited_too_long_do_not_wait_for_the_ratio(broker: DataDirectory) -> None:
    broker.create_topic(
        "t", cleanup_policy="compact", min_cleanable_dirty_ratio="1", max_compaction_lag_ms="100000"
    )
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker, 99_000)
    assert offsets(broker, "t") == [0, 1, 2]
    wait(broker, 1_001)
    assert offsets(broker, "t") == [1, 2]


def test_a_topic_that_becomes_compacted_is_cleaned(broker: DataDirectory) -> None:
    broker.create_topic("t", min_cleanable_dirty_ratio="0.1")
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker)
    assert broker.helpers.done == 0
    broker.configure_topic("t", "cleanup.policy", "compact")
    wait(broker)
    assert offsets(broker, "t") == [1, 2]


def test_a_topic_that_is_no_longer_compacted_keeps_what_it_has(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    broker.helpers.is_holding = True
    wait(broker)
    broker.configure_topic("t", "cleanup.policy", "delete")
    broker.helpers.release()
    broker.loop.turn()
    assert offsets(broker, "t") == [0, 1, 2]
    assert names(broker, "t", "*.cleaned") == []
    assert checkpoint(broker) == ""


def test_appends_rolls_and_deleted_records_beside_a_cleaning(broker: DataDirectory) -> None:
    broker.create_topic("t", cleanup_policy="compact,delete", min_cleanable_dirty_ratio="0.1")
    put(broker, "t", "a", "b", "a")
    roll(broker, "t", "b")
    broker.helpers.is_holding = True
    wait(broker)
    roll(broker, "t", "c")
    roll(broker, "t", "c")
    broker.partition("t").delete_records_before(2).result()
    wait(broker, 300_000)  # retention leaves the segments alone that are being read
    assert names(broker, "t", "*.deleted") == []
    broker.helpers.release()
    broker.loop.turn()
    assert offsets(broker, "t")[-2:] == [4, 5]
    assert latest_by_key(fetch_all(broker.partition("t").log)).keys() == {b"a", b"b", b"c"}
    broker.helpers.is_holding = False


def test_the_topic_goes_while_it_is_cleaned(broker: DataDirectory, caplog: pytest.LogCaptureFixture) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    broker.helpers.is_holding = True
    wait(broker)
    broker.delete_topic("t")
    assert broker.helpers.held == []
    broker.create_topic("t", number=1, **COMPACTED)
    broker.loop.turn()
    assert broker.partition("t").cleaned_offset is None
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_checkpoint_says_nothing_of_a_deleted_topic(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker)
    broker.delete_topic("t")
    assert checkpoint(broker) == "0\n0\n"


def test_a_checkpoint_beyond_the_log_is_not_believed(
    broker: DataDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    broker.partition("t").cleaned_offset = 99
    wait(broker)
    assert offsets(broker, "t") == [1, 2]
    assert "Resetting first dirty offset of t-0 to log start offset 0" in caplog.text


def test_without_the_cleaner_compacted_logs_keep_everything(tmp_path: Path) -> None:
    broker = DataDirectory(tmp_path, {"log.cleaner.enable": "false"})
    broker.create_topic(
        "t", cleanup_policy="compact,delete", retention_ms="1", min_cleanable_dirty_ratio="0.1"
    )
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker, 600_000)
    assert offsets(broker, "t") == [0, 1, 2]
    assert broker.helpers.done == 0


def test_retention_applies_to_compacted_logs_too(broker: DataDirectory) -> None:
    broker.create_topic(
        "t", cleanup_policy="compact,delete", retention_ms="200000", min_cleanable_dirty_ratio="0.1"
    )
    put(broker, "t", "a", "a")
    roll(broker, "t")
    wait(broker)
    assert offsets(broker, "t") == [1, 2]
    wait(broker, 300_000)
    assert offsets(broker, "t") == []
    assert broker.partition("t").log_start_offset == 3


def test_a_failure_is_told_once_and_loses_nothing(
    broker: DataDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")

    def fail(job: Any, request: Any) -> Completion[Any]:
        (request.request.directory / f"{0:020d}.log.cleaned").write_bytes(b"half")
        return Completion.failed(HelperError("it has died"))

    broker.helpers.run = fail  # type: ignore[method-assign]
    wait(broker)
    roll(broker, "t")
    wait(broker)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.message == (
        "Cleaning t-0 failed, and it is not cleaned again before the next start: it has died"
    )
    assert offsets(broker, "t") == [0, 1, 2, 3]
    assert names(broker, "t", "*.cleaned") == []
    broker.restart()
    wait(broker)
    assert offsets(broker, "t") == [1, 2, 3]


def test_a_full_disk_puts_the_cleaning_off(
    broker: DataDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    files = FaultyFileSystem()

    def before(operation: str) -> None:
        if operation == "pwrite":
            raise OSError(errno.ENOSPC, "No space left on device")

    files.before = before
    monkeypatch.setattr("ottla.partitions.cleaning_job.FileSystem", lambda: files)
    wait(broker)
    assert offsets(broker, "t") == [0, 1, 2]
    assert "There is no room to clean t-0" in caplog.text
    assert names(broker, "t", "*.cleaned") == []
    monkeypatch.undo()
    roll(broker, "t")
    wait(broker)
    assert offsets(broker, "t") == [1, 2, 3]


def test_tombstones_go_in_two_cleanings(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED, delete_retention_ms="0")
    put(broker, "t", "a", "b")
    put(broker, "t", "a", value=None)
    roll(broker, "t", "c")
    wait(broker)
    assert offsets(broker, "t") == [1, 2, 3]
    roll(broker, "t", "d")
    wait(broker)
    assert offsets(broker, "t") == [1, 3, 4]
    assert all(not batch.header.is_control for batch in batches_in(broker.path / "t-0"))


def test_who_reads_a_replaced_segment_reads_on(broker: DataDirectory) -> None:
    broker.create_topic("t", **COMPACTED)
    put(broker, "t", "a", "a")
    roll(broker, "t")
    log = broker.partition("t").log
    found = log.read(0, 10_000, upper_bound=3, must_return_a_batch=True)
    assert found is not None
    before = found.read()
    wait(broker, BACKOFF_MS + 60_000)
    assert offsets(broker, "t") == [1, 2]
    assert found.read() == before
    found.release()


def test_logs_are_judged_in_portions(broker: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ottla.partitions.cleaning.LOOKS_PER_TURN", 2)
    for number in range(5):
        broker.create_topic(f"t{number}", **COMPACTED)
        put(broker, f"t{number}", "a", "a")
        roll(broker, f"t{number}")
    broker.loop.advance(BACKOFF_MS)
    assert broker.helpers.done == 0
    wait(broker)
    assert broker.helpers.done == 5
