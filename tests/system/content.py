"""Everything that clients can see of a broker, to compare two brokers on the same data directory.

The workload writes what leaves different traces on disk: every compression, several segments, an idempotent
producer, tombstones, a moved log start offset, a deleted topic, groups of every protocol that the broker offers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from tests.support import raw_wire
from tests.support.broker_process import RunningBroker

WAIT_S = 30.0
QUIET = {"log_level": 2}
SEGMENT_BYTES = 1 << 20
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
# What a broker answers about partitions and groups that it is about to lead or to load.
NOT_READY = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_LEADER_EPOCH,
}
GROUPS = {"classic-group": "classic", "consumer-group": "consumer"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TopicContent:
    """A topic as clients see it; records are (partition, offset, timestamp, key, value, headers)."""

    topic_id: str
    config: dict[str, str]
    offsets: dict[int, tuple[int, int]]
    records: list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class BrokerContent:
    """All topics but the internal ones, and what each group has committed by topic and partition."""

    cluster_id: str
    topics: dict[str, TopicContent]
    committed: dict[str, dict[tuple[str, int], tuple[int, str]]]


def write_workload(broker: RunningBroker) -> None:
    """Create topics, records and groups on a fresh broker."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    topics = [
        NewTopic("codecs", 2, 1, config={"retention.ms": "604800000"}),
        NewTopic(
            "segments", 1, 1, config={"segment.bytes": str(SEGMENT_BYTES), "index.interval.bytes": "1024"}
        ),
        NewTopic("compacted", 1, 1, config={"cleanup.policy": "compact"}),
        NewTopic("empty", 3, 1),
        NewTopic("deleted", 1, 1),
    ]
    for created in admin.create_topics(topics).values():
        created.result(WAIT_S)
    for codec in CODECS:
        for idempotent in (False, True):
            _produce(
                broker, "codecs", 100, 50, **{"compression.type": codec, "enable.idempotence": idempotent}
            )
    _produce(broker, "segments", 3000, 1000, **{"enable.idempotence": True, "batch.size": 16_384})
    _produce(broker, "compacted", 20, 10)
    _produce(broker, "deleted", 5, 10)
    admin.delete_topics(["deleted"])["deleted"].result(WAIT_S)
    _commit_all(broker)
    deleted = admin.delete_records([TopicPartition("segments", 0, 1234)])
    for done in deleted.values():
        done.result(WAIT_S)


def write_more(broker: RunningBroker) -> None:
    """Add to what a workload has left: records, a topic, a partition and a commit."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    admin.create_topics([NewTopic("later", 1, 1)])["later"].result(WAIT_S)
    admin.create_partitions([NewPartitions("empty", 4)])["empty"].result(WAIT_S)
    for topic in ("codecs", "segments", "later"):
        _produce(broker, topic, 25, 50, **{"compression.type": "zstd", "enable.idempotence": True})
    _commit_all(broker)


def read_content(broker: RunningBroker) -> BrokerContent:
    """Read all that `broker` serves; waits for a coordinator that is still loading."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    metadata = admin.list_topics(timeout=WAIT_S)
    names = sorted(name for name in metadata.topics if not name.startswith("__"))
    described = admin.describe_topics(TopicCollection(names))
    topics = {
        name: TopicContent(
            str(described[name].result(WAIT_S).topic_id),
            _config(admin, name),
            _offsets(admin, name, len(metadata.topics[name].partitions)),
            _records(broker, name, len(metadata.topics[name].partitions)),
        )
        for name in names
    }
    cluster_id = admin.describe_cluster().result(WAIT_S).cluster_id
    return BrokerContent(cluster_id, topics, {group: _committed(admin, group) for group in GROUPS})


def _produce(broker: RunningBroker, topic: str, count: int, value_size: int, **options: object) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 5, **QUIET, **options})
    for number in range(count):
        value = None if number % 10 == 9 else f"{topic} {number} ".ljust(value_size, ".").encode()
        producer.produce(
            topic,
            key=str(number).encode(),
            value=value,
            partition=0,
            headers=[("number", str(number).encode())],
        )
        producer.poll(0)
    assert producer.flush(WAIT_S) == 0


def _commit_all(broker: RunningBroker) -> None:
    offered = raw_wire.offered_apis(broker.port, WAIT_S)
    for group, protocol in GROUPS.items():
        if protocol == "classic" or raw_wire.CONSUMER_GROUP_HEARTBEAT in offered:
            _commit(broker, group, protocol)


def _commit(broker: RunningBroker, group: str, protocol: str) -> None:
    options = {"group.id": group, "group.protocol": protocol, "auto.offset.reset": "earliest"}
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "enable.auto.commit": False, **options, **QUIET},
    )
    consumer.subscribe(["codecs", "compacted"])
    _take(consumer, 1)
    for offset in (3, 7, 11):
        consumer.commit(offsets=[TopicPartition("codecs", 0, offset, f"note {offset}")], asynchronous=False)
    consumer.commit(offsets=[TopicPartition("compacted", 0, 5)], asynchronous=False)
    consumer.close()


def _take(consumer: Consumer, count: int) -> list[Message]:
    deadline = monotonic() + WAIT_S
    taken: list[Message] = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for message in consumer.consume(count - len(taken), timeout=1.0):
            if message.error() is not None:
                raise KafkaException(message.error())
            taken.append(message)
    return taken


def _config(admin: AdminClient, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(WAIT_S).values()
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return {entry.name: entry.value for entry in entries if entry.source == own}


def _offsets(admin: AdminClient, topic: str, partition_count: int) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for number in range(partition_count):
        first, end = (
            _offset(admin, topic, number, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        )
        found[number] = (first, end)
    return found


def _offset(admin: AdminClient, topic: str, number: int, spec: OffsetSpec) -> int:
    partition = TopicPartition(topic, number)
    offset: int = _when_ready(lambda: admin.list_offsets({partition: spec})[partition].result(WAIT_S)).offset
    return offset


def _records(broker: RunningBroker, topic: str, partition_count: int) -> list[tuple[object, ...]]:
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": "reader", "check.crcs": True, **QUIET}
    )
    records: list[tuple[object, ...]] = []
    for number in range(partition_count):
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=WAIT_S)
        consumer.assign([TopicPartition(topic, number, first)])
        records += [_fields(message) for message in _take(consumer, end - first)]
    consumer.close()
    return records


def _fields(message: Message) -> tuple[object, ...]:
    place = (message.partition(), message.offset(), message.timestamp())
    return (*place, message.key(), message.value(), message.headers())


def _committed(admin: AdminClient, group: str) -> dict[tuple[str, int], tuple[int, str]]:
    def ask() -> list[TopicPartition]:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
        return asked.result(WAIT_S).topic_partitions

    return {
        (place.topic, place.partition): (place.offset, place.metadata or "") for place in _when_ready(ask)
    }


def _when_ready(ask: Callable[[], T]) -> T:
    """Return what `ask` returns once the broker, fresh from its start, no longer refuses to answer."""
    deadline = monotonic() + WAIT_S
    while True:
        try:
            return ask()
        except KafkaException as refusal:
            if refusal.args[0].code() not in NOT_READY or monotonic() > deadline:
                raise
