"""What goes wrong on the way is tried again in order, renumbered where it must be, and given up in time."""

import socket
from typing import Any

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.producing_node import PRODUCER_ID, ProducingNode

from ottla.client.failures import ApiError
from ottla.client.producer import Producer
from ottla.client.producer_settings import ProducerSettings
from ottla.errors import ErrorCode


def _settings(**changed: Any) -> ProducerSettings:
    properties = {"retry.backoff.ms": "1", "retry.backoff.max.ms": "5", "batch.size": "0", "linger.ms": "0"}
    properties |= {key.replace("_", "."): str(value) for key, value in changed.items()}
    return ProducerSettings.from_properties(properties)


def _produce(node: ProducingNode, count: int, **changed: Any) -> list[ApiError | None]:
    """Send so many records, one batch each; return what their callbacks heard."""
    fates: list[ApiError | None] = []
    with cluster_of(node.address) as cluster, Producer(cluster, _settings(**changed)) as producer:
        for number in range(count):
            producer.send("t", None, b"%d" % number, callback=lambda _, error: fates.append(error))
    return fates


def _sequences(node: ProducingNode) -> list[tuple[int, int]]:
    return [(each.header.producer_epoch, each.header.base_sequence) for each in node.offered]


@pytest.mark.parametrize(
    "code", [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.REQUEST_TIMED_OUT]
)
def test_what_passes_is_tried_again_with_the_same_number(code: ErrorCode) -> None:
    with ProducingNode({"t": 1}, [code, code]) as node:
        assert _produce(node, 1) == [None]
        assert _sequences(node) == [(0, 0)] * 3


def test_batches_behind_one_that_came_back_keep_their_order() -> None:
    # What was in flight behind the one that came back is out of order, and comes back too.
    with ProducingNode({"t": 1}, [0, ErrorCode.NOT_ENOUGH_REPLICAS]) as node:
        assert _produce(node, 5) == [None] * 5
        assert node.values() == [b"0", b"1", b"2", b"3", b"4"]
        assert {epoch for epoch, _ in _sequences(node)} == {0}


def test_a_lost_connection_sends_everything_again_in_order() -> None:
    with ProducingNode({"t": 1}, [0, None]) as node:
        assert _produce(node, 4) == [None] * 4
        assert node.values() == [b"0", b"1", b"2", b"3"]


def test_a_batch_that_was_there_already_is_delivered() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.DUPLICATE_SEQUENCE_NUMBER]) as node:
        assert _produce(node, 1) == [None]
        assert len(node.offered) == 1


def test_a_gap_begins_a_new_epoch() -> None:
    with ProducingNode({"t": 1}, [0, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER]) as node:
        assert _produce(node, 2, max_in_flight_requests_per_connection=1) == [None, None]
        assert _sequences(node) == [(0, 0), (0, 1), (1, 0)]
        assert node.values() == [b"0", b"1"]


def test_a_producer_that_the_broker_forgot_begins_anew() -> None:
    with ProducingNode({"t": 1}, [0, ErrorCode.UNKNOWN_PRODUCER_ID]) as node:
        assert _produce(node, 2, max_in_flight_requests_per_connection=1) == [None, None]
        assert _sequences(node) == [(0, 0), (0, 1), (1, 0)]


def test_after_a_refused_batch_the_next_has_a_new_epoch() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.INVALID_RECORD]) as node:
        first, second = _produce(node, 2, max_in_flight_requests_per_connection=1)
        assert first is not None
        assert first.code is ErrorCode.INVALID_RECORD
        assert second is None
        assert _sequences(node) == [(0, 0), (1, 0)]


def test_a_batch_that_is_too_large_for_the_broker_is_halved() -> None:
    refuse = ErrorCode.MESSAGE_TOO_LARGE
    with ProducingNode({"t": 1}, [refuse, refuse]) as node:
        large = {"batch_size": 100_000, "linger_ms": 1000, "max_in_flight_requests_per_connection": 1}
        assert _produce(node, 8, **large) == [None] * 8
        assert [len(each.records) for each in node.offered] == [8, 4, 2, 2, 4]
        assert node.values() == [b"%d" % number for number in range(8)]


def test_halves_keep_their_order_while_others_are_in_flight() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.MESSAGE_TOO_LARGE] * 3) as node:
        assert _produce(node, 40, batch_size=200, linger_ms=1000) == [None] * 40
        assert node.values() == [b"%d" % number for number in range(40)]


def test_a_single_record_that_is_too_large_is_refused() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.MESSAGE_TOO_LARGE]) as node:
        (error,) = _produce(node, 1)
        assert error is not None
        assert error.code is ErrorCode.MESSAGE_TOO_LARGE


def test_retries_are_counted_without_idempotence() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.NOT_ENOUGH_REPLICAS] * 3) as node:
        (error,) = _produce(node, 1, retries=2, enable_idempotence="false")
        assert error is not None
        assert error.code is ErrorCode.NOT_ENOUGH_REPLICAS
        assert len(node.offered) == 3


def test_what_was_tried_for_too_long_is_given_up() -> None:
    with ProducingNode({"t": 1}, [ErrorCode.NOT_ENOUGH_REPLICAS] * 10_000) as node:
        (error,) = _produce(node, 1, delivery_timeout_ms=50, request_timeout_ms=50, retry_backoff_max_ms=10)
        assert error is not None
        assert error.code in {ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.REQUEST_TIMED_OUT}


def test_what_could_not_be_sent_in_time_expires_in_kafkas_words() -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        fates: list[str] = []
        settings = _settings(delivery_timeout_ms=60, request_timeout_ms=60)
        with Producer(cluster, settings) as producer:
            producer.partitions_for("t")
            cluster.close()
            with socket.create_server(("127.0.0.1", 0)) as taken:
                gone = taken.getsockname()[1]
            node.port, cluster.nodes = gone, {1: cluster.nodes[1]._replace(port=gone)}
            producer.send("t", None, b"", callback=lambda _, error: fates.append(str(error)))
    assert len(fates) == 1
    assert "record(s) for t-0:" in fates[0] or "Disconnected from node 1" in fates[0]


def test_one_request_has_a_batch_of_each_partition() -> None:
    with ProducingNode({"t": 4}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(batch_size=1000, linger_ms=1000)) as producer:
            for number in range(4):
                producer.send("t", None, b"", partition=number)
        assert len(node.offered) == 4
        assert len([key for key, _, _ in node.asked if key.name == "PRODUCE"]) == 1


def test_one_producer_id_is_asked_for_and_none_without_idempotence() -> None:
    with ProducingNode({"t": 1}) as node:
        _produce(node, 3)
        assert {each.header.producer_id for each in node.offered} == {PRODUCER_ID}
        assert len(node.producer_ids) == 1
        _produce(node, 1, enable_idempotence="false")
        assert node.offered[-1].header.producer_id == -1
        assert len(node.producer_ids) == 1
