"""Our own producer and consumer against a broker, Ottla's or Apache Kafka's, and beside a client that others wrote."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer

from ottla.cli.group_requests import describe_group
from ottla.client.cluster import Cluster
from ottla.client.consumer import Consumer
from ottla.client.consumer_settings import ConsumerSettings
from ottla.client.failures import ApiError
from ottla.client.leaders import EARLIEST, LATEST, FoundOffset, list_offsets
from ottla.client.producer import Producer, RecordMetadata
from ottla.client.producer_settings import ProducerSettings
from ottla.client.properties import ClientConfig
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.protocol.messages.sync_group import SyncGroupRequest
from ottla.types import TopicPartition
from tests.support.answer_gate import AnswerGate
from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually
from tests.system.conftest import StartBroker

DEADLINE_S = 60.0


@pytest.fixture
def cluster(broker: RunningBroker) -> Iterator[Cluster]:
    with _cluster(broker.bootstrap) as cluster:
        yield cluster


def _cluster(bootstrap: str) -> Cluster:
    return Cluster(ClientConfig.from_properties({}, bootstrap_servers=bootstrap))


def _create(cluster: Cluster, topic: str, partitions: int = 1) -> None:
    row = CreatableTopic(name=topic, num_partitions=partitions, replication_factor=1)
    response = cluster.ask_controller(CreateTopicsRequest(topics=[row], timeout_ms=30_000))
    assert response.topics[0].error_code == 0


def _produce(cluster: Cluster, topic: str, values: list[bytes], **properties: str) -> list[RecordMetadata]:
    told: list[RecordMetadata] = []

    def hear(metadata: RecordMetadata, error: ApiError | None) -> None:
        assert error is None, error
        told.append(metadata)

    settings = ProducerSettings.from_properties(
        {key.replace("_", "."): text for key, text in properties.items()}
    )
    with Producer(cluster, settings) as producer:
        for value in values:
            producer.send(topic, None, value, callback=hear)
    return told


def _consumer(cluster: Cluster, **properties: str) -> Consumer:
    chosen = {"auto.offset.reset": "earliest"} | {
        key.replace("_", "."): text for key, text in properties.items()
    }
    return Consumer(cluster, ConsumerSettings.from_properties(chosen))


def _read(consumer: Consumer, count: int) -> list[Any]:
    records: list[Any] = []
    deadline_s = time.monotonic() + DEADLINE_S
    while len(records) < count:
        assert time.monotonic() < deadline_s, f"{len(records)} of {count} records came"
        records += consumer.poll(1.0)
    return records


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_is_produced_is_consumed(cluster: Cluster, name: str, codec: str) -> None:
    _create(cluster, name)
    values = [b"%d" % number * (number % 40) for number in range(5000)]
    told = _produce(cluster, name, values, compression_type=codec)
    assert [metadata.offset for metadata in told] == list(range(5000))
    with _consumer(cluster) as consumer:
        consumer.assign([TopicPartition(name, 0)])
        records = _read(consumer, 5000)
    assert [record.value for record in records] == values
    assert [record.offset for record in records] == list(range(5000))


def test_keys_headers_and_times_go_both_ways(cluster: Cluster, broker: RunningBroker, name: str) -> None:
    _create(cluster, name, 3)
    with Producer(cluster, ProducerSettings()) as producer:
        for number in range(30):
            headers = [("first", b"%d" % number), ("none", None), ("first", b"again")]
            producer.send(name, b"key-%d" % number, b"ours", headers, timestamp_ms=1_700_000_000_000 + number)
    theirs = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(30):
        theirs.send(name, key=b"key-%d" % number, value=b"theirs")
    theirs.close()
    with _consumer(cluster) as consumer:
        consumer.assign([TopicPartition(name, number) for number in range(3)])
        records = _read(consumer, 60)
    by_key: dict[bytes, set[int]] = {}
    for record in records:
        by_key.setdefault(record.key, set()).add(record.partition)
        if record.value == b"ours":
            number = int(record.key[4:])
            assert record.timestamp_ms == 1_700_000_000_000 + number
            expected = (("first", b"%d" % number), ("none", None), ("first", b"again"))
            assert record.headers == expected
    assert len(by_key) == 30
    assert all(len(partitions) == 1 for partitions in by_key.values())


def test_other_clients_read_what_ours_wrote(cluster: Cluster, broker: RunningBroker, name: str) -> None:
    _create(cluster, name)
    values = [b"%d" % number for number in range(1000)]
    _produce(cluster, name, values, compression_type="lz4")
    consumer = KafkaConsumer(
        name, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    read = [record.value for _, record in zip(range(1000), consumer, strict=False)]
    consumer.close()
    assert read == values


def test_offsets_are_found_by_name_and_time(cluster: Cluster, name: str) -> None:
    _create(cluster, name)
    partition = TopicPartition(name, 0)
    with Producer(cluster, ProducerSettings()) as producer:
        for number in range(10):
            producer.send(name, None, b"", timestamp_ms=1_700_000_000_000 + 1000 * number)
    for wanted, offset in ((EARLIEST, 0), (LATEST, 10), (1_700_000_004_500, 5), (1_800_000_000_000, -1)):
        found = list_offsets(cluster, {partition: wanted}, TopicMetadata(cluster, 300_000))[partition]
        assert isinstance(found, FoundOffset)
        assert found.offset == offset


def test_a_group_shares_out_and_takes_over(cluster: Cluster, broker: RunningBroker, name: str) -> None:
    _create(cluster, name, 4)
    values = [b"%d" % number for number in range(400)]
    with Producer(cluster, ProducerSettings()) as producer:
        for number, value in enumerate(values):
            producer.send(name, None, value, partition=number % 4)
    with _cluster(broker.bootstrap) as other_cluster, _consumer(cluster, group_id=name) as first:
        first.subscribe([name])
        assert sorted(record.value for record in _read(first, 400)) == sorted(values)
        assert len(first.assignment()) == 4
        first.commit()
        second = _consumer(other_cluster, group_id=name)
        second.subscribe([name])
        _poll_until(lambda: len(first.assignment()) == len(second.assignment()) == 2, first, second)
        assert sorted(first.assignment() + second.assignment()) == [TopicPartition(name, n) for n in range(4)]
        second.close()
        _poll_until(lambda: len(first.assignment()) == 4, first)
        _produce(cluster, name, [b"more"])
        assert [record.value for record in _read(first, 1)] == [b"more"]


@pytest.mark.parametrize("assignor", ["CooperativeSticky", "Sticky", "RoundRobin"])
def test_every_assignor_reads_everything_once(
    cluster: Cluster, broker: RunningBroker, name: str, assignor: str
) -> None:
    _create(cluster, name, 5)
    strategy = f"org.apache.kafka.clients.consumer.{assignor}Assignor"
    with (
        _cluster(broker.bootstrap) as other_cluster,
        _consumer(cluster, group_id=name, partition_assignment_strategy=strategy) as first,
        _consumer(other_cluster, group_id=name, partition_assignment_strategy=strategy) as second,
    ):
        first.subscribe([name])
        _poll_until(lambda: len(first.assignment()) == 5, first)
        second.subscribe([name])
        _poll_until(
            lambda: len(first.assignment()) + len(second.assignment()) == 5 and second.assignment() != [],
            first,
            second,
        )
        with Producer(cluster, ProducerSettings()) as producer:
            for number in range(500):
                producer.send(name, None, b"%d" % number, partition=number % 5)
        records: list[Any] = []
        _poll_until(lambda: len(records) >= 500, first, second, into=records)
    assert sorted(int(record.value) for record in records) == list(range(500))


def test_ours_and_theirs_share_a_group(cluster: Cluster, broker: RunningBroker, name: str) -> None:
    _create(cluster, name, 2)
    theirs = KafkaConsumer(
        name,
        bootstrap_servers=broker.bootstrap,
        group_id=name,
        auto_offset_reset="earliest",
        client_id="theirs",
    )
    is_shared = Event()

    def poll_theirs() -> None:
        # kafka-python 3 forgets a join during which a `poll` times out.
        while not is_shared.is_set():
            theirs.poll(timeout_ms=1000)

    with _consumer(cluster, group_id=name) as ours, ThreadPoolExecutor(1) as thread:
        ours.subscribe([name])
        polling = thread.submit(poll_theirs)
        try:
            _poll_until(lambda: len(ours.assignment()) == len(theirs.assignment()) == 1, ours)
        finally:
            is_shared.set()
        polling.result()
    theirs.close()


def test_a_static_member_comes_back_without_a_rebalance(
    cluster: Cluster, broker: RunningBroker, name: str
) -> None:
    _create(cluster, name, 2)
    heard: list[str] = []
    with _cluster(broker.bootstrap) as other_cluster, _consumer(cluster, group_id=name) as witness:
        static = {"group_id": name, "group_instance_id": "static-1"}
        first = _consumer(other_cluster, **static)
        first.subscribe([name])
        witness.subscribe([name], on_revoked=lambda _: heard.append("revoked"))
        _poll_until(lambda: len(witness.assignment()) == len(first.assignment()) == 1, first, witness)
        held = first.assignment()
        first.close()
        heard.clear()
        again = _consumer(other_cluster, **static)
        again.subscribe([name])
        _poll_until(lambda: again.assignment() == held, again, witness)
        again.close()
        assert not heard


def test_committed_offsets_outlive_a_member(cluster: Cluster, name: str) -> None:
    _create(cluster, name)
    _produce(cluster, name, [b"%d" % number for number in range(100)])
    with _consumer(cluster, group_id=name, max_poll_records="30") as consumer:
        consumer.subscribe([name])
        first = _read(consumer, 30)
    with _consumer(cluster, group_id=name) as consumer:
        consumer.subscribe([name])
        rest = _read(consumer, 70)
    assert [int(record.value) for record in first + rest] == list(range(100))


def test_a_start_by_duration_leaves_older_records_out(cluster: Cluster, name: str) -> None:
    _create(cluster, name)
    now_ms = time.time_ns() // 1_000_000
    with Producer(cluster, ProducerSettings()) as producer:
        producer.send(name, None, b"old", timestamp_ms=now_ms - 7_200_000)
        producer.send(name, None, b"new", timestamp_ms=now_ms)
    with _consumer(cluster, auto_offset_reset="by_duration:PT1H") as consumer:
        consumer.assign([TopicPartition(name, 0)])
        assert [record.value for record in _read(consumer, 1)] == [b"new"]


def test_a_record_larger_than_the_topic_takes_is_refused(cluster: Cluster, name: str) -> None:
    _create(cluster, name)
    fates: list[ApiError | None] = []
    settings = ProducerSettings.from_properties({"max.request.size": "5000000", "buffer.memory": "50000000"})
    with Producer(cluster, settings) as producer:
        producer.send(name, None, bytes(2_000_000), callback=lambda _, error: fates.append(error))
        producer.send(name, None, b"fits", callback=lambda _, error: fates.append(error))
    assert fates[0] is not None
    assert fates[0].code is ErrorCode.MESSAGE_TOO_LARGE
    assert fates[1] is None


def test_records_come_once_and_in_order_through_lost_answers(start_broker: StartBroker, name: str) -> None:
    with AnswerGate() as gate:
        broker = start_broker(gate.advertised)
        gate.broker_port = broker.port
        # What is asked for while answers are held back is to be late soon.
        properties = {"request.timeout.ms": "3000"}
        with Cluster(ClientConfig.from_properties(properties, bootstrap_servers=gate.address)) as cluster:
            _create(cluster, name)
            fates: list[ApiError | None] = []
            with Producer(cluster, ProducerSettings.from_properties({"batch.size": "500"})) as producer:
                for number in range(10_000):
                    if number % 1000 == 500:
                        gate.hold()
                    producer.send(name, None, b"%d" % number, callback=lambda _, error: fates.append(error))
                    if number % 1000 == 999:
                        producer.poll(0.1)
                        gate.wait_until_held(DEADLINE_S)
                        gate.drop()
                        producer.flush()
            assert fates == [None] * 10_000
            with _consumer(cluster) as consumer:
                consumer.assign([TopicPartition(name, 0)])
                assert [int(record.value) for record in _read(consumer, 10_000)] == list(range(10_000))


def test_a_broker_that_crashes_and_comes_back_is_waited_for(start_broker: StartBroker, name: str) -> None:
    broker = start_broker()
    with _cluster(broker.bootstrap) as cluster, _consumer(cluster, group_id=name) as consumer:
        _create(cluster, name)
        consumer.subscribe([name])
        fates: list[ApiError | None] = []
        with Producer(cluster, ProducerSettings()) as producer:
            for number in range(1000):
                producer.send(name, None, b"%d" % number, callback=lambda _, error: fates.append(error))
            producer.flush()
            assert [int(record.value) for record in _read(consumer, 1000)] == list(range(1000))
            broker.kill()
            for number in range(1000, 2000):
                producer.send(name, None, b"%d" % number, callback=lambda _, error: fates.append(error))
            broker.start()
        assert fates == [None] * 2000
        assert [int(record.value) for record in _read(consumer, 1000)] == list(range(1000, 2000))


def _poll_until(done: Any, *consumers: Consumer, into: list[Any] | None = None) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline_s
        for consumer in consumers:
            records = consumer.poll(0.02)
            if into is not None:
                into += records


def test_a_member_whose_output_nobody_reads_stays_in_its_group(start_broker: StartBroker, name: str) -> None:
    broker = start_broker({"group.min.session.timeout.ms": "100", "group.initial.rebalance.delay.ms": "0"})
    session_timeout_ms = 2_000
    command = [sys.executable, "-m", "ottla", "console-consumer", "--bootstrap-server", broker.bootstrap]
    command += ["--topic", name, "--group", name, "--from-beginning"]
    for option in (f"session.timeout.ms={session_timeout_ms}", "heartbeat.interval.ms=200"):
        command += ["--consumer-property", option]
    with _cluster(broker.bootstrap) as cluster:
        _create(cluster, name)
        values = [b"%d" % number * 200 for number in range(1_000, 2_000)]  # far more than a pipe holds
        _produce(cluster, name, values)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None
            try:
                printed = reader.stdout.readline()
                # From here on it does not poll; who joins now and falls silent outlives who beats no more.
                _join_and_fall_silent(cluster, f"{name}-witness", session_timeout_ms)
                eventually(lambda: describe_group(cluster, f"{name}-witness").state == "Empty")
                group = describe_group(cluster, name)
                assert (group.state, len(group.members)) == ("Stable", 1)
                printed += b"".join(reader.stdout.readline() for _ in values[1:])
                assert printed == b"".join(value + b"\n" for value in values)
            finally:
                reader.kill()


def _join_and_fall_silent(cluster: Cluster, group_id: str, session_timeout_ms: int) -> None:
    """Become the only member of a group, and send no heartbeat."""

    def join(member_id: str) -> Any:
        request = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=session_timeout_ms,
            rebalance_timeout_ms=session_timeout_ms,
            member_id=member_id,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        return cluster.ask_coordinator(group_id, request)

    joined = join(join("").member_id)
    assert joined.error_code == 0
    request = SyncGroupRequest(
        group_id=group_id,
        generation_id=joined.generation_id,
        member_id=joined.member_id,
        protocol_type="consumer",
        protocol_name="range",
    )
    assert cluster.ask_coordinator(group_id, request).error_code == 0
