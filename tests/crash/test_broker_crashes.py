"""A whole broker after a crash at every change that it makes to its files: it starts, and keeps its promises.

A workload of clients runs against a broker whose every file operation is recorded. For each place in that record,
and each way in which a machine can stop, the directory is laid out as the crash would leave it, and a broker is
started on it. Promised is: a topic that was created is there in any case, and so are the records of the topic whose
every append is flushed; what else was acknowledged survives the end of the process, whenever it comes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem, every_crash
from tests.support.live_broker import LiveBroker
from tests.support.plain_client import PlainClient
from tests.support.quick_files import QuickFileSystem
from tests.support.waiting import eventually

from ottla.errors import ErrorCode
from ottla.partitions import log_recovery

PLAIN = "plain"
FLUSHED = "flushed"
GONE = "gone"
GROUP = "readers"
SMALL_SEGMENTS = {"segment_bytes": "1048576", "retention_ms": "-1"}
LARGE_VALUE = b"x" * 300_000
KEPT_ENDINGS = {Ending.KILL, Ending.TORN}
GAP_ENDINGS = {Ending.NAMES, Ending.ZEROS, Ending.CHANCE}
"""Names may outlive bytes: a segment that was never flushed may begin behind records that were lost, as in Kafka."""
PRODUCER_IDS = {PLAIN: 1, FLUSHED: 2, GONE: 3}
PROPERTIES = {
    "log.flush.offset.checkpoint.interval.ms": "50",
    "replica.high.watermark.checkpoint.interval.ms": "50",
    "log.initial.task.delay.ms": "20",
    "log.retention.check.interval.ms": "50",
}


@dataclass(slots=True)
class Promises:
    """What clients were told, and what they asked for."""

    created: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    sent: dict[str, list[bytes]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    """How many of the values that were sent."""
    committed: int = -1
    committing: int = -1

    @classmethod
    def of(cls, notes: list[tuple[str, Any]]) -> Promises:
        """Sum up the notes of a workload."""
        promises = cls()
        for kind, value in notes:
            if kind == "created":
                promises.created.add(value)
            elif kind == "deleting":
                promises.deleting.add(value)
            elif kind == "sent":
                promises.sent.setdefault(value[0], []).append(value[1])
            elif kind == "acknowledged":
                promises.acknowledged[value] = len(promises.sent[value])
            elif kind == "committing":
                promises.committing = value
            else:
                promises.committed = value
        return promises


@dataclass(slots=True)
class Workload:
    """Clients of one recorded broker."""

    files: RecordingFileSystem
    client: PlainClient
    counts: dict[str, int] = field(default_factory=dict)

    def create(self, topic: str, **configs: str) -> None:
        assert self.client.create_topic(topic, **configs) == ErrorCode.NONE
        self.files.note(("created", topic))

    def delete(self, topic: str) -> None:
        self.files.note(("deleting", topic))
        assert self.client.delete_topic(topic) == ErrorCode.NONE

    def produce(self, topic: str, times: int, padding: bytes = b"") -> None:
        for _ in range(times):
            number = self.counts.get(topic, 0)
            self.counts[topic] = number + 1
            value = b"%d" % number + padding
            self.files.note(("sent", (topic, value)))
            answer = self.client.produce(topic, value, **sequence(topic, number))
            assert answer.base_offset == number
            self.files.note(("acknowledged", topic))

    def commit(self, offset: int) -> None:
        self.client.wait_for_coordinator(GROUP)
        self.files.note(("committing", offset))
        eventually(lambda: self.client.commit(GROUP, PLAIN, offset) == ErrorCode.NONE)
        self.files.note(("committed", offset))


def sequence(topic: str, number: int) -> dict[str, int]:
    """Return the numbers with which the producer of a topic sends its record `number`."""
    return {"producer_id": PRODUCER_IDS[topic], "producer_epoch": 0, "base_sequence": number}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordingFileSystem:
    """Give the record of three starts of a broker under load."""
    root = tmp_path_factory.mktemp("recorded")
    files = RecordingFileSystem(root)
    counts: dict[str, int] = {}
    for number in range(3):
        with LiveBroker(root, files, PROPERTIES) as live, live.client() as client:
            workload = Workload(files, client, counts)
            if number == 0:
                workload.create(PLAIN, **SMALL_SEGMENTS)
                workload.create(FLUSHED, flush_messages="1", retention_ms="-1")
            workload.produce(PLAIN, 5)
            workload.produce(FLUSHED, 3)
            workload.commit(3 * number + 1)
            workload.produce(PLAIN, 4, LARGE_VALUE)
            if number == 1:
                workload.create(GONE)
                workload.produce(GONE, 2)
                workload.delete(GONE)
            workload.produce(FLUSHED, 2)
            workload.commit(3 * number + 2)
    return files


def assert_kept(client: PlainClient, promises: Promises, ending: Ending) -> None:
    """The broker serves what it has promised, and takes more of it."""
    for topic in promises.created - promises.deleting:
        eventually(lambda topic=topic: client.end_offset(topic).error_code == ErrorCode.NONE)
        values = client.read_all(topic)
        sent = promises.sent.get(topic, [])
        if topic == FLUSHED or ending in KEPT_ENDINGS:
            assert len(values) >= promises.acknowledged.get(topic, 0)
        if topic == FLUSHED or ending not in GAP_ENDINGS:
            assert values == sent[: len(values)]
            assert_producer_goes_on(client, topic, len(values))
        else:
            assert values == [value for value in sent if value in values]
            assert client.produce(topic, b"more").error_code == ErrorCode.NONE
    if promises.committed >= 0 and ending in KEPT_ENDINGS:
        eventually(lambda: client.offset_fetch(GROUP, PLAIN).error_code == ErrorCode.NONE)
        assert promises.committed <= client.committed_offset(GROUP, PLAIN) <= promises.committing


def assert_producer_goes_on(client: PlainClient, topic: str, number: int) -> None:
    """The idempotent producer's next record is taken once, however often it is sent, and a gap is refused."""
    for _ in range(2):
        answer = client.produce(topic, b"more", **sequence(topic, number))
        assert (answer.error_code, answer.base_offset) == (ErrorCode.NONE, number)
    gap = client.produce(topic, b"gap", **sequence(topic, number + 2))
    assert gap.error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_broker_starts_after_a_crash_at_any_change(
    recorded: RecordingFileSystem, tmp_path: Path, crash_stride: int
) -> None:
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        promises = Promises.of(disk.notes)
        with LiveBroker(root, QuickFileSystem()) as live, live.client() as client:
            assert_kept(client, promises, ending)
        assert not live.bugs.lines

    count = every_crash(recorded, root, check, stride=crash_stride)
    print(f"{count} crashes of a broker, one after every {crash_stride} changes of its files")
    assert count > 100


def test_a_broker_whose_logs_are_recovered_by_helpers_starts_as_well(
    recorded: RecordingFileSystem,
    tmp_path: Path,
    crash_stride: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Fewer crashes than above, since each has processes to start."""
    monkeypatch.setattr(log_recovery, "JOB_FROM_BYTES", 1)
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        promises = Promises.of(disk.notes)
        with (
            LiveBroker(root, QuickFileSystem(), recover_beside_from_bytes=1) as live,
            live.client() as client,
        ):
            assert_kept(client, promises, ending)
        assert not live.bugs.lines

    with caplog.at_level(logging.INFO, "ottla.partitions"):
        count = every_crash(recorded, root, check, stride=6 * crash_stride)
    recovered = sum("Completed recovery of" in record.getMessage() for record in caplog.records)
    print(f"{count} crashes of a broker, in which helpers have recovered {recovered} logs")
    assert recovered > count > 20
