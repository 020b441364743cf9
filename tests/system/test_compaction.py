"""Compacted topics as clients see them, while a cleaner works and when the broker dies in the middle of it."""

from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer
from kafka import TopicPartition as KafkaPythonPartition

from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually

WAIT_S = 60.0
SEGMENT_BYTES = 1 << 20
BROKER_PROPERTIES = {
    "log.cleaner.backoff.ms": "100",
    # A cleaning of some MiB takes a second, in which a test can look at it.
    "log.cleaner.io.max.bytes.per.second": "6000000",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.segment.bytes": str(SEGMENT_BYTES),
}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": str(SEGMENT_BYTES),
    "min.cleanable.dirty.ratio": "0.1",
    "file.delete.delay.ms": "100",
}
KEYS = 50
PARTITIONS = 100
METADATA = "m" * 1000
# What Apache Kafka answers right after a start.
WHILE_LOADING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}


@pytest.fixture(scope="module")
def admin(broker: RunningBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 2})


def create(admin: AdminClient, name: str, partitions: int = 1, **configs: str) -> None:
    new = NewTopic(
        name, partitions, 1, config={key.replace("_", "."): value for key, value in configs.items()}
    )
    for created in admin.create_topics([new]).values():
        created.result(WAIT_S)


def directory(broker: RunningBroker, topic: str) -> Path:
    return broker.data_dir / f"{topic}-0"


def is_clean(broker: RunningBroker, topic: str) -> bool:
    """Whether everything before the active segment was cleaned, and nothing is left lying about."""
    names = [path.name for path in directory(broker, topic).iterdir()]
    active = max(int(name[:20]) for name in names if name.endswith(".log"))
    path = broker.data_dir / "cleaner-offset-checkpoint"
    has_checkpoint = path.exists() and f"{topic} 0 {active}" in path.read_text().splitlines()
    return (
        has_checkpoint and active > 0 and not [name for name in names if name.endswith((".cleaned", ".swap"))]
    )


def size_before_active(broker: RunningBroker, topic: str) -> int:
    logs = sorted(directory(broker, topic).glob("*.log"))
    return sum(path.stat().st_size for path in logs[:-1])


def fill(broker: RunningBroker, topic: str, records: int) -> dict[bytes, bytes]:
    """Write records of few keys and return the latest value of each."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "log_level": 2})
    latest = {}
    for number in range(records):
        key, value = b"key %d" % (number % KEYS), b"%d " % number * 100
        producer.produce(topic, value, key)
        producer.poll(0)
        latest[key] = value
    assert producer.flush(WAIT_S) == 0
    return latest


def read_with_kafka_python(broker: RunningBroker, topic: str) -> list[tuple[bytes, bytes]]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, enable_auto_commit=False)
    partition = KafkaPythonPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    (end,) = consumer.end_offsets([partition]).values()
    records: list[tuple[bytes, bytes]] = []
    while consumer.position(partition) < end:
        for found in consumer.poll(timeout_ms=1000).values():
            records += [(record.key, record.value) for record in found]
    consumer.close()
    return records


def read_with_librdkafka(broker: RunningBroker, topic: str, end: int) -> list[tuple[bytes, bytes]]:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "none", "log_level": 2})
    consumer.assign([TopicPartition(topic, 0, 0)])
    records: list[tuple[bytes, bytes]] = []
    while True:
        message = consumer.poll(WAIT_S)
        assert message is not None
        assert message.error() is None
        records.append((message.key(), message.value()))
        if message.offset() == end - 1:
            consumer.close()
            return records


def test_a_kill_in_the_middle_of_a_cleaning_loses_nothing_and_it_is_done_afterwards(
    broker: RunningBroker, admin: AdminClient
) -> None:
    create(admin, "killed", **COMPACTED)
    count = 8000
    latest = fill(broker, "killed", count)
    eventually(lambda: bool(list(directory(broker, "killed").glob("*.cleaned"))))
    broker.kill()
    broker.start()
    eventually(lambda: is_clean(broker, "killed"), WAIT_S)
    read = read_with_kafka_python(broker, "killed")
    assert dict(read) == latest
    assert len(read) < count
    assert read_with_librdkafka(broker, "killed", count) == read
    assert size_before_active(broker, "killed") < SEGMENT_BYTES


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_committed_offsets_outlive_the_compaction_of_their_topic(
    broker: RunningBroker, admin: AdminClient, end: str
) -> None:
    topic, group = f"read-{end}", f"readers-{end}"
    create(admin, topic, PARTITIONS)
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group, "log_level": 2})
    for offset in range(1, 30):
        offsets = [TopicPartition(topic, number, offset, METADATA) for number in range(PARTITIONS)]
        consumer.commit(offsets=offsets, asynchronous=False)
    eventually(lambda: is_clean(broker, "__consumer_offsets"), WAIT_S)
    # The last commits of both groups, and their batches, but not the twenty-eight before.
    assert size_before_active(broker, "__consumer_offsets") < SEGMENT_BYTES
    getattr(broker, end)()
    broker.start()
    committed: list[TopicPartition] = []

    def coordinator_answers() -> bool:
        try:
            committed[:] = consumer.committed(
                [TopicPartition(topic, each) for each in range(PARTITIONS)], WAIT_S
            )
        except KafkaException as error:
            if error.args[0].code() in WHILE_LOADING:
                return False
            raise
        return True

    eventually(coordinator_answers, WAIT_S)
    assert {(each.offset, each.metadata) for each in committed} == {(29, METADATA)}
    consumer.close()


def test_a_tombstone_reaches_consumers_and_takes_its_key_away(
    broker: RunningBroker, admin: AdminClient
) -> None:
    create(admin, "tombstones", **COMPACTED, delete_retention_ms="0")
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 2})
    producer.produce("tombstones", b"value", b"gone")
    producer.produce("tombstones", None, b"gone")
    assert producer.flush(WAIT_S) == 0
    assert read_with_kafka_python(broker, "tombstones") == [(b"gone", b"value"), (b"gone", None)]
    for _ in range(2):
        fill(broker, "tombstones", 2500)
        eventually(lambda: is_clean(broker, "tombstones"), WAIT_S)
    assert dict(read_with_kafka_python(broker, "tombstones")).keys() == {
        b"key %d" % number for number in range(KEYS)
    }
