"""What was acknowledged is there after a broker has stopped or crashed, and clients carry on by themselves."""

from collections.abc import Callable
from time import monotonic

import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from tests.support.broker_process import RunningBroker

WAIT_S = 60.0
# What librdkafka reports when no broker is there, and what a coordinator answers before it has read its log.
WHILE_AWAY = {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT}
WHILE_LOADING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
# Lost connections are the subject here; librdkafka need not write each of them to standard error.
QUIET = {"log_level": 2, "reconnect.backoff.max.ms": 200}


def stop(broker: RunningBroker) -> None:
    broker.stop()


def crash(broker: RunningBroker) -> None:
    broker.kill()


endings = pytest.mark.parametrize("end", [stop, crash])


@pytest.fixture(scope="module")
def admin(broker: RunningBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})


def consumer_of(broker: RunningBroker, group: str) -> Consumer:
    options = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    return Consumer({"bootstrap.servers": broker.bootstrap, **options, **QUIET})


def take(consumer: Consumer, count: int) -> list[Message]:
    """Consume `count` records; raises AssertionError when that takes too long."""
    deadline = monotonic() + WAIT_S
    taken: list[Message] = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for message in consumer.consume(count - len(taken), timeout=1.0):
            error = message.error()
            if error is None:
                taken.append(message)
            elif error.code() not in WHILE_AWAY:
                raise KafkaException(error)
    return taken


def create(admin: AdminClient, topic: str, partitions: int = 1, **config: str) -> None:
    admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(WAIT_S)


def produce(broker: RunningBroker, topic: str, values: list[bytes], **options: object) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, **QUIET, **options})
    for number, value in enumerate(values):
        producer.produce(topic, key=str(number).encode(), value=value, partition=0, headers=[("n", value)])
    assert producer.flush(WAIT_S) == 0


def committed_by(consumer: Consumer, topic: str) -> TopicPartition:
    """Return what the group has committed for partition 0, as soon as the coordinator has loaded its groups."""
    deadline = monotonic() + WAIT_S
    while True:
        try:
            (committed,) = consumer.committed([TopicPartition(topic, 0)], timeout=WAIT_S)
        except KafkaException as failure:
            if failure.args[0].code() not in WHILE_LOADING or monotonic() > deadline:
                raise
        else:
            return committed


@endings
def test_records_topics_and_committed_offsets_survive(
    broker: RunningBroker, admin: AdminClient, end: Callable[[RunningBroker], None], name: str
) -> None:
    create(admin, name, partitions=3, **{"retention.ms": "7654321"})
    create(admin, f"{name}-deleted")
    admin.delete_topics([f"{name}-deleted"])[f"{name}-deleted"].result(WAIT_S)
    produce(broker, name, [str(number).encode() for number in range(100)], **{"compression.type": "lz4"})
    consumer = consumer_of(broker, name)
    consumer.assign([TopicPartition(name, 0, 0)])
    before = take(consumer, 100)
    consumer.commit(offsets=[TopicPartition(name, 0, 42, "a note")], asynchronous=False)
    consumer.close()
    topic_id = str(admin.describe_topics(TopicCollection([name]))[name].result(WAIT_S).topic_id)

    end(broker)
    broker.start()

    listed = admin.list_topics(timeout=WAIT_S).topics
    assert (sorted(listed[name].partitions), f"{name}-deleted" in listed) == ([0, 1, 2], False)
    assert str(admin.describe_topics(TopicCollection([name]))[name].result(WAIT_S).topic_id) == topic_id
    resource = ConfigResource(ResourceType.TOPIC, name)
    assert admin.describe_configs([resource])[resource].result(WAIT_S)["retention.ms"].value == "7654321"
    consumer = consumer_of(broker, name)
    consumer.assign([TopicPartition(name, 0, 0)])
    after = take(consumer, 100)
    committed = committed_by(consumer, name)
    produce(broker, name, [b"later"])
    (later,) = take(consumer, 1)
    consumer.close()

    assert (committed.offset, committed.metadata) == (42, "a note")
    assert [_content(message) for message in after] == [_content(message) for message in before]
    assert (later.value(), later.offset()) == (b"later", 100)


@endings
@pytest.mark.parametrize("idempotent", [True, False], ids=["idempotent", "plain"])
def test_a_producer_that_retries_loses_no_acknowledged_record(
    broker: RunningBroker,
    admin: AdminClient,
    end: Callable[[RunningBroker], None],
    idempotent: bool,
    name: str,
) -> None:
    create(admin, name)
    options = {
        "bootstrap.servers": broker.bootstrap,
        "acks": "all",
        "enable.idempotence": idempotent,
        **QUIET,
    }
    producer = Producer(options)
    acknowledged: list[int] = []

    def note(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            raise KafkaException(error)
        acknowledged.append(int(message.value()))

    def send(first: int, last: int) -> None:
        for number in range(first, last):
            producer.produce(name, value=str(number).encode(), partition=0, on_delivery=note)
            producer.poll(0)

    send(0, 2000)
    while not acknowledged:
        producer.poll(0.1)
    send(2000, 4000)
    end(broker)
    send(4000, 6000)
    broker.start()
    send(6000, 8000)
    assert producer.flush(WAIT_S) == 0

    consumer = consumer_of(broker, name)
    consumer.assign([TopicPartition(name, 0, 0)])
    _, log_end_offset = consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=WAIT_S)
    stored = [int(message.value()) for message in take(consumer, log_end_offset)]
    consumer.close()

    assert sorted(acknowledged) == list(range(8000))
    if idempotent:
        assert stored == list(range(8000))
    else:
        assert set(stored) == set(range(8000))


@endings
def test_a_consumer_in_a_group_carries_on(
    broker: RunningBroker, admin: AdminClient, end: Callable[[RunningBroker], None], name: str
) -> None:
    create(admin, name)
    produce(broker, name, [b"before"])
    consumer = consumer_of(broker, name)
    consumer.subscribe([name])
    (before,) = take(consumer, 1)
    consumer.commit(asynchronous=False)

    end(broker)
    broker.start()

    produce(broker, name, [b"after"])
    (after,) = take(consumer, 1)
    consumer.commit(asynchronous=False)
    committed = committed_by(consumer, name)
    consumer.close()

    assert (before.value(), after.value(), committed.offset) == (b"before", b"after", 2)


def test_a_broker_stops_cleanly_while_clients_wait(
    broker: RunningBroker, admin: AdminClient, name: str
) -> None:
    create(admin, name)
    consumer = consumer_of(broker, name)
    consumer.subscribe([name])
    produce(broker, name, [b"value"])
    take(consumer, 1)

    # 143 is what a JVM returns after SIGTERM, with all its shutdown hooks run.
    assert broker.stop() in {0, 143}
    broker.start()
    consumer.close()


def _content(message: Message) -> tuple[object, ...]:
    place = (message.partition(), message.offset(), message.timestamp(), message.leader_epoch())
    return (*place[:3], message.key(), message.value(), message.headers())
