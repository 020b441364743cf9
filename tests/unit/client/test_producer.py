"""A producer delivers what it was given, in order, and tells each record's fate."""

from typing import Any

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.producing_node import ProducingNode

from ottla.client.failures import ApiError, RequestTimeoutError
from ottla.client.partitioner import partition_for_key
from ottla.client.producer import Producer, RecordMetadata
from ottla.client.producer_settings import ProducerSettings
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.records.compression import Codec

Heard = list[tuple[RecordMetadata, ApiError | None]]


def _settings(**changed: Any) -> ProducerSettings:
    properties = {"retry.backoff.ms": "1", "retry.backoff.max.ms": "5"}
    properties |= {key.replace("_", "."): str(value) for key, value in changed.items()}
    return ProducerSettings.from_properties(properties)


def test_records_arrive_as_they_were_sent() -> None:
    heard: Heard = []
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings()) as producer:
            producer.send(
                "t",
                b"k",
                b"v",
                [("h", b"1"), ("h", None)],
                timestamp_ms=7,
                callback=lambda *fate: heard.append(fate),
            )
            producer.send("t", None, None, timestamp_ms=9, callback=lambda *fate: heard.append(fate))
        first, second = node.kept()
        assert first == (0, 7, b"k", b"v", (("h", b"1"), ("h", None)))
        assert second[1:4] == (9, None, None)
    assert heard == [
        (RecordMetadata("t", 0, 0, 7, 1, 1), None),
        (RecordMetadata("t", 0, 1, 9, -1, -1), None),
    ]


def test_keys_choose_partitions_and_numbers_override_them() -> None:
    with ProducingNode({"t": 5}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings()) as producer:
            for number in range(20):
                producer.send("t", b"%d" % number, None)
            producer.send("t", b"0", b"here", partition=4)
        for offered in node.offered:
            for record in offered.records:
                assert record.key is not None
                expected = 4 if record.value else partition_for_key(record.key, 5)
                assert offered.partition.partition == expected


def test_records_without_key_fill_one_batch_before_the_next_partition() -> None:
    with ProducingNode({"t": 8}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(batch_size=1000, linger_ms=1000)) as producer:
            for number in range(100):
                producer.send("t", None, b"%050d" % number)
        assert sorted(value for value in node.values() if value) == [
            b"%050d" % number for number in range(100)
        ]
        sizes = [len(offered.records) for offered in node.offered]
        assert max(sizes) >= 15
        assert len({offered.partition for offered in node.offered}) > 1


def test_keys_may_be_ignored() -> None:
    with ProducingNode({"t": 8}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(partitioner_ignore_keys="true", linger_ms=1000)) as producer:
            for number in range(20):
                producer.send("t", b"%d" % number, None)
        assert len(node.offered) == 1


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_batches_are_compressed_and_grow_as_they_compress(codec: str) -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(compression_type=codec, batch_size=2000)) as producer:
            for number in range(3000):
                producer.send("t", None, b"%0100d" % number)
        assert node.values() == [b"%0100d" % number for number in range(3000)]
        assert {offered.header.codec for offered in node.offered} == {Codec[codec.upper()]}
        assert len(node.offered[-2].records) > len(node.offered[0].records)


def test_order_is_kept_over_many_requests_in_flight() -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(batch_size=200, linger_ms=0)) as producer:
            for number in range(500):
                producer.send("t", None, b"%d" % number)
        assert node.values() == [b"%d" % number for number in range(500)]
        ends = [offered.header.last_sequence + 1 for offered in node.offered]
        assert [offered.header.base_sequence for offered in node.offered] == [0, *ends[:-1]]


def test_the_append_time_of_the_topic_is_told() -> None:
    heard: Heard = []
    with (
        ProducingNode({"t": 1}, log_append_time_ms=99) as node,
        cluster_of(node.address) as cluster,
        Producer(cluster, _settings()) as producer,
    ):
        producer.send("t", None, b"", timestamp_ms=1, callback=lambda *fate: heard.append(fate))
    assert heard[0][0].timestamp_ms == 99


def test_without_acks_nothing_is_waited_for() -> None:
    heard: Heard = []
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(acks=0)) as producer:
            producer.send("t", None, b"x", callback=lambda *fate: heard.append(fate))
        cluster.metadata(["t"])  # the node has read what came before it
        assert heard[0][0].offset == -1
        assert heard[0][1] is None
        assert node.offered[0].header.producer_id == -1


def test_a_record_that_is_too_large_is_refused_at_once() -> None:
    heard: Heard = []
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(max_request_size=1000)) as producer:
            with pytest.raises(
                ApiError, match=r"which is larger than 1000, which is the value of the max\.request"
            ):
                producer.send("t", None, bytes(1000))
            producer.send("t", None, bytes(1000), callback=lambda *fate: heard.append(fate))
            assert heard[0][0] == RecordMetadata("t", -1, -1, -1, -1, 1000)
            producer.send("t", None, b"fits")
        assert node.values() == [b"fits"]


def test_a_topic_that_is_not_there_is_waited_for_and_then_told() -> None:
    with (
        ProducingNode({}) as node,
        cluster_of(node.address) as cluster,
        Producer(cluster, _settings(max_block_ms=20)) as producer,
        pytest.raises(RequestTimeoutError) as caught,
    ):
        producer.send("t", None, b"")
    assert str(caught.value) == "Topic t not present in metadata after 20 ms."


def test_a_topic_that_comes_is_produced_to() -> None:
    with ProducingNode({}) as node, cluster_of(node.address) as cluster:
        node.on_metadata = lambda: node.topics.update({"t": 1}) if len(node.asked) > 3 else None
        with Producer(cluster, _settings()) as producer:
            producer.send("t", None, b"late")
        assert node.values() == [b"late"]
        lookups = [each for each in node.requests(ApiKey.METADATA) if each.topics]
        assert all(request.allow_auto_topic_creation for request in lookups)


def test_a_partition_that_is_not_there_is_told() -> None:
    with (
        ProducingNode({"t": 2}) as node,
        cluster_of(node.address) as cluster,
        Producer(cluster, _settings(max_block_ms=20)) as producer,
        pytest.raises(RequestTimeoutError) as caught,
    ):
        producer.send("t", None, b"", partition=2)
    assert str(caught.value) == (
        "Partition 2 of topic t with partition count 2 is not present in metadata after 20 ms."
    )


def test_what_waits_stays_within_buffer_memory() -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(buffer_memory=5000, batch_size=1000, linger_ms=60_000)) as producer:
            for number in range(200):
                producer.send("t", None, b"%0100d" % number)
                assert producer._pending_bytes <= 5200
        assert len(node.kept()) == 200
        assert producer._pending_bytes == 0


def test_linger_ends_while_polled_and_not_before() -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        with Producer(cluster, _settings(linger_ms=50)) as producer:
            producer.send("t", None, b"x")
            producer.poll(0)
            assert not node.offered
            heard: Heard = []
            producer.send("t", None, b"y", callback=lambda *fate: heard.append(fate))
            while not heard:
                producer.poll(1.0)
        assert node.values() == [b"x", b"y"]
        assert len(node.offered) == 1


def test_a_callback_may_send_more() -> None:
    with ProducingNode({"t": 1}) as node, cluster_of(node.address) as cluster:
        producer = Producer(cluster, _settings())

        def again(*_: Any) -> None:
            producer.send("t", None, b"second")

        producer.send("t", None, b"first", callback=again)
        producer.flush()
        assert node.values() == [b"first", b"second"]
        producer.close()


def test_an_error_that_no_callback_hears_is_raised_by_flush() -> None:
    with (
        ProducingNode({"t": 1}, [ErrorCode.TOPIC_AUTHORIZATION_FAILED]) as node,
        cluster_of(node.address) as cluster,
        Producer(cluster, _settings()) as producer,
    ):
        producer.send("t", None, b"x")
        with pytest.raises(ApiError) as caught:
            producer.flush()
        assert caught.value.code is ErrorCode.TOPIC_AUTHORIZATION_FAILED
        producer.flush()


def test_a_close_that_takes_too_long_gives_up_and_says_so() -> None:
    heard: Heard = []
    refusals = [ErrorCode.NOT_ENOUGH_REPLICAS] * 10_000
    with ProducingNode({"t": 1}, refusals) as node, cluster_of(node.address) as cluster:
        producer = Producer(cluster, _settings())
        producer.send("t", None, b"x", callback=lambda *fate: heard.append(fate))
        producer.close(0.05)
    assert [str(error) for _, error in heard] == ["Producer is closed forcefully."]
