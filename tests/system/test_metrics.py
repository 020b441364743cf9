"""What a scrape of a real broker says, before and after real traffic, and who cannot disturb it."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.api_versions import ApiVersionsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import NewRecord, build_batch
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla
from tests.support.raw_client import RawClient
from tests.support.scrape import Scrape, scrape
from tests.support.waiting import eventually

BROKER_PROPERTIES = {"ottla.metrics.port": "0"}

WAIT_S = 30.0
IDLE_S = 3.0
IDLE_WAKEUPS = 20
"""What the system itself may wake a process for within that time; a timer of ours would do it ten times as often."""

QUIET = {"log_level": 2}
RECORDS = 100
READ = 60
REQUESTS = "kafka_network_requestmetrics_requests_total"
ERRORS = "kafka_network_requestmetrics_errors_total"
CREATED = "kafka_server_socket_server_metrics_connection_creation_total"
CONNECTIONS = "kafka_server_socket_server_metrics_connection_count"


@pytest.fixture(autouse=True)
def _only_ottla(broker_kind: str) -> None:
    if broker_kind != "ottla":
        pytest.skip("metrics of Apache Kafka are behind JMX")


def metrics_port(broker: RunningBroker) -> int:
    """Return the port that the broker says it serves metrics on."""
    assert broker.child is not None
    line = broker.child.wait_for_line("Metrics are served on ", WAIT_S)
    found = re.search(r"http://localhost:(\d+)/metrics", line)
    assert found is not None, line
    return int(found[1])


def look(broker: RunningBroker) -> Scrape:
    return scrape(metrics_port(broker))


def produce_request(topic: str, *values: bytes) -> ProduceRequest:
    batch = build_batch([NewRecord(None, value) for value in values], now_ms=time.time_ns() // 1_000_000)
    data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=0, records=batch)])
    return ProduceRequest(acks=-1, timeout_ms=30_000, topic_data=[data])


def create(broker: RunningBroker, topic: str, partitions: int = 1) -> AdminClient:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    admin.create_topics([NewTopic(topic, partitions)])[topic].result(WAIT_S)
    return admin


def test_records_and_lag_are_exact_while_clients_produce_and_consume(
    broker: RunningBroker, name: str
) -> None:
    create(broker, name, 2)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "compression.type": "none", **QUIET})
    for number in range(RECORDS):
        producer.produce(name, str(number).encode(), partition=1)
    assert producer.flush(WAIT_S) == 0
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": name,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **QUIET,
        }
    )
    with contextlib.closing(consumer):
        consumer.subscribe([name])
        got = 0
        while got < READ:
            got += len(consumer.consume(READ - got, WAIT_S))
        consumer.commit(offsets=[TopicPartition(name, 1, READ)], asynchronous=False)
        said = look(broker)
        place = {"topic": name, "partition": "1"}
        log_bytes = sum(file.stat().st_size for file in (broker.data_dir / f"{name}-1").glob("*.log"))
        assert said.value("kafka_server_brokertopicmetrics_messagesin_total", topic=name) == RECORDS
        assert said.value("kafka_server_brokertopicmetrics_bytesin_total", topic=name) == log_bytes
        assert said.value("kafka_log_log_size", **place) == log_bytes
        assert said.value("kafka_topic_partition_current_offset", **place) == RECORDS
        assert said.value("kafka_topic_partition_oldest_offset", **place) == 0
        assert said.value("kafka_topic_partitions", topic=name) == 2
        assert said.value("kafka_consumergroup_current_offset", consumergroup=name, **place) == READ
        assert said.value("kafka_consumergroup_lag", consumergroup=name, **place) == RECORDS - READ
        assert said.value("kafka_consumergroup_lag_sum", consumergroup=name, topic=name) == RECORDS - READ
        assert said.value("kafka_consumergroup_members", consumergroup=name) == 1
        assert said.value("ottla_consumergroup_state", consumergroup=name, state="Stable") == 1
        assert (said.value("kafka_server_brokertopicmetrics_bytesout_total", topic=name) or 0) >= log_bytes
    eventually(lambda: look(broker).value("kafka_consumergroup_members", consumergroup=name) == 0)


def test_what_is_deleted_is_gone_from_the_next_scrape(broker: RunningBroker, name: str) -> None:
    admin = create(broker, name)
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": name, **QUIET})
    with contextlib.closing(consumer):
        consumer.commit(offsets=[TopicPartition(name, 0, 0)], asynchronous=False)
    total = look(broker)
    assert total.value("kafka_consumergroup_lag", consumergroup=name, topic=name, partition="0") == 0
    admin.delete_consumer_groups([name])[name].result(WAIT_S)
    admin.delete_topics([name])[name].result(WAIT_S)
    assert name not in look(broker).text


def test_requests_bytes_and_errors_are_exact(broker: RunningBroker, name: str) -> None:
    create(broker, name)
    with RawClient(broker.port) as client:

        def asked(api_key: ApiKey, version: int, request: object) -> tuple[int, int]:
            """Send a request; return how long it and its answer were."""
            frame = client.frame(api_key, version, request)
            client.socket.sendall(frame)
            return len(frame), 4 + len(client.receive_frame())

        heartbeat = HeartbeatRequest(group_id="nobody", generation_id=1, member_id="nobody")
        client.ask(ApiKey.FIND_COORDINATOR, 3, FindCoordinatorRequest(key="nobody"))
        eventually(
            lambda: client.ask(ApiKey.HEARTBEAT, 4, heartbeat).error_code == ErrorCode.UNKNOWN_MEMBER_ID
        )
        before = look(broker)
        heartbeats = [asked(ApiKey.HEARTBEAT, 4, heartbeat) for _ in range(5)]
        asked(ApiKey.PRODUCE, 9, produce_request(name, b"a", b"b"))
        asked(ApiKey.PRODUCE, 9, produce_request("missing", b"a"))
        wanted = FetchTopic(topic=name, partitions=[FetchPartition(partition=0, partition_max_bytes=1 << 20)])
        asked(ApiKey.FETCH, 11, FetchRequest(max_bytes=1 << 20, topics=[wanted]))
        after = look(broker)

    def grown(metric: str, **labels: str) -> float:
        return (after.value(metric, **labels) or 0) - (before.value(metric, **labels) or 0)

    assert grown(REQUESTS, request="Heartbeat") == 5
    assert grown("ottla_request_bytes_total", request="Heartbeat") == sum(sent for sent, _ in heartbeats)
    assert grown("ottla_response_bytes_total", request="Heartbeat") == sum(got for _, got in heartbeats)
    assert grown("ottla_request_duration_seconds_count", request="Heartbeat") == 5
    assert grown("ottla_request_local_duration_seconds_count", request="Heartbeat") == 5
    assert grown(ERRORS, request="Heartbeat", error="UNKNOWN_MEMBER_ID") == 5
    assert grown(REQUESTS, request="Produce") == 2
    assert grown(ERRORS, request="Produce", error="UNKNOWN_TOPIC_OR_PARTITION") == 1
    assert grown("kafka_server_brokertopicmetrics_messagesin_total") == 2
    size_bytes = after.value("kafka_log_log_size", topic=name, partition="0")
    assert size_bytes == grown("kafka_server_brokertopicmetrics_bytesin_total")
    assert size_bytes == after.value("kafka_server_brokertopicmetrics_bytesout_total", topic=name)


def test_connections_and_refused_requests_are_counted(broker: RunningBroker) -> None:
    def connected(listener: str) -> float:
        return look(broker).value(CONNECTIONS, listener=listener) or 0

    def created() -> float:
        return look(broker).value(CREATED, listener="PLAINTEXT") or 0

    def connections() -> tuple[float, float]:
        return connected("PLAINTEXT"), connected("CONTROLLER")

    # Those of the tests before may still be closing.
    eventually(lambda: connections() == (0, 0))
    created_before = created()
    with contextlib.ExitStack() as opened:
        for port in (broker.port, broker.port, broker.controller_port):
            client = opened.enter_context(RawClient(port))
            client.ask(ApiKey.API_VERSIONS, 0, ApiVersionsRequest())
        assert connections() == (2, 1)
        assert created() == created_before + 2
    eventually(lambda: connections() == (0, 0))
    refused = look(broker).value("ottla_requests_refused_total") or 0
    with socket.create_connection(("localhost", broker.port), WAIT_S) as stream:
        stream.sendall(b"\x00\x00\x00\x08\x7f\xff\x00\x00\x00\x00\x00\x00")
        assert stream.recv(1) == b""
    assert look(broker).value("ottla_requests_refused_total") == refused + 1


def test_a_parked_fetch_is_seen_to_wait(broker: RunningBroker, name: str) -> None:
    create(broker, name)
    with RawClient(broker.port) as client:
        waiting = look(broker).value("ottla_requests_waiting", request="Fetch") or 0
        wanted = FetchTopic(topic=name, partitions=[FetchPartition(partition=0, partition_max_bytes=100)])
        request = FetchRequest(max_wait_ms=30_000, min_bytes=1, max_bytes=100, topics=[wanted])
        client.send(ApiKey.FETCH, 11, request)
        eventually(lambda: look(broker).value("ottla_requests_waiting", request="Fetch") == waiting + 1)
        with RawClient(broker.port) as other:
            other.ask(ApiKey.PRODUCE, 9, produce_request(name, b"a"))
        client.receive()
        assert look(broker).value("ottla_requests_waiting", request="Fetch") == waiting


def test_there_is_nothing_but_metrics(broker: RunningBroker) -> None:
    connection = http.client.HTTPConnection("localhost", metrics_port(broker), timeout=WAIT_S)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        assert connection.getresponse().status == 404


def test_slow_and_huge_requests_do_not_hold_the_broker_up(broker: RunningBroker) -> None:
    with contextlib.ExitStack() as opened:
        for number in range(20):
            stream = socket.create_connection(("localhost", metrics_port(broker)), WAIT_S)
            opened.enter_context(stream)
            with contextlib.suppress(ConnectionError):  # a huge one is refused before it is all there
                stream.sendall((b"", b"GET /met", b"x" * 100_000)[number % 3])
        with RawClient(broker.port) as client:
            for _ in range(100):
                client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
    # The fixture finds no line about a loop that was held up; and who is asked properly answers again.
    assert look(broker).value("process_cpu_seconds_total")


def test_a_measured_broker_at_rest_says_and_does_nothing(tmp_path: Path, broker_kind: str) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=BROKER_PROPERTIES)
    broker = start_ottla(settings)
    try:
        look(broker)
        assert broker.child is not None
        lines, wakeups = len(broker.log_lines()), wakeups_of(broker.child.process.pid)
        # Nothing is to happen, so there is nothing to wait for but time.
        time.sleep(IDLE_S)
        assert broker.log_lines()[lines:] == []
        assert wakeups_of(broker.child.process.pid) - wakeups < IDLE_WAKEUPS
    finally:
        broker.stop()


def wakeups_of(pid: int) -> int:
    """Return how often a process has gone to sleep, or 0 where the system does not tell."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        found = re.search(r"^voluntary_ctxt_switches:\t(\d+)", status.read_text(), re.MULTILINE)
        total += int(found[1]) if found is not None else 0
    return total
