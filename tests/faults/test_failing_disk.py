"""A disk that fails or is full: the writer is told, everybody else goes on, and nothing that was acknowledged is lost.

Each test breaks one kind of operation below one path of a running broker, heals it, and at last starts the broker anew
on the same directory, as after a crash, to see what is there.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.live_broker import LiveBroker
from tests.support.waiting import eventually

from ottla.errors import ErrorCode

TOPIC = "orders"


@pytest.fixture
def files() -> FaultyFileSystem:
    return FaultyFileSystem()


@pytest.fixture
def live(tmp_path: Path, files: FaultyFileSystem) -> Iterator[LiveBroker]:
    with LiveBroker(tmp_path / "data", files) as live:
        with live.client() as client:
            assert client.create_topic(TOPIC) == ErrorCode.NONE
            assert client.create_topic("others") == ErrorCode.NONE
        yield live
        files.heal()
    assert not live.bugs.lines


def values_after_restart(live: LiveBroker, topic: str = TOPIC) -> list[bytes | None]:
    """Stop the broker and start another one on its directory; return what a topic holds."""
    live.stop()
    with LiveBroker(live.directory) as again, again.client() as client:
        # The directory of a partition that could not be made is made beside the start.
        eventually(lambda: client.end_offset(topic).error_code == ErrorCode.NONE)
        return client.read_all(topic)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_write_that_fails_is_refused_and_everybody_else_goes_on(
    live: LiveBroker, files: FaultyFileSystem, number: int
) -> None:
    with live.client() as writer, live.client() as other:
        member = other.join_alone("readers")
        assert writer.produce(TOPIC, b"before").base_offset == 0
        files.fail_below(f"{TOPIC}-0", "pwrite", number=number)
        for _ in range(3):
            assert writer.produce(TOPIC, b"refused").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert other.produce("others", b"taken").error_code == ErrorCode.NONE
        assert other.heartbeat("readers", member) == ErrorCode.NONE
        assert other.commit("readers", TOPIC, 1, member) == ErrorCode.NONE
        assert other.read_all(TOPIC) == [b"before"]
        files.heal()
        assert writer.produce(TOPIC, b"after").base_offset == 1
        assert other.read_all(TOPIC) == [b"before", b"after"]
    assert values_after_restart(live) == [b"before", b"after"]


@pytest.mark.parametrize("written_bytes", [0, 1, 60, 61, 70])
def test_a_write_that_falls_short_leaves_no_trace(
    live: LiveBroker, files: FaultyFileSystem, written_bytes: int
) -> None:
    with live.client() as writer:
        assert writer.produce(TOPIC, b"before").base_offset == 0
        files.short_write = written_bytes
        assert writer.produce(TOPIC, b"refused").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        files.short_write = None
        assert writer.read_all(TOPIC) == [b"before"]
        assert writer.produce(TOPIC, b"after").base_offset == 1
    assert values_after_restart(live) == [b"before", b"after"]


def test_an_idempotent_producer_repeats_what_the_disk_refused(
    live: LiveBroker, files: FaultyFileSystem
) -> None:
    numbers = {"producer_id": 7, "producer_epoch": 0}
    with live.client() as writer:
        assert writer.produce(TOPIC, b"first", base_sequence=0, **numbers).base_offset == 0
        files.fail_below(f"{TOPIC}-0", "pwrite")
        refused = writer.produce(TOPIC, b"second", base_sequence=1, **numbers)
        assert refused.error_code == ErrorCode.KAFKA_STORAGE_ERROR
        files.heal()
        for _ in range(2):  # the second time it is the repeat of one that was stored
            assert writer.produce(TOPIC, b"second", base_sequence=1, **numbers).base_offset == 1
        assert writer.produce(TOPIC, b"third", base_sequence=2, **numbers).base_offset == 2
    assert values_after_restart(live) == [b"first", b"second", b"third"]


def test_a_log_whose_torn_write_cannot_be_cut_off_is_offline_until_the_next_start(
    live: LiveBroker, files: FaultyFileSystem
) -> None:
    with live.client() as writer:
        assert writer.produce(TOPIC, b"before").base_offset == 0
        files.short_write = 30
        files.fail_below(f"{TOPIC}-0", "truncate")
        assert writer.produce(TOPIC, b"torn").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        files.short_write = None
        files.heal()
        assert writer.produce(TOPIC, b"still").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert writer.produce("others", b"taken").error_code == ErrorCode.NONE
    assert values_after_restart(live) == [b"before"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_sync_that_fails_is_refused_and_what_was_acknowledged_stays(
    live: LiveBroker, files: FaultyFileSystem, number: int
) -> None:
    """After a failed sync nobody knows what is on the disk: the log is offline, and the next start looks at it."""
    with live.client() as writer:
        assert writer.create_topic("flushed", flush_messages="1") == ErrorCode.NONE
        assert writer.produce("flushed", b"before").base_offset == 0
        files.fail_below("flushed-0", "fsync", number=number)
        assert writer.produce("flushed", b"unsure").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        files.heal()
        assert writer.produce("flushed", b"later").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert writer.produce(TOPIC, b"taken").error_code == ErrorCode.NONE
    assert values_after_restart(live, "flushed")[:1] == [b"before"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("operation", ["pwrite", "fsync"])
def test_a_topic_that_the_metadata_log_could_not_take_does_not_exist(
    live: LiveBroker, files: FaultyFileSystem, operation: str, number: int
) -> None:
    with live.client() as admin, live.client() as other:
        member = other.join_alone("readers")
        files.fail_below("__cluster_metadata", operation, number=number)
        assert admin.create_topic("refused") == ErrorCode.KAFKA_STORAGE_ERROR
        assert other.produce(TOPIC, b"taken").error_code == ErrorCode.NONE
        assert other.heartbeat("readers", member) == ErrorCode.NONE
        assert other.metadata_codes("refused") == []
        files.heal()
        eventually(lambda: admin.create_topic("accepted") == ErrorCode.NONE)
        assert other.metadata_codes("refused") == []
        assert other.metadata_codes("accepted") == [ErrorCode.NONE] * 2
    live.stop()
    with LiveBroker(live.directory) as again, again.client() as client:
        assert client.metadata_codes("refused") == []
        assert client.metadata_codes("accepted") == [ErrorCode.NONE] * 2
        assert client.read_all(TOPIC) == [b"taken"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_commit_that_the_disk_refused_changes_nothing(
    live: LiveBroker, files: FaultyFileSystem, number: int
) -> None:
    with live.client() as client:
        member = client.join_alone("readers")
        assert client.commit("readers", TOPIC, 5, member) == ErrorCode.NONE
        files.fail_below("__consumer_offsets", "pwrite", number=number)
        assert client.commit("readers", TOPIC, 6, member) == ErrorCode.NOT_COORDINATOR
        files.heal()
        eventually(lambda: client.heartbeat("readers", member) == ErrorCode.NONE)
        assert client.committed_offset("readers", TOPIC) == 5
        assert client.commit("readers", TOPIC, 7, member) == ErrorCode.NONE
    live.stop()
    with LiveBroker(live.directory) as again, again.client() as client:
        eventually(lambda: client.offset_fetch("readers", TOPIC).error_code == ErrorCode.NONE)
        assert client.committed_offset("readers", TOPIC) == 7


def test_a_read_that_fails_ends_the_connection_that_asked(live: LiveBroker, files: FaultyFileSystem) -> None:
    with live.client() as client:
        assert client.produce(TOPIC, b"value").base_offset == 0
        files.fail_below(f"{TOPIC}-0", "pread")
        # The size of the answer was promised before the file was read, so that there is no other way out.
        with live.client() as reader, pytest.raises(ConnectionError):
            reader.fetch(TOPIC, 0)
        assert client.produce("others", b"taken").error_code == ErrorCode.NONE
        files.heal()
        assert client.read_all(TOPIC) == [b"value"]


@pytest.mark.parametrize("operation", ["create", "pwrite", "rename_lazily", "sync_directory"])
def test_a_partition_whose_directory_cannot_be_made_is_offline(
    live: LiveBroker, files: FaultyFileSystem, operation: str
) -> None:
    with live.client() as client:
        files.fail_below("unlucky-0", operation)
        client.create_topic("unlucky")
        assert client.produce("unlucky", b"refused").error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert client.produce(TOPIC, b"taken").error_code == ErrorCode.NONE
        files.heal()
    assert values_after_restart(live, "unlucky") == []


def test_a_full_disk_while_a_segment_rolls_keeps_the_old_one(
    live: LiveBroker, files: FaultyFileSystem
) -> None:
    with live.client() as client:
        assert client.create_topic("rolling", segment_bytes="1048576") == ErrorCode.NONE
        value = b"x" * 400_000
        for offset in range(2):
            assert client.produce("rolling", value).base_offset == offset
        files.fail_below("rolling-0", "create", number=errno.ENOSPC)
        assert client.produce("rolling", value).error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert client.read_all("rolling") == [value, value]
        files.heal()
        assert client.produce("rolling", value).base_offset == 2
    assert values_after_restart(live, "rolling") == [value] * 3


def test_checkpoints_that_cannot_be_written_cost_nothing(tmp_path: Path, files: FaultyFileSystem) -> None:
    often = {
        "log.flush.offset.checkpoint.interval.ms": "10",
        "log.flush.start.offset.checkpoint.interval.ms": "10",
        "replica.high.watermark.checkpoint.interval.ms": "10",
    }
    with LiveBroker(tmp_path, files, often) as live, live.client() as client:
        assert client.create_topic(TOPIC) == ErrorCode.NONE
        files.fail_below("replication-offset-checkpoint", "write_file", "rename", number=errno.ENOSPC)
        failures = len(files.operations)
        assert client.produce(TOPIC, b"first").error_code == ErrorCode.NONE
        eventually(lambda: files.operations[failures:].count("write_file") >= 3)
        assert client.produce(TOPIC, b"second").error_code == ErrorCode.NONE
        files.heal()
    with LiveBroker(tmp_path, files, often) as live, live.client() as client:
        assert client.read_all(TOPIC) == [b"first", b"second"]
