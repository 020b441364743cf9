"""A recovery beside the broker: the same files, and the same log once it is loaded."""

import pickle
import shutil
from pathlib import Path

import pytest
from tests.support.logs import NOW_MS, LogDriver, topic_config
from tests.support.quick_files import QuickFileSystem

from ottla.storage import log_recovery
from ottla.storage.files import FileSystem
from ottla.storage.log_loader import MuchToRecoverError, RecoveredLog
from ottla.storage.log_recovery import LoadRequest, bytes_to_recover, load_log, recover_log, recover_over
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import DEFAULT_PRODUCER_ID_EXPIRATION_MS, PartitionLog
from ottla.storage.partition_metadata import topic_partition_of
from ottla.storage.producer_state import ProducerEntry
from ottla.storage.recovery import UnusableLogError

CONFIG = topic_config(segment_bytes=500, index_interval_bytes=100)


@pytest.fixture
def stopped(tmp_path: Path) -> LogDriver:
    """A log of several segments, epochs and producers that nobody closed; it was flushed up to offset 4."""
    driver = LogDriver(tmp_path / "source" / "t-0", CONFIG, QuickFileSystem())
    for index in range(12):
        if index == 4:
            driver.log.flush()
        driver.append(
            b"%d" % index * 90,
            producer_id=index % 2,
            producer_epoch=0,
            base_sequence=index // 2,
            leader_epoch=index // 3,
            timestamp_ms=NOW_MS + (index * 7) % 10,
        )
    return driver


def request_for(
    directory: Path, recovery_point: int = 4, log_start_offset: int = 0, now_ms: int = NOW_MS
) -> LoadRequest:
    return LoadRequest(
        topic_partition=topic_partition_of(directory),
        directory=directory,
        index_interval_bytes=CONFIG.index_interval_bytes,
        clean_shutdown=False,
        recovery_point=recovery_point,
        log_start_offset=log_start_offset,
        now_ms=now_ms,
        producer_id_expiration_ms=DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    )


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def open_files() -> OpenFiles:
    return OpenFiles(QuickFileSystem(), 50)


def state_of(log: PartitionLog) -> dict[str, object]:
    """Everything of an open log that later depends on."""
    segments = log._view.segments
    return {
        "offsets": (log.log_start_offset, log.log_end_offset, log.recovery_point),
        "segments": [(segment.base_offset, segment.size_bytes) for segment in segments],
        "unsynced": [segment.base_offset for segment in segments if segment.is_unsynced],
        "has unsynced epochs": log.leader_epochs._is_dirty,
        "epochs": log.leader_epochs.entries,
        "rolled": log.has_rolled_since_flush,
        "directory": log._directory_needs_sync,
    }


def damage_nothing(directory: Path) -> None:
    """Leave it as it is."""


def cut(directory: Path) -> None:
    active = max(directory.glob("*.log"))
    active.write_bytes(active.read_bytes()[:-7])


def flip_in_the_middle(directory: Path) -> None:
    """Damage a segment that has others behind it, which have to go."""
    path = sorted(directory.glob("*.log"))[-2]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def lose_what_follows_from_the_log(directory: Path) -> None:
    for suffix in ("index", "snapshot", "leader-epoch-checkpoint"):
        for path in directory.glob(f"*{suffix}"):
            path.unlink()


def spoil_what_follows_from_the_log(directory: Path) -> None:
    for suffix in ("index", "snapshot", "leader-epoch-checkpoint"):
        for path in directory.glob(f"*{suffix}"):
            path.write_bytes(b"garbage" * 30)


def empty_everything(directory: Path) -> None:
    for path in directory.glob("0*"):
        path.unlink()


def leave_files_behind(directory: Path) -> None:
    first = min(directory.glob("*.log"))
    for suffix in (".deleted", ".cleaned"):
        shutil.copy(first, first.with_name(first.name + suffix))


DAMAGES = [
    damage_nothing,
    cut,
    flip_in_the_middle,
    lose_what_follows_from_the_log,
    spoil_what_follows_from_the_log,
    empty_everything,
    leave_files_behind,
]


@pytest.mark.parametrize("idle_ms", [0, 2 * DEFAULT_PRODUCER_ID_EXPIRATION_MS])
@pytest.mark.parametrize("log_start_offset", [0, 5, 40])
@pytest.mark.parametrize("recovery_point", [0, 4, 12, 99])
@pytest.mark.parametrize("damage", DAMAGES)
def test_both_ways_leave_the_same_files_and_the_same_log(
    stopped: LogDriver, damage: object, recovery_point: int, log_start_offset: int, idle_ms: int
) -> None:
    assert callable(damage)
    damage(stopped.directory)
    logs = []
    for name in ("here", "beside"):
        directory = stopped.directory.parent.parent / name / "t-0"
        shutil.copytree(stopped.directory, directory)
        request = request_for(directory, recovery_point, log_start_offset, NOW_MS + idle_ms)
        recovered = None
        if name == "beside":
            recovered = pickle.loads(pickle.dumps(recover_over(QuickFileSystem(), request)))
            left_beside = files_of(directory)
        logs.append(PartitionLog.load(open_files(), CONFIG, request, topic_id=None, recovered=recovered))
    here, beside = logs
    for segment in here.segments:
        segment.write_out()
    assert left_beside == files_of(here.directory)
    assert state_of(beside) == state_of(here)
    assert beside._snapshots._unsynced >= here._snapshots._unsynced
    # Who has expired may be known until the next sweep; nobody else is forgotten or added.
    known, expected = dict(beside.producer_state.entries), dict(here.producer_state.entries)
    assert known == expected if idle_ms == 0 else expected.items() <= known.items()
    for log in logs:
        log.flush()
        log.delete_expired_files(NOW_MS + idle_ms + CONFIG.file_delete_delay_ms)
    assert files_of(beside.directory) == files_of(here.directory)
    assert state_of(beside) == state_of(here)
    for log in logs:
        log.close()
    assert files_of(beside.directory) == files_of(here.directory)


def test_a_recovered_log_is_loaded_without_reading_it_again(stopped: LogDriver) -> None:
    """What is read is what a clean stop leaves to read: the damage here would be noticed otherwise."""
    request = request_for(stopped.directory, recovery_point=0)
    recovered = recover_log(request)
    first = min(stopped.directory.glob("*.log"))
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)
    loaded, state = load_log(open_files(), request, recovered)
    assert (loaded.log_end_offset, len(loaded.segments)) == (12, recovered.segment_count)
    assert [len(entry.batches) for entry in state.entries.values()] == [5, 5]


def test_damage_in_what_was_trusted_is_told(stopped: LogDriver) -> None:
    for path in stopped.directory.glob("*.snapshot"):
        path.unlink()
    first = min(stopped.directory.glob("*.log"))
    first.write_bytes(b"\xff" * first.stat().st_size)
    with pytest.raises(UnusableLogError, match="t-0 is damaged below its recovery point"):
        recover_log(request_for(stopped.directory, recovery_point=12))


def test_the_producers_that_are_told_are_few_and_those_who_wrote_last(
    stopped: LogDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_recovery, "TOLD_PRODUCERS", 1)
    stopped.append(b"once", producer_id=5, producer_epoch=0, base_sequence=0)
    recovered = recover_log(request_for(stopped.directory))
    assert {key: len(entry.batches) for key, entry in recovered.producers.items()} == {1: 5}


def test_the_largest_result_is_small_enough_to_send() -> None:
    full = {
        number: ProducerEntry(
            number + 2**40, 3, -1, NOW_MS, -1, [(2**30, 2**40 + number + n, 2**20, NOW_MS) for n in range(5)]
        )  # type: ignore[list-item, misc]
        for number in range(log_recovery.TOLD_PRODUCERS)
    }
    assert len(pickle.dumps(RecoveredLog(1, 1, frozenset(), False, (), full))) < 500_000


def test_the_bytes_to_recover_are_those_from_the_recovery_point_on(stopped: LogDriver) -> None:
    files = FileSystem()
    sizes = {int(path.stem): path.stat().st_size for path in stopped.directory.glob("*.log")}
    assert len(sizes) > 2
    for recovery_point in (0, 4, 12, 99):
        first = max(offset for offset in sizes if offset <= recovery_point)
        expected = sum(size for offset, size in sizes.items() if offset >= first)
        assert bytes_to_recover(files, request_for(stopped.directory, recovery_point)) == expected
    empty_everything(stopped.directory)
    assert bytes_to_recover(files, request_for(stopped.directory)) == 0


def test_what_is_much_to_recover_is_left_for_others(stopped: LogDriver) -> None:
    before = files_of(stopped.directory)
    request = request_for(stopped.directory)
    most = bytes_to_recover(FileSystem(), request)
    with pytest.raises(MuchToRecoverError, match=f"{most} bytes of .*t-0 are to be recovered"):
        load_log(open_files(), request._replace(most_bytes_to_recover=most - 1))
    assert files_of(stopped.directory) == before
    recovered = recover_log(request)
    for once in (request._replace(most_bytes_to_recover=most), request._replace(clean_shutdown=True)):
        load_log(open_files(), once)
    load_log(open_files(), request._replace(most_bytes_to_recover=0), recovered)
