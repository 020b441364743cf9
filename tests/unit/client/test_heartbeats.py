"""A member beats while its consumer is not polled, until that goes on for too long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.consuming_node import ConsumingNode, consumer_settings
from tests.support.scripted_node import CLOSE
from tests.support.waiting import eventually

from ottla.client.consumer import Consumer, OffsetAndMetadata
from ottla.client.failures import ApiError
from ottla.client.heartbeats import HeartbeatThread
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)
NOT_POLLED = (
    "consumer poll timeout has expired. This means the time between subsequent calls to poll() was longer than the "
    "configured max.poll.interval.ms, which typically implies that the poll loop is spending too much time processing "
    "messages. You can address this either by increasing max.poll.interval.ms or by reducing the maximum size of "
    "batches returned in poll() with max.poll.records. "
    "(org.apache.kafka.clients.consumer.internals.ConsumerCoordinator)"
)


class _Member:
    """A consumer that is a member of its group, and what it heard of its partitions."""

    def __init__(self, node: ConsumingNode, consumer: Consumer) -> None:
        self.node = node
        self.consumer = consumer
        self.heard: list[str] = []
        consumer.subscribe(
            ["t"], **{f"on_{kind}": self._note(kind) for kind in ("assigned", "revoked", "lost")}
        )
        self.poll_until(1)

    def _note(self, kind: str) -> Any:
        return lambda _: self.heard.append(kind)

    def poll_until(self, count: int) -> None:
        """Poll until so much was heard."""
        while len(self.heard) < count:
            self.consumer.poll(0.01)

    def wait_for(self, key: ApiKey, count: int) -> None:
        """Wait, without a poll, until so many requests have come."""
        eventually(lambda: len(self.node.requests(key)) >= count)

    def wait_for_beats(self, count: int) -> None:
        """Wait, without a poll, for so many more heartbeats."""
        self.wait_for(ApiKey.HEARTBEAT, len(self.node.requests(ApiKey.HEARTBEAT)) + count)


@contextmanager
def _member(**changed: Any) -> Iterator[_Member]:
    settings = consumer_settings(group_id="group", **{"heartbeat_interval_ms": 3} | changed)
    with (
        ConsumingNode() as node,
        cluster_of(node.address) as cluster,
        Consumer(cluster, settings) as consumer,
    ):
        yield _Member(node, consumer)


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "heartbeats"]


def test_a_member_beats_between_polls() -> None:
    with _member() as member:
        member.wait_for_beats(5)
        assert member.heard == ["assigned"]
        assert {each.generation_id for each in member.node.requests(ApiKey.HEARTBEAT)} == {1}


def test_the_thread_ends_with_the_consumer_and_only_members_have_one() -> None:
    with _member():
        assert len(_threads()) == 1
    assert not _threads()
    with (
        ConsumingNode() as node,
        cluster_of(node.address) as cluster,
        Consumer(cluster, consumer_settings(group_id="group")) as consumer,
    ):
        consumer.assign([PARTITION])
        consumer.poll(0.0)
        assert not _threads()


def test_a_coordinator_that_was_lost_is_found_again_between_polls() -> None:
    with _member() as member:
        lookups = len(member.node.requests(ApiKey.FIND_COORDINATOR))
        member.node.errors[ApiKey.HEARTBEAT] = [CLOSE, ErrorCode.NOT_COORDINATOR]
        member.wait_for(ApiKey.FIND_COORDINATOR, lookups + 2)
        member.wait_for_beats(2)
        member.consumer.poll(0.0)
        assert member.heard == ["assigned"]


def test_a_member_that_is_to_join_again_beats_until_it_is_polled() -> None:
    with _member() as member:
        member.node.errors[ApiKey.HEARTBEAT] = [ErrorCode.REBALANCE_IN_PROGRESS] * 3
        member.wait_for_beats(5)
        assert member.node.generation == 1
        member.poll_until(3)
        assert member.heard == ["assigned", "revoked", "assigned"]
        assert member.node.generation == 2


def test_a_member_that_is_not_polled_for_too_long_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    with _member(max_poll_interval_ms=200, enable_auto_commit="false") as member:
        member.wait_for(ApiKey.LEAVE_GROUP, 1)
        (leave,) = member.node.requests(ApiKey.LEAVE_GROUP)
        assert [(each.member_id, each.reason) for each in leave.members] == [
            ("member-1", "consumer poll timeout has expired.")
        ]
        with pytest.raises(ApiError) as caught:
            member.consumer.commit({PARTITION: OffsetAndMetadata(1)})
        assert caught.value.java_class == "org.apache.kafka.clients.consumer.CommitFailedException"
        assert not member.node.requests(ApiKey.OFFSET_COMMIT)
        member.poll_until(3)
        assert member.heard == ["assigned", "lost", "assigned"]
        rejoined = member.node.requests(ApiKey.JOIN_GROUP)[-1]
        assert rejoined.member_id == ""
        assert rejoined.reason == "consumer pro-actively leaving the group"
    assert NOT_POLLED in capsys.readouterr().err


def test_a_member_that_left_and_closes_has_lost_its_partitions() -> None:
    with _member(max_poll_interval_ms=50, enable_auto_commit="false") as member:
        member.wait_for(ApiKey.LEAVE_GROUP, 1)
    assert member.heard[-1] == "lost"
    assert len(member.node.requests(ApiKey.LEAVE_GROUP)) == len(member.node.requests(ApiKey.SYNC_GROUP))


def test_what_does_not_pass_is_raised_by_the_next_poll() -> None:
    with _member() as member:
        member.node.errors[ApiKey.HEARTBEAT] = [ErrorCode.FENCED_INSTANCE_ID]
        eventually(lambda: not member.node.errors[ApiKey.HEARTBEAT])
        with pytest.raises(ApiError) as caught:
            member.poll_until(2)
        assert caught.value.code is ErrorCode.FENCED_INSTANCE_ID


def test_nothing_beats_while_somebody_has_the_turn() -> None:
    beats: list[float] = []
    beaten = threading.Event()

    def keep_alive(now_s: float) -> None:
        beats.append(now_s)
        beaten.set()

    heartbeats = HeartbeatThread(keep_alive, 0.003)
    assert beaten.wait(30)
    with heartbeats.turn:
        count = len(beats)
        heartbeats.stop()
        assert len(beats) == count
    assert beats == sorted(beats)
