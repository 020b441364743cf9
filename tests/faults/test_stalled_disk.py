"""While every write waits for a disk that does not answer, whoever needs no write is served.

The disk stalls until the test lets it go on, so nothing here depends on how long anything takes: an answer that comes
while the disk stalls has not waited for it. The figures are those of `python -m tests.benchmarks.stalls`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.live_broker import LiveBroker
from tests.support.scrape import scrape
from tests.support.stalling_files import StallingFiles
from tests.support.waiting import eventually

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.api_versions import ApiVersionsRequest
from ottla.protocol.messages.describe_groups import DescribeGroupsRequest
from ottla.protocol.messages.list_groups import ListGroupsRequest

HEARTBEATS = 50


@pytest.fixture
def files() -> StallingFiles:
    return StallingFiles()


@pytest.fixture
def live(tmp_path: Path, files: StallingFiles) -> Iterator[LiveBroker]:
    with LiveBroker(tmp_path, files, {"ottla.metrics.port": "0"}) as live:
        with live.client() as client:
            assert client.create_topic("orders") == ErrorCode.NONE
            assert client.create_topic("elsewhere") == ErrorCode.NONE
        yield live
    assert not live.bugs.lines


def test_only_writers_wait_for_a_stalled_disk(live: LiveBroker, files: StallingFiles) -> None:
    with live.client() as producer, live.client() as committer, live.client() as other:
        member = other.join_alone("readers")
        lonely = other.join_alone("others")
        assert producer.produce("orders", b"before").error_code == ErrorCode.NONE
        files.be_slow_once(other)
        with files.stall():
            producer.send_produce("orders", b"stalled")
            committer.send_commit("readers", "orders", 1, member)
            eventually(lambda: files.waiting > 0)
            for _ in range(HEARTBEATS):
                assert other.heartbeat("readers", member) == ErrorCode.NONE
                assert other.heartbeat("others", lonely) == ErrorCode.NONE
                assert other.metadata_codes("orders", "elsewhere") == [ErrorCode.NONE] * 4
            assert other.committed_offset("readers", "orders") == -1
            assert other.read_all("orders") == [b"before"]
            assert other.ask(ApiKey.API_VERSIONS, 0, ApiVersionsRequest()).error_code == ErrorCode.NONE
            described = other.ask(ApiKey.DESCRIBE_GROUPS, 5, DescribeGroupsRequest(groups=["readers"])).groups
            assert [group.group_state for group in described] == ["Stable"]
            listed = other.ask(ApiKey.LIST_GROUPS, 4, ListGroupsRequest()).groups
            assert {group.group_id for group in listed} == {"readers", "others"}
        assert producer.produced().base_offset == 1
        assert committer.committed() == ErrorCode.NONE
        assert other.read_all("orders") == [b"before", b"stalled"]
        assert other.committed_offset("readers", "orders") == 1


def test_a_stalled_metadata_log_holds_up_nobody_but_those_who_change_metadata(
    live: LiveBroker, files: StallingFiles
) -> None:
    with live.client() as admin, live.client() as other:
        member = other.join_alone("readers")
        with files.stall("__cluster_metadata"):
            creating = threading.Thread(target=lambda: admin.create_topic("late"))
            creating.start()
            eventually(lambda: files.waiting > 0)
            assert other.heartbeat("readers", member) == ErrorCode.NONE
            assert other.produce("orders", b"meanwhile").error_code == ErrorCode.NONE
            assert other.commit("readers", "orders", 1, member) == ErrorCode.NONE
            assert other.metadata_codes("late") == []
        creating.join(60)
        assert other.metadata_codes("late") == [ErrorCode.NONE] * 2


def test_the_members_of_a_group_outlive_a_stall(live: LiveBroker, files: StallingFiles) -> None:
    """A commit that waited for the disk has been a sign of life, and so has each heartbeat beside it."""
    with live.client() as committer, live.client() as other:
        member = other.join_alone("readers")
        files.be_slow_once(other)
        with files.stall("__consumer_offsets"):
            committer.send_commit("readers", "orders", 1, member)
            eventually(lambda: files.waiting > 0)
            assert other.heartbeat("readers", member) == ErrorCode.NONE
        assert committer.committed() == ErrorCode.NONE
        assert other.heartbeat("readers", member) == ErrorCode.NONE
        assert committer.commit("readers", "orders", 2, member) == ErrorCode.NONE


def test_a_stalled_fsync_holds_up_only_who_asked_for_it(live: LiveBroker, files: StallingFiles) -> None:
    with live.client() as flushing, live.client() as other:
        assert flushing.create_topic("flushed", flush_messages="1") == ErrorCode.NONE
        with files.stall("flushed-0", "fsync"):
            flushing.send_produce("flushed", b"durable")
            eventually(lambda: files.waiting > 0)
            assert other.produce("orders", b"meanwhile").error_code == ErrorCode.NONE
            assert other.metadata_codes("flushed") == [ErrorCode.NONE] * 2
        assert flushing.produced().base_offset == 0


def test_metrics_tell_of_a_stalled_disk_while_it_stalls(live: LiveBroker, files: StallingFiles) -> None:
    metrics = live.broker._metrics
    assert metrics is not None
    with live.client() as producer, live.client() as other:
        files.be_slow_once(other)
        with files.stall():
            producer.send_produce("orders", b"stalled")
            eventually(lambda: files.waiting > 0)
            said = scrape(metrics.port)
        assert said.value("ottla_writer_is_threaded") == 1
        assert said.value("ottla_disk_jobs_waiting", kind="write") == 1
        assert said.value("ottla_requests_waiting", request="Produce") == 1
        assert said.value("kafka_topic_partition_current_offset", topic="orders", partition="0") == 0
        assert producer.produced().base_offset == 0
