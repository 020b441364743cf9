"""kafka-python 3.0.12, a client in pure Python, meets a broker: produce, consume in groups, administer."""

import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError

from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually

WAIT_S = 30.0
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


@pytest.fixture
def admin(broker: RunningBroker) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    yield client
    client.close()


@pytest.fixture
def producer(broker: RunningBroker) -> Iterator[KafkaProducer]:
    client = KafkaProducer(bootstrap_servers=broker.bootstrap)
    yield client
    client.close(timeout=WAIT_S)


OpenConsumer = Callable[..., KafkaConsumer]


@pytest.fixture
def open_consumer(broker: RunningBroker) -> Iterator[OpenConsumer]:
    """Give a function that opens consumers from the earliest offset; all are closed after the test."""
    opened: list[KafkaConsumer] = []

    def open_one(topic: str, group: str | None = None, **more: object) -> KafkaConsumer:
        options = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **more}
        consumer = KafkaConsumer(topic, bootstrap_servers=broker.bootstrap, group_id=group, **options)
        opened.append(consumer)
        # A member that leads its group before it has heard of the topic assigns nothing to anyone for minutes.
        assert consumer.partitions_for_topic(topic)
        return consumer

    yield open_one
    for consumer in opened:
        consumer.close(autocommit=False)


@pytest.fixture(autouse=True)
def without_leftovers() -> Iterator[None]:
    """Collect what a client has left open while nobody minds; else a later test is blamed for it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def take(consumer: KafkaConsumer, count: int) -> list:
    """Poll until `count` records have come; raises AssertionError when that takes too long."""
    deadline = monotonic() + WAIT_S
    taken: list = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for records in consumer.poll(timeout_ms=1000, max_records=count - len(taken)).values():
            taken += records
    return taken


def test_what_is_produced_is_consumed_with_key_headers_and_timestamp(
    open_consumer: OpenConsumer, producer: KafkaProducer, name: str
) -> None:
    headers = [("trace", b"\x00\xff"), ("trace", b""), ("näme", b"value")]
    sent = producer.send(name, key=b"key", value=b"value", headers=headers, timestamp_ms=1_700_000_000_123)
    place = sent.get(timeout=WAIT_S)
    empty = producer.send(name, key=b"", value=None, partition=0).get(timeout=WAIT_S)

    consumer = open_consumer(name)
    first, second = take(consumer, 2)

    assert (place.topic, place.partition, place.offset, empty.offset) == (name, 0, 0, 1)
    assert (first.key, first.value, first.offset) == (b"key", b"value", 0)
    assert [(key, bytes(value)) for key, value in first.headers] == headers
    assert (first.timestamp, first.timestamp_type) == (1_700_000_000_123, 0)
    assert (second.key, second.value, second.offset) == (b"", None, 1)


@pytest.mark.parametrize("codec", CODECS)
def test_records_in_every_compression_come_back_in_order(
    broker: RunningBroker, open_consumer: OpenConsumer, codec: str | None, name: str
) -> None:
    producer = KafkaProducer(
        bootstrap_servers=broker.bootstrap, compression_type=codec, linger_ms=50, batch_size=64 * 1024
    )
    values = [f"value {number} ".encode() * 20 for number in range(500)]
    places = [producer.send(name, value=value, partition=0) for value in values]
    producer.flush(timeout=WAIT_S)
    producer.close(timeout=WAIT_S)

    consumer = open_consumer(name)
    records = take(consumer, len(values))

    assert [place.get(timeout=WAIT_S).offset for place in places] == list(range(500))
    assert [record.value for record in records] == values
    assert [record.offset for record in records] == list(range(500))


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_every_level_of_acknowledgement_stores_the_record(
    broker: RunningBroker, open_consumer: OpenConsumer, acks: int | str, name: str
) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks=acks, enable_idempotence=False)
    producer.send(name, value=b"value", partition=0).get(timeout=WAIT_S)
    producer.close(timeout=WAIT_S)

    consumer = open_consumer(name)
    (record,) = take(consumer, 1)

    assert record.value == b"value"


def test_a_consumer_continues_where_its_group_has_committed(
    open_consumer: OpenConsumer, producer: KafkaProducer, name: str
) -> None:
    for number in range(10):
        producer.send(name, value=str(number).encode(), partition=0)
    producer.flush(timeout=WAIT_S)

    first = open_consumer(name, group=name)
    assert [record.value for record in take(first, 4)] == [b"0", b"1", b"2", b"3"]
    first.commit()
    assert [record.value for record in take(first, 2)] == [b"4", b"5"]
    first.close(autocommit=False)

    second = open_consumer(name, group=name)
    assert [record.value for record in take(second, 6)] == [b"4", b"5", b"6", b"7", b"8", b"9"]
    second.commit({TopicPartition(name, 0): OffsetAndMetadata(9, "a note", -1)})
    assert second.committed(TopicPartition(name, 0), metadata=True).metadata == "a note"
    second.close(autocommit=False)

    third = open_consumer(name, group=name)
    assert [record.offset for record in take(third, 1)] == [9]


def test_two_members_of_a_group_share_its_partitions(
    open_consumer: OpenConsumer, admin: KafkaAdminClient, name: str
) -> None:
    admin.create_topics({name: {"num_partitions": 4, "replication_factor": 1}}, wait_for_metadata=True)
    assigned: list[set[int]] = [set(), set()]
    done = threading.Event()

    def be_a_member(number: int) -> None:
        member = open_consumer(name, group=name, heartbeat_interval_ms=100)
        while not done.is_set():
            member.poll(timeout_ms=100)
            assigned[number] = {partition.partition for partition in member.assignment()}

    with ThreadPoolExecutor(2) as pool:
        members = [pool.submit(be_a_member, number) for number in range(2)]
        try:
            eventually(lambda: [len(partitions) for partitions in assigned] == [2, 2])
            (group,) = admin.describe_groups([name]).values()
        finally:
            done.set()
        for member in members:
            member.result(WAIT_S)

    assert assigned[0] | assigned[1] == {0, 1, 2, 3}
    assert (group["group_state"], len(group["members"])) == ("Stable", 2)


def test_offsets_are_found_by_time(open_consumer: OpenConsumer, producer: KafkaProducer, name: str) -> None:
    for number in range(3):
        producer.send(name, value=b"value", partition=0, timestamp_ms=1_000_000 + number * 1000)
        producer.flush(timeout=WAIT_S)
    partition = TopicPartition(name, 0)
    consumer = open_consumer(name)
    found = consumer.offsets_for_times({partition: 1_000_500})[partition]
    ends = (consumer.beginning_offsets([partition]), consumer.end_offsets([partition]))

    assert (found.offset, found.timestamp) == (1, 1_001_000)
    assert ends == ({partition: 0}, {partition: 3})


def test_topics_are_created_listed_described_and_deleted(admin: KafkaAdminClient, name: str) -> None:
    options = {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "60000"}}
    admin.create_topics({name: options}, wait_for_metadata=True)
    assert name in admin.list_topics()
    (described,) = admin.describe_topics([name])
    assert len(described["partitions"]) == 3
    with pytest.raises(TopicAlreadyExistsError):
        admin.create_topics({name: options})

    admin.delete_topics([name])
    eventually(lambda: name not in admin.list_topics())
    with pytest.raises(UnknownTopicOrPartitionError):
        admin.delete_topics([name])


def test_partitions_are_added_to_a_topic(admin: KafkaAdminClient, name: str) -> None:
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.create_partitions({name: 3})
    eventually(lambda: len(admin.describe_topics([name])[0]["partitions"]) == 3)


def test_records_are_deleted_up_to_an_offset(
    open_consumer: OpenConsumer, admin: KafkaAdminClient, producer: KafkaProducer, name: str
) -> None:
    for _ in range(5):
        producer.send(name, value=b"value", partition=0)
    producer.flush(timeout=WAIT_S)
    admin.delete_records({TopicPartition(name, 0): 3})

    consumer = open_consumer(name)
    assert [record.offset for record in take(consumer, 2)] == [3, 4]
