"""What happens from time to time, and that nothing happens while the broker rests."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem, is_below
from tests.support.partitions import DataDirectory

from ottla.partitions import housekeeping

RETENTION_CHECK_MS = 300_000
INITIAL_DELAY_MS = 30_000


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.loop.advance(INITIAL_DELAY_MS)
    return directory


def checkpoint(broker: DataDirectory, name: str) -> str:
    path = broker.path / f"{name}-offset-checkpoint"
    return path.read_text() if path.exists() else ""


def files(broker: DataDirectory, suffix: str = ".log") -> list[str]:
    return sorted(path.name for path in (broker.path / "t-0").glob(f"*{suffix}"))


def test_a_resting_broker_has_two_long_timers(broker: DataDirectory) -> None:
    assert broker.loop.pending == [RETENTION_CHECK_MS, 600_000]
    broker.create_topic("t")
    assert broker.loop.pending == [RETENTION_CHECK_MS, 600_000]


def test_checkpoints_are_written_after_appends_and_then_there_is_rest(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b")
    broker.append("t", b"c")
    broker.loop.advance(4_999)
    assert checkpoint(broker, "replication") == ""
    broker.loop.advance(1)
    assert checkpoint(broker, "replication") == "0\n1\nt 0 3\n"
    assert checkpoint(broker, "recovery-point") == ""
    broker.loop.advance(55_000)
    assert checkpoint(broker, "recovery-point") == "0\n1\nt 0 0\n"
    assert checkpoint(broker, "log-start") == "0\n0\n"
    assert len(broker.loop.pending) == 2


def test_a_finished_segment_is_flushed(broker: DataDirectory) -> None:
    broker.create_topic("t")
    partition = broker.partition("t")
    broker.append("t", b"a", b"b")
    partition.run_on_log(lambda log: log.roll(broker.loop.now_ms()))
    assert partition.log.recovery_point == 0
    broker.append("t", b"c")
    assert partition.log.recovery_point == 2


def test_flush_ms_bounds_how_long_records_stay_off_the_disk(broker: DataDirectory) -> None:
    broker.create_topic("t", flush_ms="1000")
    partition = broker.partition("t")
    broker.append("t", b"a")
    broker.loop.advance(999)
    broker.append("t", b"b")
    assert partition.log.recovery_point == 0
    broker.loop.advance(1)
    assert partition.log.recovery_point == 2


def test_old_segments_are_taken_out_and_their_files_removed_later(broker: DataDirectory) -> None:
    broker.create_topic("t", retention_ms="10000", file_delete_delay_ms="1000")
    partition = broker.partition("t")
    broker.append("t", b"a")
    partition.run_on_log(lambda log: log.roll(broker.loop.now_ms()))
    broker.loop.advance(RETENTION_CHECK_MS - 5_000)
    broker.append("t", b"b")
    broker.loop.advance(5_000)
    assert partition.log_start_offset == 1
    assert files(broker) == ["00000000000000000001.log"]
    assert len(files(broker, ".deleted")) >= 1
    broker.loop.advance(1_000)
    assert files(broker, ".deleted") == []


def test_a_new_log_start_reaches_its_checkpoint(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b")
    broker.partition("t").delete_records_before(1)
    broker.loop.advance(60_000)
    assert checkpoint(broker, "log-start") == "0\n1\nt 0 1\n"


def test_a_new_log_start_reaches_its_checkpoint_also_where_nothing_was_appended_since_the_start(
    broker: DataDirectory,
) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b")
    broker.restart()
    broker.partition("t").delete_records_before(1)
    broker.loop.advance(60_000)
    broker.crash()
    assert broker.partition("t").log_start_offset == 1


def test_offsets_go_on_after_everything_has_expired_and_a_crash(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    broker = DataDirectory(tmp_path, files=files)
    broker.create_topic("t", retention_ms="1000", file_delete_delay_ms="1000")
    broker.append("t", b"a", b"b")
    done: list[str] = []
    files.watch = lambda name, path: done.append(name) if is_below(path, "t-0") else None
    broker.loop.advance(INITIAL_DELAY_MS)
    assert broker.partition("t").log_start_offset == 2
    broker.loop.advance(1000)
    # The name of the empty segment, which alone knows the next offset, is on the disk before the others go.
    assert done.index("rename_lazily") < done.index("sync_directory") < done.index("unlink")
    broker.crash()
    assert broker.append("t", b"c").base_offset == 2


def test_many_partitions_are_looked_at_in_several_turns(
    broker: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "PARTITIONS_PER_TURN", 2)
    broker.create_topic("t", 5, retention_ms="1")
    for index in range(5):
        broker.append("t", b"a", index=index)
    broker.loop.advance(RETENTION_CHECK_MS)
    starts = [broker.partition("t", index).log_start_offset for index in range(5)]
    assert starts == [1, 1, 0, 0, 0]
    broker.loop.turn()
    assert [broker.partition("t", index).log_start_offset for index in range(5)] == [1] * 5


def test_producers_are_forgotten_in_time(tmp_path: Path) -> None:
    broker = DataDirectory(tmp_path, {"producer.id.expiration.ms": "1000"})
    broker.create_topic("t")
    broker.append("t", b"a", producer_id=5, producer_epoch=0, base_sequence=0)
    state = broker.partition("t").log.producer_state
    assert list(state.entries) == [5]
    broker.loop.advance(INITIAL_DELAY_MS)
    assert list(state.entries) == []


def test_nothing_is_done_after_the_close(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a")
    broker.housekeeping.close()
    assert broker.loop.pending == []
    broker.append("t", b"b")
    assert broker.loop.pending == []


def test_a_delay_of_centuries_is_waited_for_in_days(broker: DataDirectory) -> None:
    broker.create_topic("t", flush_ms=str(3 * housekeeping.LONGEST_DELAY_MS))
    partition = broker.partition("t")
    broker.append("t", b"a")
    broker.loop.advance(3 * housekeeping.LONGEST_DELAY_MS - 1)
    assert partition.log.recovery_point == 0
    broker.loop.advance(1)
    assert partition.log.recovery_point == 1
