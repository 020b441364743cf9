"""A machine's log in a real partition: one batch per append, replays in slices, markers, and bad records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.partitions import DataDirectory

from ottla.coordination.partition_log import (
    REPLAY_SLICE_BYTES,
    BadRecordError,
    PartitionMachineLog,
    RecordCodec,
)
from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import stamp
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.log_dirs import CLEAN_SHUTDOWN_FILE
from ottla.wire.primitives import WireError

TOPIC = "internal"


def decode(key: bytes | None, value: bytes | None, producer_id: int) -> str | None:
    if key == b"skip":
        return None
    if key == b"bad":
        raise WireError("not understood")
    text = "" if value is None else value.decode()
    return text if producer_id == -1 else f"{producer_id}:{text}"


CODEC: RecordCodec[str] = RecordCodec(
    encode=lambda text: (b"key", text.encode() or None),
    decode=decode,
    transaction_end=lambda producer_id, committed: f"{producer_id}:{'commit' if committed else 'abort'}",
)


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    data = DataDirectory(tmp_path / "data")
    data.create_topic(TOPIC)
    return data


def log_of(data: DataDirectory, compression: Codec = Codec.NONE) -> PartitionMachineLog[str]:
    return PartitionMachineLog(data.partition(TOPIC), CODEC, data.loop, data.loop, compression)


def replayed(data: DataDirectory) -> list[str]:
    found: list[str] = []
    done = log_of(data).replay(found.append)
    data.loop.turn()
    done.result()
    return found


@pytest.mark.parametrize("compression", [Codec.NONE, Codec.GZIP])
def test_what_was_appended_is_replayed_after_a_restart(data: DataDirectory, compression: Codec) -> None:
    log = log_of(data, compression)
    assert log.append(["a", "b"]).done
    log.append([""]).result()
    assert data.partition(TOPIC).high_watermark == 3
    assert replayed(data) == ["a", "b", ""]
    data.restart()
    assert replayed(data) == ["a", "b", ""]


def test_an_empty_log_is_replayed_at_once(data: DataDirectory) -> None:
    assert log_of(data).replay(lambda _: None).done


def test_a_long_log_is_replayed_in_slices(data: DataDirectory) -> None:
    log = log_of(data)
    text = "x" * 10_000
    for _ in range(3 * REPLAY_SLICE_BYTES // len(text)):
        log.append([text]).result()
    found: list[str] = []
    done = log.replay(found.append)
    first = len(found)
    assert 0 < first < 78
    assert not done.done
    data.loop.turn()
    assert done.done
    assert len(found) == 78


def test_what_comes_after_the_start_of_a_replay_is_left_to_its_writer(data: DataDirectory) -> None:
    log = log_of(data)
    text = "x" * 10_000
    for _ in range(60):
        log.append([text]).result()
    found: list[str] = []
    log.replay(found.append)
    log.append(["late"]).result()
    data.loop.turn()
    assert len(found) == 60


def test_a_batch_larger_than_a_slice_is_replayed_whole(data: DataDirectory) -> None:
    log_of(data).append(["y" * (REPLAY_SLICE_BYTES + 1)]).result()
    log_of(data).append(["z"]).result()
    assert [len(text) for text in replayed(data)] == [REPLAY_SLICE_BYTES + 1, 1]


def append_raw(data: DataDirectory, batch: bytearray) -> None:
    partition = data.partition(TOPIC)
    partition.append(batch, origin=AppendOrigin.COORDINATOR, now_ms=data.loop.now_ms()).result()


def test_transactional_records_and_their_markers_are_told_apart(data: DataDirectory) -> None:
    """This broker writes no markers, so they come from a file, as another broker would have left it."""
    commits = [NewRecord(b"key", b"a")]
    producer = {"now_ms": 1, "producer_id": 7, "producer_epoch": 0}
    batches = [build_batch(commits, **producer, base_sequence=0, transactional=True)]
    batches += [
        build_marker_batch(EndTransactionMarker(each, 0), **producer)
        for each in (ControlType.COMMIT, ControlType.ABORT)
    ]
    data.close()
    (data.path / CLEAN_SHUTDOWN_FILE).unlink()
    with (data.path / f"{TOPIC}-0" / "00000000000000000000.log").open("wb") as segment:
        for offset, batch in enumerate(batches):
            stamp(batch, 0, offset, 0)
            segment.write(batch)
    data.open()
    assert replayed(data) == ["7:a", "7:commit", "7:abort"]


def test_a_record_that_is_to_be_skipped_is_skipped(data: DataDirectory) -> None:
    append_raw(data, build_batch([NewRecord(b"skip", b"a"), NewRecord(b"key", b"b")], now_ms=1))
    assert replayed(data) == ["b"]


def test_a_record_that_cannot_be_read_fails_the_replay_and_says_where(data: DataDirectory) -> None:
    append_raw(data, build_batch([NewRecord(b"key", b"a"), NewRecord(b"bad", b"b")], now_ms=1))
    with pytest.raises(BadRecordError, match="internal-0 at offset 1 cannot be read: not understood"):
        replayed(data)


def test_what_the_machine_raises_fails_the_replay(data: DataDirectory) -> None:
    log_of(data).append(["a"]).result()

    def refuse(_: str) -> None:
        raise ZeroDivisionError

    failing: Callable[[str], None] = refuse
    assert isinstance(log_of(data).replay(failing).error, ZeroDivisionError)


def test_an_append_that_the_partition_refuses_fails_the_completion(data: DataDirectory) -> None:
    data.set_leader(TOPIC, 0, 9)
    error = log_of(data).append(["a"]).error
    assert isinstance(error, KafkaError)
    assert error.code is ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_a_batch_above_the_topics_limit_is_refused_whole(data: DataDirectory) -> None:
    data.configure_topic(TOPIC, "max.message.bytes", "1000")
    error = log_of(data).append(["a" * 600, "b" * 600]).error
    assert isinstance(error, KafkaError)
    assert error.code is ErrorCode.MESSAGE_TOO_LARGE
    assert replayed(data) == []


@pytest.mark.parametrize("compression", [Codec.NONE, Codec.ZSTD])
def test_what_is_said_to_fit_is_what_the_log_takes(data: DataDirectory, compression: Codec) -> None:
    data.configure_topic(TOPIC, "max.message.bytes", "200")
    log = log_of(data, compression)
    assert log.max_batch_bytes == 200
    answers = set()
    for size in (1, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 1_000, 100_000):
        records = ["a" * size]
        fits = log.fits(records)
        assert fits is (log.append(records).error is None), size
        answers.add(fits)
    assert True in answers
    assert (False in answers) is (compression is Codec.NONE)
