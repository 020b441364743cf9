"""confluent-kafka, which is librdkafka, meets a broker: produce, consume in groups, administer."""

from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually

WAIT_S = 30.0
# librdkafka writes about lost connections to standard error, also when the test has long ended.
QUIET = {"log_level": 2}
OpenConsumer = Callable[..., Consumer]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@pytest.fixture(scope="module")
def admin(broker: RunningBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})


def produce(broker: RunningBroker, topic: str, values: list[bytes], **more: object) -> list[Message]:
    """Produce `values` to partition 0 and return the acknowledged messages; raises KafkaException."""
    options = {key.replace("_", "."): value for key, value in more.items()}
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20, **QUIET, **options})
    acknowledged: list[Message] = []

    def acknowledge(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            raise KafkaException(error)
        acknowledged.append(message)

    for value in values:
        producer.produce(topic, value=value, partition=0, on_delivery=acknowledge)
    assert producer.flush(WAIT_S) == 0
    return acknowledged


@pytest.fixture
def open_consumer(broker: RunningBroker) -> Iterator[OpenConsumer]:
    """Give a function that opens consumers from the earliest offset; all are closed after the test."""
    opened: list[Consumer] = []

    def open_one(topic: str, **more: object) -> Consumer:
        options = {key.replace("_", "."): value for key, value in more.items()}
        options |= {"auto.offset.reset": "earliest", "enable.auto.commit": False, **QUIET}
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": topic, **options})
        opened.append(consumer)
        consumer.subscribe([topic])
        return consumer

    yield open_one
    for consumer in opened:
        consumer.close()


def take(consumer: Consumer, count: int) -> list[Message]:
    """Poll until `count` records have come; raises AssertionError when that takes too long."""
    deadline = monotonic() + WAIT_S
    taken: list[Message] = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for message in consumer.consume(count - len(taken), timeout=1.0):
            if message.error() is not None:
                raise KafkaException(message.error())
            taken.append(message)
    return taken


def create(admin: AdminClient, topic: str, partitions: int = 1, **configs: str) -> None:
    options = {key.replace("_", "."): value for key, value in configs.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=options)])[topic].result(WAIT_S)


@pytest.mark.parametrize("idempotent", [False, True], ids=["plain", "idempotent"])
@pytest.mark.parametrize("codec", CODECS)
def test_records_in_every_compression_come_back_in_order(
    broker: RunningBroker,
    admin: AdminClient,
    open_consumer: OpenConsumer,
    idempotent: bool,
    codec: str,
    name: str,
) -> None:
    create(admin, name)
    values = [f"value {number} ".encode() * 20 for number in range(500)]
    acknowledged = produce(broker, name, values, compression_type=codec, enable_idempotence=idempotent)

    consumer = open_consumer(name)
    messages = take(consumer, len(values))

    assert [message.offset() for message in acknowledged] == list(range(500))
    assert [message.value() for message in messages] == values
    assert [message.offset() for message in messages] == list(range(500))


def test_key_headers_and_timestamp_come_back(
    broker: RunningBroker, admin: AdminClient, open_consumer: OpenConsumer, name: str
) -> None:
    create(admin, name)
    producer = Producer({"bootstrap.servers": broker.bootstrap, **QUIET})
    headers = [("trace", b"\x00\xff"), ("trace", None), ("empty", b"")]
    producer.produce(name, key=b"key", value=None, headers=headers, timestamp=1_700_000_000_123)
    assert producer.flush(WAIT_S) == 0

    consumer = open_consumer(name)
    (message,) = take(consumer, 1)

    assert (message.key(), message.value()) == (b"key", None)
    assert message.headers() == headers
    assert message.timestamp() == (TIMESTAMP_CREATE_TIME, 1_700_000_000_123)


def test_a_record_that_is_too_large_is_refused(broker: RunningBroker, admin: AdminClient, name: str) -> None:
    create(admin, name, max_message_bytes="2000")
    with pytest.raises(KafkaException) as refused:
        produce(broker, name, [b"x" * 3000])
    assert refused.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert len(produce(broker, name, [b"x" * 1000])) == 1


def test_a_consumer_continues_where_its_group_has_committed(
    broker: RunningBroker, admin: AdminClient, open_consumer: OpenConsumer, group_protocol: str, name: str
) -> None:
    create(admin, name)
    produce(broker, name, [str(number).encode() for number in range(6)])

    first = open_consumer(name, group_protocol=group_protocol)
    assert [message.value() for message in take(first, 4)] == [b"0", b"1", b"2", b"3"]
    first.commit(offsets=[TopicPartition(name, 0, 3)], asynchronous=False)
    first.close()

    second = open_consumer(name, group_protocol=group_protocol)
    assert [message.value() for message in take(second, 3)] == [b"3", b"4", b"5"]
    (committed,) = second.committed([TopicPartition(name, 0)], timeout=WAIT_S)
    assert committed.offset == 3


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_two_members_of_a_group_share_its_partitions(
    admin: AdminClient, open_consumer: OpenConsumer, strategy: str, name: str
) -> None:
    create(admin, name, partitions=4)
    options = {"partition_assignment_strategy": strategy, "heartbeat_interval_ms": 100}
    members = [open_consumer(name, **options) for _ in range(2)]

    deadline = monotonic() + WAIT_S
    while [len(member.assignment()) for member in members] != [2, 2]:
        assert monotonic() < deadline, "the group has not settled"
        for member in members:
            member.poll(0.1)
    partitions = [{partition.partition for partition in member.assignment()} for member in members]
    members.pop().close()
    while len(members[0].assignment()) != 4:
        assert monotonic() < deadline, "the group has not settled after a member left"
        members[0].poll(0.1)

    assert partitions[0] | partitions[1] == {0, 1, 2, 3}


def test_topics_are_created_described_grown_and_deleted(admin: AdminClient, name: str) -> None:
    create(admin, name, partitions=2)
    with pytest.raises(KafkaException) as refused:
        create(admin, name)
    assert refused.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS

    admin.create_partitions([NewPartitions(name, 3)])[name].result(WAIT_S)
    eventually(lambda: sorted(admin.list_topics(name, timeout=WAIT_S).topics[name].partitions) == [0, 1, 2])

    admin.delete_topics([name])[name].result(WAIT_S)
    eventually(lambda: name not in admin.list_topics(timeout=WAIT_S).topics)


def test_topic_configuration_is_altered_and_described(admin: AdminClient, name: str) -> None:
    create(admin, name, retention_ms="1000000")
    entry = ConfigEntry("segment.ms", "2000000", incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin.incremental_alter_configs([change])[change].result(WAIT_S)

    resource = ConfigResource(ResourceType.TOPIC, name)
    described = admin.describe_configs([resource])[resource].result(WAIT_S)
    assert (described["retention.ms"].value, described["segment.ms"].value) == ("1000000", "2000000")
    assert (described["retention.ms"].is_default, described["cleanup.policy"].is_default) == (False, True)


def test_offsets_and_groups_are_administered(
    broker: RunningBroker, admin: AdminClient, open_consumer: OpenConsumer, name: str
) -> None:
    create(admin, name)
    produce(broker, name, [b"value"] * 3)
    consumer = open_consumer(name)
    take(consumer, 3)
    consumer.commit(asynchronous=False)
    consumer.close()
    partition = TopicPartition(name, 0)

    latest = admin.list_offsets({partition: OffsetSpec.latest()})[partition].result(WAIT_S)
    wanted = [ConsumerGroupTopicPartitions(name, [TopicPartition(name, 0, 1)])]
    admin.alter_consumer_group_offsets(wanted)[name].result(WAIT_S)
    listed = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)])[name].result(WAIT_S)
    described = admin.describe_consumer_groups([name])[name].result(WAIT_S)
    admin.delete_consumer_groups([name])[name].result(WAIT_S)
    remaining = [group.group_id for group in admin.list_consumer_groups().result(WAIT_S).valid]

    assert latest.offset == 3
    assert [(place.topic, place.partition, place.offset) for place in listed.topic_partitions] == [
        (name, 0, 1)
    ]
    assert (described.state.name, described.members) == ("EMPTY", [])
    assert name not in remaining
