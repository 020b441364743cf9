"""Apache Kafka's transactions in its data directory: neither what was aborted nor what has not ended is committed."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from tests.support.broker_process import RunningBroker
from tests.support.plain_client import READ_COMMITTED, PlainClient
from tests.system.conftest import StartBroker

pytestmark = pytest.mark.java

TOPIC = "decided"
WAIT_S = 30
FETCH_VERSION = 12
SEGMENT_BYTES = "1048576"
LARGE_BYTES = 400_000
# Sizes of the records of each transaction, one after the other, and whether it is committed.
TRANSACTIONS = [
    ([LARGE_BYTES] * 3, True),
    ([LARGE_BYTES] * 4, False),
    ([10], True),
    ([10, 20, 30], False),
    ([10] * 2, False),
    ([10] * 2, True),
]
# Each record has an offset, and each transaction a marker at its end.
END_OFFSET = sum(len(sizes) + 1 for sizes, _ in TRANSACTIONS)

AbortedByOffset = dict[int, list[tuple[int, int]] | None]


def create(broker: RunningBroker) -> None:
    with PlainClient(broker.port) as client:
        client.create_served_topic(TOPIC, segment_bytes=SEGMENT_BYTES)


def transactional_producer(broker: RunningBroker) -> Producer:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "t", "log_level": 2})
    producer.init_transactions(WAIT_S)
    return producer


def write_transactions(broker: RunningBroker) -> list[bytes]:
    """Write all transactions and return the values of those that were committed."""
    create(broker)
    producer = transactional_producer(broker)
    committed = []
    for number, (sizes, is_committed) in enumerate(TRANSACTIONS):
        producer.begin_transaction()
        values = [b"%d/%d " % (number, index) + b"x" * size for index, size in enumerate(sizes)]
        for value in values:
            producer.produce(TOPIC, value, partition=0)
        assert producer.flush(WAIT_S) == 0  # what is not sent yet would not be aborted but never written
        if is_committed:
            producer.commit_transaction(WAIT_S)
            committed += values
        else:
            producer.abort_transaction(WAIT_S)
    with PlainClient(broker.port) as client:
        client.wait_until_decided(TOPIC, END_OFFSET)
    return committed


def read_committed(broker: RunningBroker, count: int) -> list[bytes]:
    """Return the first values that a consumer of committed records gets."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": "none",
            "isolation.level": "read_committed",
            "log_level": 2,
        }
    )
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    values = []
    while len(values) < count:
        message = consumer.poll(WAIT_S)
        assert message is not None
        assert message.error() is None
        values.append(message.value())
    consumer.close()
    return values


def aborted_by_offset(broker: RunningBroker) -> AbortedByOffset:
    """Return what a fetch from each offset tells of aborted transactions: producer id and first offset."""
    found: AbortedByOffset = {}
    with PlainClient(broker.port) as client:
        for offset in range(END_OFFSET + 1):
            wish = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=LARGE_BYTES)
            request = FetchRequest(
                max_bytes=LARGE_BYTES,
                isolation_level=READ_COMMITTED,
                topics=[FetchTopic(topic=TOPIC, partitions=[wish])],
            )
            (topic,) = client.ask(ApiKey.FETCH, FETCH_VERSION, request).responses
            (partition,) = topic.partitions
            assert partition.error_code == 0
            aborted = partition.aborted_transactions
            found[offset] = aborted and [(each.producer_id, each.first_offset) for each in aborted]
    return found


def test_what_apache_kafka_aborted_is_not_read(start_broker: StartBroker, broker_kind: str) -> None:
    kafka = start_broker(kind="kafka")
    committed = write_transactions(kafka)
    told = aborted_by_offset(kafka)
    assert any(told.values())
    kafka.stop()
    broker = start_broker(data_dir=kafka.data_dir, kind=broker_kind)
    assert read_committed(broker, len(committed)) == committed
    assert aborted_by_offset(broker) == told
    broker.kill()
    broker.start()
    assert read_committed(broker, len(committed)) == committed
    assert aborted_by_offset(broker) == told


def test_a_transaction_that_has_not_ended_is_told_at_the_start(
    start_broker: StartBroker, broker_kind: str
) -> None:
    kafka = start_broker(kind="kafka")
    create(kafka)
    producer = transactional_producer(kafka)
    producer.begin_transaction()
    producer.produce(TOPIC, b"never decided", partition=0)
    assert producer.flush(WAIT_S) == 0
    kafka.stop()
    broker = start_broker(data_dir=kafka.data_dir, kind=broker_kind)
    with PlainClient(broker.port) as client:
        assert client.end_offset(TOPIC).offset == 1
        stable = client.end_offset(TOPIC, READ_COMMITTED)
    assert (stable.error_code, stable.offset) == (0, 0)
    if broker_kind == "ottla":
        told = f"{TOPIC}-0 has a transaction that has not ended, from offset 0 on"
        assert [line for line in broker.log_lines() if "WARN" in line and told in line]
