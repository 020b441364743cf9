"""Shards come and go with their partitions, and each group finds its own."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.groups import GroupBroker
from tests.support.partitions import error_of
from tests.unit.groups.support import commit

from ottla.coordination.runtime import RELOAD_DELAY_MS, Runtime
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import FetchOffsets
from ottla.groups.service import GroupService, client_error
from ottla.protocol.messages.offset_fetch import OffsetFetchRequestGroup
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.files import Buffer, Descriptor, FileSystem
from ottla.types import CONSUMER_OFFSETS_TOPIC, coordinator_partition


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def offset_of(broker: GroupBroker, group_id: str = "g") -> int:
    asked = OffsetFetchRequestGroup(group_id=group_id, topics=None)
    command = FetchOffsets(asked, require_stable=True)
    broker.groups.submit(group_id, command)
    topics = command.reply_to.result().topics
    return topics[0].partitions[0].committed_offset if topics else -1


def commit_to(broker: GroupBroker, group_id: str = "g", offset: int = 5) -> ErrorCode:
    command = commit(group_id, topic="orders", offset=offset)
    broker.groups.submit(group_id, command)
    return ErrorCode.NONE if command.reply_to.error is None else error_of(command.reply_to).code


def test_each_group_lives_in_the_partition_of_its_id(broker: GroupBroker) -> None:
    for group_id in ("g", "another group", ""):
        assert commit_to(broker, group_id) is ErrorCode.NONE
        number = coordinator_partition(group_id, 4)
        assert broker.groups.partition_for(group_id) == number
        assert broker.partition(CONSUMER_OFFSETS_TOPIC, number).high_watermark > 0


def test_offsets_and_groups_are_there_after_a_restart(broker: GroupBroker) -> None:
    broker.form_group("g")
    commit_to(broker, "simple", 7)
    for end in (broker.restart, broker.crash):
        end()
        assert offset_of(broker, "simple") == 7
        listed = broker.groups.list_groups([], []).result()
        assert sorted((group.group_id, group.group_state) for group in listed) == [
            ("g", "Stable"),
            ("simple", "Empty"),
        ]


def test_before_the_first_image_and_after_the_end_there_is_no_coordinator(broker: GroupBroker) -> None:
    silent = GroupService(broker.config, broker.partitions, Runtime(broker.loop, broker.loop))
    command = commit()
    silent.submit("g", command)
    assert error_of(command.reply_to).code is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert error_of(silent.list_groups([], [])).code is ErrorCode.COORDINATOR_NOT_AVAILABLE
    broker.groups.stop()
    assert commit_to(broker) is ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_without_the_offsets_topic_this_is_not_the_coordinator(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data", offsets_topic=False)
    assert commit_to(broker) is ErrorCode.NOT_COORDINATOR
    assert broker.groups.list_groups([], []).result() == []
    assert [group.error_code for group in broker.groups.describe_groups(["g"]).result()] == [
        ErrorCode.NOT_COORDINATOR
    ]
    assert [group.error_code for group in broker.groups.delete_groups(["g"]).result()] == [
        ErrorCode.NOT_COORDINATOR
    ]
    broker.create_offsets_topic()
    assert commit_to(broker) is ErrorCode.NONE


def test_a_partition_that_is_led_elsewhere_is_not_coordinated_here(broker: GroupBroker) -> None:
    commit_to(broker)
    number = broker.groups.partition_for("g")
    parked = broker.join("g")
    assert not parked.done
    broker.set_leader(CONSUMER_OFFSETS_TOPIC, number, 9)
    assert error_of(parked).code is ErrorCode.NOT_COORDINATOR
    assert commit_to(broker) is ErrorCode.NOT_COORDINATOR
    assert broker.groups.list_groups([], []).result() == []
    broker.set_leader(CONSUMER_OFFSETS_TOPIC, number, 1)
    assert offset_of(broker) == 5


def test_a_deleted_topic_takes_its_offsets_with_it(broker: GroupBroker) -> None:
    for group_id in ("a", "b", "c"):
        commit_to(broker, group_id)
    broker.delete_topic("orders")
    assert [offset_of(broker, group_id) for group_id in ("a", "b", "c")] == [-1, -1, -1]


def test_an_offsets_topic_that_is_made_anew_is_empty(broker: GroupBroker) -> None:
    commit_to(broker)
    broker.delete_topic(CONSUMER_OFFSETS_TOPIC)
    assert commit_to(broker) is ErrorCode.NOT_COORDINATOR
    broker.create_topic(CONSUMER_OFFSETS_TOPIC, 4, number=1)
    assert offset_of(broker) == -1


class FullDisk(FileSystem):
    """A file system that can run out of space."""

    is_full = False

    def pwrite(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().pwrite(descriptor, buffers, position)


def test_a_full_disk_loses_no_offset_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    files = FullDisk()
    broker = GroupBroker(tmp_path / "data", files=files)
    assert commit_to(broker, offset=5) is ErrorCode.NONE
    files.is_full = True
    assert commit_to(broker, offset=6) is ErrorCode.NOT_COORDINATOR
    assert commit_to(broker, offset=6) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    broker.loop.advance()
    assert offset_of(broker) == 5
    files.is_full = False
    assert commit_to(broker, offset=6) is ErrorCode.NONE
    broker.loop.advance(RELOAD_DELAY_MS)
    assert offset_of(broker) == 6


def test_a_log_that_cannot_be_read_leaves_its_groups_without_a_coordinator(
    broker: GroupBroker, caplog: pytest.LogCaptureFixture
) -> None:
    commit_to(broker)
    number = broker.groups.partition_for("g")
    key = b"\x00\x01\x00\x01g\x00\x01t\x00\x00\x00\x00"
    partition = broker.partition(CONSUMER_OFFSETS_TOPIC, number)
    batch = build_batch([NewRecord(key, b"\x00\x63later")], now_ms=1)
    partition.append(batch, origin=AppendOrigin.COORDINATOR, now_ms=1).result()
    broker.restart()
    assert commit_to(broker) is ErrorCode.NOT_COORDINATOR
    assert f"__consumer_offsets-{number} cannot be loaded" in caplog.text
    assert broker.groups.list_groups([], []).result() == []


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.REQUEST_TIMED_OUT, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR),
        (ErrorCode.INVALID_RECORD, ErrorCode.INVALID_RECORD),
    ],
)
def test_what_a_failed_append_is_to_a_client(code: ErrorCode, seen: ErrorCode) -> None:
    assert client_error(KafkaError(code)).code is seen
    assert client_error(ZeroDivisionError()).code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_partition_that_is_made_late_gets_its_shard_then(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data", offsets_topic=False)
    with broker.slow_disk():
        broker.create_offsets_topic()
        assert commit_to(broker) is ErrorCode.NOT_COORDINATOR
    assert commit_to(broker) is ErrorCode.NONE


def test_a_group_whose_record_is_too_large_does_not_fail_the_others(broker: GroupBroker) -> None:
    broker.configure_topic(CONSUMER_OFFSETS_TOPIC, "max.message.bytes", "2000")
    neighbour = next(name for name in map(str, range(100)) if broker.groups.partition_for(name) == 0)
    large = next(name for name in map(str, range(100, 200)) if broker.groups.partition_for(name) == 0)
    parked = broker.join(neighbour)
    command = commit(large, topic="orders", partitions=100)
    broker.groups.submit(large, command)
    assert error_of(command.reply_to).code is ErrorCode.UNKNOWN_SERVER_ERROR
    assert not parked.done, "it joins on, as nothing went to the log"
    assert commit_to(broker, large) is ErrorCode.NONE
