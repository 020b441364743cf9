"""What a consumer commits, and when it says no."""

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.consuming_node import ConsumingNode, consumer_settings, read_values

from ottla.client.consumer import Consumer, OffsetAndMetadata
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)


def test_commit_stores_what_was_read() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 20)
        settings = consumer_settings(group_id="group", max_poll_records=7, enable_auto_commit="false")
        with Consumer(cluster, settings) as consumer:
            consumer.assign([PARTITION])
            read_values(consumer, 7)
            consumer.commit()
            assert node.committed == {PARTITION: 7}
            assert consumer.committed([PARTITION, TopicPartition("t", 1)]) == {
                PARTITION: OffsetAndMetadata(7, -1)
            }
            consumer.commit({PARTITION: OffsetAndMetadata(3)})
        assert node.committed == {PARTITION: 3}


def test_auto_commit_stores_what_the_poll_before_returned() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 10)
        settings = consumer_settings(group_id="group", max_poll_records=5, auto_commit_interval_ms=0)
        with Consumer(cluster, settings) as consumer:
            consumer.assign([PARTITION])
            read_values(consumer, 5)
            read_values(consumer, 5)
            while node.committed.get(PARTITION) != 10:
                assert not consumer.poll(0.0)
        assert set(committed_offsets(node)) <= {0, 5, 10}


def committed_offsets(node: ConsumingNode) -> list[int]:
    """Return the offsets that were committed, in their order."""
    return [
        row.committed_offset
        for request in node.requests(ApiKey.OFFSET_COMMIT)
        for topic in request.topics
        for row in topic.partitions
    ]


def test_close_commits_the_rest() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 20)
        consumer = Consumer(cluster, consumer_settings(group_id="group"))
        consumer.assign([PARTITION])
        read_values(consumer, 20)
        assert not node.committed
        consumer.close()
        consumer.close()
        assert node.committed == {PARTITION: 20}


def test_groups_need_a_name() -> None:
    with (
        ConsumingNode() as node,
        cluster_of(node.address) as cluster,
        Consumer(cluster, consumer_settings()) as consumer,
    ):
        for refused in (lambda: consumer.subscribe(["t"]), consumer.commit):
            if refused == consumer.commit:
                consumer.assign([PARTITION])
                consumer.seek(PARTITION, 0)
            with pytest.raises(ApiError, match=r"you must provide a valid group\.id") as caught:
                refused()
            assert caught.value.code is ErrorCode.INVALID_GROUP_ID


def test_a_poll_returns_in_time_when_nobody_is_there() -> None:
    with (
        ConsumingNode() as node,
        cluster_of(node.address) as cluster,
        Consumer(cluster, consumer_settings()) as consumer,
    ):
        consumer.assign([PARTITION])
        node.errors[ApiKey.METADATA] = [ErrorCode.NONE]
        node.leaders = [-1]
        assert consumer.poll(0.05) == []
