"""Where a consumer starts."""

from typing import Any

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.consuming_node import NOW_MS, ConsumingNode, consumer_settings, read_values

from ottla.client.consumer import Consumer
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)


def _consume(node: ConsumingNode, count: int, **changed: Any) -> list[int]:
    with cluster_of(node.address) as cluster, Consumer(cluster, consumer_settings(**changed)) as consumer:
        consumer.assign([PARTITION])
        return read_values(consumer, count)


def test_a_committed_offset_comes_first() -> None:
    with ConsumingNode() as node:
        node.fill(0, 20)
        node.committed[PARTITION] = 13
        assert _consume(node, 7, group_id="group") == list(range(13, 20))


def test_without_one_the_policy_decides() -> None:
    with ConsumingNode() as node:
        node.fill(0, 20)
        assert _consume(node, 20, group_id="group") == list(range(20))


def test_none_is_told_in_kafkas_words() -> None:
    with ConsumingNode() as node, pytest.raises(ApiError) as caught:
        _consume(node, 1, group_id="group", auto_offset_reset="none")
    assert caught.value.java_text() == (
        "org.apache.kafka.clients.consumer.NoOffsetForPartitionException: "
        "Undefined offset with no reset policy for partitions: [t-0]"
    )


def test_a_duration_looks_back_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: (NOW_MS + 15 + 5000) * 1_000_000)
    with ConsumingNode() as node:
        node.fill(0, 20)
        assert _consume(node, 5, auto_offset_reset="by_duration:PT5S") == list(range(15, 20))


def test_the_end_and_the_beginning_can_be_sought() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 20)
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            consumer.seek_to_end()
            assert consumer.position(PARTITION) == 20
            assert consumer.poll(0.0) == []
            consumer.seek_to_beginning()
            assert read_values(consumer, 20) == list(range(20))


def test_a_lookup_that_fails_for_now_is_tried_again() -> None:
    with ConsumingNode() as node:
        node.fill(0, 5)
        node.errors[ApiKey.LIST_OFFSETS] = [ErrorCode.LEADER_NOT_AVAILABLE, ErrorCode.NOT_LEADER_OR_FOLLOWER]
        node.errors[ApiKey.OFFSET_FETCH] = [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_COORDINATOR]
        assert _consume(node, 5, group_id="group") == list(range(5))
