"""A partition log after a crash at every change that it makes to its files: what was promised is there, and it goes on.

Promised to a client is what a killed process had acknowledged, and what a flush had covered when power was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem, every_crash
from tests.support.logs import NOW_MS, LogDriver, records_of, topic_config
from tests.support.quick_files import QuickFileSystem

from ottla.config.resolved import TopicConfig
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.checkpoints import LOG_START_OFFSET_FILE, RECOVERY_POINT_FILE, OffsetCheckpoint
from ottla.storage.files import FileSystem
from ottla.storage.log_recovery import LoadRequest, recover_over
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import DEFAULT_PRODUCER_ID_EXPIRATION_MS, PartitionLog
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)
PRODUCER_ID = 7
CONFIG = topic_config(segment_bytes=700, index_interval_bytes=150, file_delete_delay_ms=0)
MORE = [b"more %d:" % index * 6 for index in range(12)]
KEPT_ENDINGS = {Ending.KILL, Ending.TORN}


class Kind(Enum):
    """What a note of the workload says."""

    SENT = "a value that is on its way into the log"
    ACKNOWLEDGED = "the log's end that a producer has been told of"
    FLUSHED = "the log's end that a flush has covered"
    DELETED = "the offset before which records may be gone"
    CLOSED = "whether the log was closed, as before a clean stop"


class Note(NamedTuple):
    """What somebody was told or has asked for."""

    kind: Kind
    value: Any


@dataclass
class Workload:
    """A log that is written, noting what its clients know."""

    files: RecordingFileSystem
    driver: LogDriver
    count: int = 0

    def append(self, records: int = 1, leader_epoch: int = 0) -> None:
        values = [f"{self.count + index}:".encode() * 9 for index in range(records)]
        for value in values:
            self.files.note(Note(Kind.SENT, value))
        self.driver.append(
            *values,
            leader_epoch=leader_epoch,
            producer_id=PRODUCER_ID,
            producer_epoch=0,
            base_sequence=self.count,
            timestamp_ms=NOW_MS + self.count,
        )
        self.count += records
        self.files.note(Note(Kind.ACKNOWLEDGED, self.count))

    def flush(self) -> None:
        end = self.driver.log.log_end_offset
        self.driver.log.flush()
        self.files.note(Note(Kind.FLUSHED, end))

    def checkpoint(self) -> None:
        log = self.driver.log
        root = self.files.root
        OffsetCheckpoint(self.files, root / RECOVERY_POINT_FILE).write({PARTITION: log.recovery_point})
        OffsetCheckpoint(self.files, root / LOG_START_OFFSET_FILE).write({PARTITION: log.log_start_offset})

    def delete_before(self, offset: int) -> None:
        self.files.note(Note(Kind.DELETED, offset))
        self.driver.log.delete_records_before(offset)
        self.driver.log.delete_old_segments(NOW_MS, self.driver.log.log_end_offset)
        self.driver.log.delete_expired_files(NOW_MS)

    def retain(self, config: TopicConfig, now_ms: int) -> None:
        log = self.driver.log
        self.files.note(Note(Kind.DELETED, log.log_end_offset))
        log.config = config
        log.delete_old_segments(now_ms, log.log_end_offset)
        log.delete_expired_files(now_ms)
        log.config = CONFIG

    def restart(self) -> None:
        self.driver.log.close()
        self.checkpoint()
        self.files.note(Note(Kind.FLUSHED, self.count))
        self.files.note(Note(Kind.CLOSED, True))
        self.driver.log = open_log(self.files, self.files.root, is_clean=True)
        self.files.note(Note(Kind.CLOSED, False))


def open_log(files: FileSystem, root: Path, *, is_clean: bool, is_beside: bool = False) -> PartitionLog:
    """Open the log with what the checkpoints say, as a start does; `is_beside` has it recovered by somebody else."""
    recovery_points = OffsetCheckpoint(files, root / RECOVERY_POINT_FILE).read()
    log_start_offsets = OffsetCheckpoint(files, root / LOG_START_OFFSET_FILE).read()
    request = LoadRequest(
        topic_partition=PARTITION,
        directory=root / str(PARTITION),
        index_interval_bytes=CONFIG.index_interval_bytes,
        clean_shutdown=is_clean,
        recovery_point=recovery_points.get(PARTITION, 0),
        log_start_offset=log_start_offsets.get(PARTITION, 0),
        now_ms=NOW_MS,
        producer_id_expiration_ms=DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    )
    recovered = recover_over(files, request) if is_beside and not is_clean else None
    return PartitionLog.load(OpenFiles(files, 100), CONFIG, request, topic_id=None, recovered=recovered)


def recorded(root: Path) -> RecordingFileSystem:
    """Run the workload and return what it did to its files."""
    root.mkdir()
    files = RecordingFileSystem(root)
    workload = Workload(files, LogDriver(root / str(PARTITION), CONFIG, files))
    for _ in range(6):
        workload.append()
    workload.flush()
    workload.checkpoint()
    for epoch in (0, 1, 1, 3):
        workload.append(2, epoch)
    workload.flush()
    workload.append(1, 3)
    workload.restart()
    for _ in range(7):
        workload.append(1, 4)
    workload.flush()
    workload.delete_before(9)
    workload.checkpoint()
    workload.append(3, 4)
    workload.restart()
    workload.retain(replace(CONFIG, retention_bytes=900), NOW_MS)
    for _ in range(8):
        workload.append(1, 5)
        workload.flush()
    workload.checkpoint()
    workload.retain(replace(CONFIG, retention_ms=10), NOW_MS + 1_000_000)
    workload.append(2, 6)
    workload.flush()
    workload.append(2, 7)
    workload.restart()
    return files


@dataclass
class Expected:
    """What the notes up to a crash promise."""

    sent: list[bytes]
    least_end: int
    most_start: int
    is_closed: bool
    may_have_gap: bool
    """Whether names outlive bytes: a segment may begin behind bytes of the one before that were lost.

    Nobody can tell that from what compaction leaves behind, so that the log goes on behind the gap, as Kafka's does.
    """


def expected(disk: CrashDisk, ending: Ending) -> Expected:
    def noted(kind: Kind) -> list[Any]:
        return [note.value for note in disk.notes if note.kind is kind]

    promise = Kind.ACKNOWLEDGED if ending in KEPT_ENDINGS else Kind.FLUSHED
    return Expected(
        noted(Kind.SENT),
        max(noted(promise), default=0),
        max(noted(Kind.DELETED), default=0),
        noted(Kind.CLOSED)[-1:] == [True],
        ending in {Ending.NAMES, Ending.ZEROS, Ending.CHANCE},
    )


def assert_sound(log: PartitionLog, wanted: Expected) -> None:
    """The log is a part of what was sent, holds what was promised, and its indexes and producers fit it."""
    start, end = log.log_start_offset, log.log_end_offset
    assert start <= wanted.most_start
    assert end >= wanted.least_end
    records = records_of(log)
    offsets = [record.offset for record in records]
    assert [record.value for record in records] == [wanted.sent[offset] for offset in offsets]
    assert offsets == sorted(set(offsets))
    assert offsets[: wanted.least_end - start] == list(range(start, wanted.least_end))
    if not wanted.may_have_gap:
        assert offsets == list(range(start, end))
    for record in records:
        assert records_of(log, record.offset)[0].offset == record.offset
        found = log.offset_for_timestamp(record.timestamp_ms)
        assert found is not None
        assert found.offset == next(r.offset for r in records if r.timestamp_ms >= record.timestamp_ms)
    latest = log.max_timestamp_offset()
    assert (None if latest is None else latest.timestamp_ms) == (
        records[-1].timestamp_ms if records else None
    )
    producer = log.producer_state.entries.get(PRODUCER_ID)
    if records:
        assert producer is not None
        assert producer.last_sequence == offsets[-1]
    assert list(log.leader_epochs.entries) == sorted(log.leader_epochs.entries)


def append_more(log: PartitionLog, values: list[bytes], *, sequence: int) -> None:
    """Append these values, each as a batch of the producer, from this sequence on."""
    for index, value in enumerate(values):
        batch = build_batch(
            [NewRecord(None, value, NOW_MS + log.log_end_offset)],
            now_ms=NOW_MS,
            producer_id=PRODUCER_ID,
            producer_epoch=0,
            base_sequence=sequence + index,
        )
        log.append(batch, leader_epoch=9, origin=AppendOrigin.CLIENT, now_ms=NOW_MS)


def next_sequence(log: PartitionLog) -> int:
    producer = log.producer_state.entries.get(PRODUCER_ID)
    return 0 if producer is None else producer.last_sequence + 1


def values_of(log: PartitionLog) -> list[bytes | None]:
    return [record.value for record in records_of(log)]


def assert_goes_on(root: Path, wanted: Expected, *, is_beside: bool) -> None:
    """The log is opened, appended to and flushed, and another loss of power takes nothing of that."""
    files = RecordingFileSystem(root)
    log = open_log(files, root, is_clean=wanted.is_closed, is_beside=is_beside)
    assert_sound(log, wanted)
    values = [*values_of(log), *MORE]
    sequence = next_sequence(log)
    append_more(log, MORE, sequence=sequence)
    log.flush()
    CrashDisk(files).to_end().lay_out(root, Ending.LOSS, Random())
    again = open_log(QuickFileSystem(), root, is_clean=False)
    assert values_of(again) == values
    assert next_sequence(again) == sequence + len(MORE)


@pytest.mark.parametrize(
    ("is_beside", "stride"), [(False, 1), (True, 5)], ids=["recovered in the broker", "beside it"]
)
def test_every_crash(tmp_path: Path, is_beside: bool, stride: int) -> None:
    files = recorded(tmp_path / "disk")
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        wanted = expected(disk, ending)
        if (root / str(PARTITION)).exists():
            assert_goes_on(root, wanted, is_beside=is_beside)
        else:
            assert wanted.least_end == 0, "a directory that the disk does not know was promised to nobody"

    count = every_crash(files, root, check, stride=stride)
    print(f"{count} crashes of a log")
    assert count > 900 / stride


# Among them one in which a segment has to go because the one before it is damaged.
@pytest.mark.parametrize("number", [0, 1, 2, 3, 55])
def test_every_crash_of_a_recovery(tmp_path: Path, number: int) -> None:
    """Whatever a recovery has decided stays decided when it is interrupted, and what follows it is kept."""
    disk = CrashDisk(recorded(tmp_path / "disk"))
    rng = Random(number)
    for _ in range(rng.randrange(30, 150)):
        disk.advance()
    damaged = tmp_path / "damaged"
    disk.lay_out(damaged, rng.choice([Ending.CHANCE, Ending.ZEROS]), rng)
    files = RecordingFileSystem(damaged)
    log = open_log(files, damaged, is_clean=False)
    before = values_of(log)
    files.note(len(before))
    for value in MORE:
        append_more(log, [value], sequence=next_sequence(log))
        log.flush()
        files.note(len(values_of(log)))
    values = values_of(log)
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        kept = values_of(open_log(QuickFileSystem(), root, is_clean=False))
        if disk.notes:
            # The first note is of a recovery that nothing has flushed yet.
            flushed = disk.notes[-1] if len(disk.notes) > 1 else 0
            least = disk.notes[-1] if ending in KEPT_ENDINGS else flushed
            assert kept == values[: len(kept)]
            assert len(kept) >= least
        else:
            assert kept == before[: len(kept)]

    every_crash(files, root, check)
