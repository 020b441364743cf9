"""Fetches run one answer ahead, survive errors that pass, and never give a record twice."""

from typing import Any

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.consuming_node import ConsumingNode, consumer_settings, read_values
from tests.support.scripted_node import CLOSE

from ottla.client.consumer import Consumer
from ottla.client.consumer_settings import READ_COMMITTED
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.fetch import AbortedTransaction
from ottla.records.builder import NewRecord, build_batch
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)


@pytest.mark.parametrize("most", [1, 7, 500])
def test_records_come_in_order_in_bites(most: int) -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 95)
        with Consumer(cluster, consumer_settings(max_poll_records=most)) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 95) == list(range(95))
            assert consumer.position(PARTITION) == 95
            assert len(consumer.poll(0.0)) == 0


def test_the_next_answer_is_asked_for_while_the_last_isread_values() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 100)
        with Consumer(cluster, consumer_settings(max_poll_records=1)) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 1) == [0]
            # Nothing but the first record was read: one answer is being read, one waits, and none is asked for.
            while len(consumer._fetcher.connections()):
                consumer._fetcher.receive()
            consumer._fetcher.send_due()
            assert [each.topics[0].partitions[0].fetch_offset for each in node.requests(ApiKey.FETCH)] == [
                0,
                20,
            ]
            assert not consumer._fetcher.connections()
            assert read_values(consumer, 19) == list(range(1, 20))
            assert read_values(consumer, 80) == list(range(20, 100))


def test_a_seek_throws_away_what_was_fetched() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 60)
        with Consumer(cluster, consumer_settings(max_poll_records=5)) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 5) == list(range(5))
            consumer.seek(PARTITION, 43)
            assert read_values(consumer, 5) == list(range(43, 48))
            consumer.seek(PARTITION, 2)
            assert read_values(consumer, 5) == list(range(2, 7))


def test_a_session_is_told_what_changed() -> None:
    with ConsumingNode(partitions=2, session_id=9) as node, cluster_of(node.address) as cluster:
        node.fill(0, 40)
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION, TopicPartition("t", 1)])
            assert read_values(consumer, 40) == list(range(40))
        first, second = node.requests(ApiKey.FETCH)[:2]
        assert (first.session_id, first.session_epoch, len(first.topics[0].partitions)) == (0, 0, 2)
        assert (second.session_id, second.session_epoch) == (9, 1)
        assert [row.partition for row in second.topics[0].partitions] == [0]


@pytest.mark.parametrize(
    "code", [ErrorCode.FETCH_SESSION_ID_NOT_FOUND, ErrorCode.INVALID_FETCH_SESSION_EPOCH]
)
def test_a_lost_session_begins_anew(code: ErrorCode) -> None:
    with ConsumingNode(session_id=9) as node, cluster_of(node.address) as cluster:
        node.fill(0, 40)
        node.errors[ApiKey.FETCH] = [0, code]
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 40) == list(range(40))
        third = node.requests(ApiKey.FETCH)[2]
        assert third.session_epoch == 0
        assert third.topics[0].partitions[0].fetch_offset == 20


@pytest.mark.parametrize(
    "reaction",
    [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.UNKNOWN_LEADER_EPOCH, ErrorCode.UNKNOWN_TOPIC_ID, CLOSE],
)
def test_what_passes_is_asked_again(reaction: Any) -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 30)
        node.errors[ApiKey.FETCH] = [reaction, 0, reaction]
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 30) == list(range(30))


def test_a_leader_that_moved_is_followed() -> None:
    with ConsumingNode() as old, ConsumingNode() as new, cluster_of(old.address) as cluster:
        old.fill(0, 20)
        new.fill(0, 40)
        old.ports[2] = new.port
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 20) == list(range(20))
            old.leaders = [2]
            old.errors[ApiKey.FETCH] = [ErrorCode.NOT_LEADER_OR_FOLLOWER]
            assert read_values(consumer, 20) == list(range(20, 40))


def test_an_offset_out_of_range_is_reset() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 20)
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            consumer.seek(PARTITION, 1000)
            assert read_values(consumer, 20) == list(range(20))


def test_an_offset_out_of_range_is_told_where_nothing_resets_it() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.fill(0, 20)
        with Consumer(cluster, consumer_settings(auto_offset_reset="none")) as consumer:
            consumer.assign([PARTITION])
            consumer.seek(PARTITION, 1000)
            with pytest.raises(ApiError) as caught:
                read_values(consumer, 1)
    assert caught.value.java_class == "org.apache.kafka.clients.consumer.OffsetOutOfRangeException"


def test_what_does_not_pass_is_raised() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        node.errors[ApiKey.FETCH] = [ErrorCode.TOPIC_AUTHORIZATION_FAILED]
        with Consumer(cluster, consumer_settings()) as consumer:
            consumer.assign([PARTITION])
            with pytest.raises(ApiError, match=r"Not authorized to access topics: \[t\]"):
                read_values(consumer, 1)


def test_aborted_records_are_left_out_of_what_is_committed() -> None:
    with ConsumingNode() as node, cluster_of(node.address) as cluster:
        plain = build_batch([NewRecord(None, b"0")], now_ms=0)
        aborted = build_batch(
            [NewRecord(None, b"1")],
            now_ms=0,
            base_offset=1,
            producer_id=7,
            producer_epoch=0,
            base_sequence=0,
            transactional=True,
        )
        last = build_batch([NewRecord(None, b"2")], now_ms=0, base_offset=2)
        node.logs[0] = bytes(plain + aborted + last)
        node.aborted = [AbortedTransaction(producer_id=7, first_offset=1)]
        with Consumer(cluster, consumer_settings(isolation_level="read_committed")) as consumer:
            consumer.assign([PARTITION])
            assert read_values(consumer, 2) == [0, 2]
        assert {each.isolation_level for each in node.requests(ApiKey.FETCH)} == {READ_COMMITTED}
