"""confluent-kafka, which is librdkafka: one behaviour a run, its facts as a line of JSON."""

import contextlib
import json
import sys
from time import monotonic, sleep

import confluent_kafka
from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    TIMESTAMP_CREATE_TIME,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
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

WAIT_S = 30.0
RECORD_COUNT = 500
LARGEST_VALUE_BYTES = 1_048_516

behaviour, variant, bootstrap, name = sys.argv[1:]
# It writes about lost connections to standard error.
common = {"bootstrap.servers": bootstrap, "log_level": 2}
admin = AdminClient(common)
partition = TopicPartition(name, 0)


def only(futures):
    """Return the result of the one future of an answer by name."""
    (future,) = futures.values()
    return future.result(WAIT_S)


def refusal(call, *arguments):
    """Return the number of the error that a call is refused with."""
    try:
        call(*arguments)
    except KafkaException as refused:
        return refused.args[0].code()
    return 0


def soon(look, wanted):
    """Return `wanted` once `look` sees it, or the last that it saw: Apache Kafka answers before its broker knows."""
    deadline = monotonic() + WAIT_S
    while (seen := look()) != wanted and monotonic() < deadline:
        sleep(0.01)
    return seen


def described_topic(topic=name):
    return only(admin.describe_topics(TopicCollection([topic])))


def create(topic=name, partitions=1, configs=None):
    only(admin.create_topics([NewTopic(topic, partitions, 1, config=configs or {})]))
    soon(lambda: refusal(described_topic, topic), 0)


def send_all(records, **options):
    """Send records, each a dictionary, to partition 0, and return their offsets; raises KafkaException."""
    options = {option.replace("_", "."): value for option, value in options.items()}
    producer = Producer({**common, **options})
    acknowledged = []

    def acknowledge(error, message):
        if error is not None:
            raise KafkaException(error)
        acknowledged.append(message.offset())

    for record in records:
        producer.produce(name, **{"partition": 0, "on_delivery": acknowledge, **record})
    assert producer.flush(WAIT_S) == 0
    return acknowledged


def valued(texts):
    return [{"value": text.encode()} for text in texts]


@contextlib.contextmanager
def open_consumer(**options):
    options = {option.replace("_", "."): value for option, value in options.items()}
    defaults = {"group.id": name, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**common, **defaults, **options})
    yield consumer
    consumer.close()


@contextlib.contextmanager
def reader(**options):
    """Give a consumer of the whole partition, which is in no group."""
    with open_consumer(**options) as consumer:
        consumer.assign([TopicPartition(name, 0, OFFSET_BEGINNING)])
        yield consumer


@contextlib.contextmanager
def member(*topics, **options):
    """Give a member of the group `name`."""
    with open_consumer(**options) as consumer:
        consumer.subscribe(list(topics or [name]))
        yield consumer


def take(consumer, count):
    deadline = monotonic() + WAIT_S
    taken = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for message in consumer.consume(count - len(taken), timeout=0.2):
            if message.error() is not None:
                raise KafkaException(message.error())
            taken.append(message)
    return taken


def take_all(count):
    with reader() as consumer:
        return take(consumer, count)


def texts(messages):
    return [message.value().decode() for message in messages]


def hexadecimal(content):
    return None if content is None else content.hex()


def contents():
    headers = [("trace", b"\x00\xff"), ("trace", b""), ("näme", b"value")]
    sent = [
        {"key": b"key", "value": b"value", "headers": headers},
        {"key": b"", "value": None},
        {"key": None, "value": b""},
    ]
    times = [{"timestamp": 1_700_000_000_123 + at} for at in range(3)]
    offsets = send_all([{**record, **time} for record, time in zip(sent, times, strict=True)])
    messages = take_all(3)
    assert {message.timestamp()[0] for message in messages} == {TIMESTAMP_CREATE_TIME}
    records = [
        {
            "offset": message.offset(),
            "key": hexadecimal(message.key()),
            "value": hexadecimal(message.value()),
            "headers": shown_headers(message),
            "timestamp": message.timestamp()[1],
        }
        for message in messages
    ]
    return {"offsets": offsets, "records": records}


def shown_headers(message):
    return [[key, hexadecimal(value)] for key, value in message.headers() or []]


def null_headers():
    create()
    send_all([{"value": b"value", "headers": [("none", None), ("empty", b"")]}])
    (message,) = take_all(1)
    return {"headers": shown_headers(message)}


def compression():
    create()
    values = [f"value {number} " * 20 for number in range(RECORD_COUNT)]
    produced = send_all(valued(values), compression_type=variant, linger_ms=50)
    messages = take_all(RECORD_COUNT)
    consumed = [message.offset() for message in messages]
    return {"produced": produced, "consumed": consumed, "values": texts(messages)}


def acks():
    create()
    send_all(valued(["value"]), acks=variant)
    return {"values": texts(take_all(1))}


def idempotence():
    create()
    numbers = valued(map(str, range(RECORD_COUNT)))
    send_all(numbers, enable_idempotence=True, batch_num_messages=50, compression_type=variant)
    return {"values": texts(take_all(RECORD_COUNT))}


def large():
    create()

    def send(size_bytes):
        (offset,) = send_all([{"value": b"x" * size_bytes}], message_max_bytes=2_000_000)
        return offset

    facts = {"taken": send(LARGEST_VALUE_BYTES), "refused": refusal(send, LARGEST_VALUE_BYTES + 1)}
    return {**facts, "after": send(5), "sizes": [len(message.value()) for message in take_all(2)]}


def refusals():
    invalid = [NewTopic("no name", 1, 1)]
    return {
        "described": refusal(described_topic),
        "invalid_name": refusal(lambda: only(admin.create_topics(invalid))),
    }


def listed(spec):
    return only(admin.list_offsets({partition: spec}))


def ends():
    return [listed(spec).offset for spec in (OffsetSpec.earliest(), OffsetSpec.latest())]


def by_time(timestamp):
    found = listed(OffsetSpec.for_timestamp(timestamp))
    return None if found.offset < 0 else [found.offset, found.timestamp]


def reach_the_end(consumer):
    """Poll until the consumer says that it has read everything, which it must have been told to say."""
    message = consumer.poll(WAIT_S)
    assert message.error().code() == KafkaError._PARTITION_EOF


def seek():
    create()
    send_all([{"value": str(at).encode(), "timestamp": 1_000_000 + at * 1000} for at in range(100)])
    facts = {"ends": ends(), "by_time": by_time(1_050_500), "after_the_last": by_time(2_000_000)}
    with open_consumer(enable_partition_eof=True) as consumer:
        consumer.assign([TopicPartition(name, 0, 42)])
        facts["at_42"] = texts(take(consumer, 3))
        consumer.seek(TopicPartition(name, 0, OFFSET_BEGINNING))
        facts["beginning"] = texts(take(consumer, 1))
        consumer.seek(TopicPartition(name, 0, OFFSET_END))
        reach_the_end(consumer)
        send_all(valued(["last"]))
        facts["end"] = texts(take(consumer, 1))
        consumer.seek(TopicPartition(name, 0, 5000))
        facts["reset"] = texts(take(consumer, 1))
    return facts


def manual_commits(**options):
    create()
    send_all(valued(map(str, range(10))))
    with member(**options) as first:
        facts = {"first": texts(take(first, 6))}
        first.commit(offsets=[TopicPartition(name, 0, 4, "a note")], asynchronous=False)
    with member(**options) as second:
        facts["second"] = texts(take(second, 6))
        (committed,) = second.committed([partition], timeout=WAIT_S)
    return {**facts, "committed": committed.offset, "metadata": committed.metadata}


def consumer_protocol():
    return manual_commits(group_protocol="consumer")


def automatic_commits():
    create()
    send_all(valued(map(str, range(10))))
    with member(enable_auto_commit=True) as first:
        facts = {"first": texts(take(first, 10))}
    facts["committed"] = committed_offset().offset
    send_all(valued(["10"]))
    with member() as second:
        return {**facts, "second": texts(take(second, 1))}


def partitions():
    create(partitions=3)

    def send(first, end):
        send_all([{"value": str(at).encode(), "partition": at % 3} for at in range(first, end)])

    def by_partition(messages):
        return [texts(each for each in messages if each.partition() == wanted) for wanted in range(3)]

    send(0, 30)
    with member() as first:
        taken = take(first, 30)
        first.commit(asynchronous=False)
    places = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)])).topic_partitions
    committed = [each.offset for each in sorted(places, key=lambda place: place.partition)]
    send(30, 33)
    with member() as second:
        rest = take(second, 3)
    return {"taken": by_partition(taken), "committed": committed, "rest": by_partition(rest)}


def committed_offset():
    answer = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)]))
    return answer.topic_partitions[0]


def assigned(consumer):
    return sorted(each.topic[-1] + f"-{each.partition}" for each in consumer.assignment())


def settle(*consumers):
    """Poll until all six partitions belong to one member each, and each has some; larger shares come first."""
    deadline = monotonic() + WAIT_S
    while True:
        assert monotonic() < deadline, "the group has not settled"
        for each in consumers:
            each.poll(0.05)
        shares = sorted(map(assigned, consumers), key=lambda share: (-len(share), share))
        if all(shares) and sum(map(len, shares)) == len(set().union(*shares)) == 6:
            return shares


def assignor():
    topics = [f"{name}-a", f"{name}-b"]
    for topic in topics:
        create(topic, partitions=3)
    options = {"partition_assignment_strategy": variant, "heartbeat_interval_ms": 100}
    with member(*topics, **options) as first:
        with member(*topics, **options) as second:
            together = settle(first, second)
            group = described_group()
            # A cooperative group is not stable before the last of its rebalances.
            while group.state.name != "STABLE":
                together = settle(first, second)
                group = described_group()
        (alone,) = settle(first)
    facts = {"protocol": group.partition_assignor, "state": group.state.name.title()}
    facts |= {"members": len(group.members), "sizes": list(map(len, together)), "alone": alone}
    return facts if "sticky" in variant else {**facts, "together": together}


def described_group():
    return only(admin.describe_consumer_groups([name]))


def topics():
    create(partitions=2)

    def grow(count):
        only(admin.create_partitions([NewPartitions(name, count)]))

    def count():
        return len(described_topic().partitions)

    def listed():
        return name in admin.list_topics(timeout=WAIT_S).topics

    counts, seen = [count()], [listed()]
    again = refusal(create)
    grow(4)
    counts.append(soon(count, 4))
    fewer = refusal(grow, 1)
    only(admin.delete_topics([name]))
    seen.append(soon(listed, False))
    deleted_again = refusal(lambda: only(admin.delete_topics([name])))
    facts = {"partitions": counts, "again": again, "fewer": fewer, "listed": seen}
    return {**facts, "deleted_again": deleted_again}


def configs():
    create(configs={"retention.ms": "60000"})

    def described():
        entries = only(admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)]))
        assert (entries["retention.ms"].is_default, entries["cleanup.policy"].is_default) == (False, True)
        return [entries["retention.ms"].value, entries["segment.ms"].value]

    def alter(option, value):
        entry = ConfigEntry(option, value, incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        only(admin.incremental_alter_configs([change]))

    created = described()
    alter("segment.ms", "2000000")
    altered = soon(described, ["60000", "2000000"])
    return {"created": created, "altered": altered, "invalid": refusal(alter, "retention.ms", "soon")}


def leave_a_group():
    """Leave a group without members that has committed offset 5."""
    create()
    send_all(valued(map(str, range(5))))
    with member() as consumer:
        take(consumer, 5)
        consumer.commit(asynchronous=False)


def groups():
    leave_a_group()

    def listed():
        return name in [group.group_id for group in admin.list_consumer_groups().result(WAIT_S).valid]

    def delete():
        only(admin.delete_consumer_groups([name]))

    facts = {"state": described_group().state.name.title(), "offset": committed_offset().offset}
    seen = [listed()]
    delete()
    return {**facts, "listed": [*seen, listed()], "deleted_again": refusal(delete)}


def offsets():
    leave_a_group()
    wanted = ConsumerGroupTopicPartitions(name, [TopicPartition(name, 0, 1, "moved")])
    only(admin.alter_consumer_group_offsets([wanted]))
    altered = committed_offset()
    return {"altered": [altered.offset, altered.metadata]}


def resets():
    create()
    send_all(valued(map(str, range(10))))

    def found(place):
        """Commit for the group without being a member; return what is read, and the next record."""
        with open_consumer() as tool:
            tool.commit(offsets=[TopicPartition(name, 0, place)], asynchronous=False)
        if place == 10:
            send_all(valued(["10"]))
        with member() as consumer:
            (committed,) = consumer.committed([partition], timeout=WAIT_S)
            return [committed.offset, *texts(take(consumer, 1))]

    first, last = ends()
    return {"set": found(7), "first": found(first), "last": found(last)}


def records():
    create()
    send_all(valued(map(str, range(5))))

    def delete_before(offset):
        return only(admin.delete_records([TopicPartition(name, 0, offset)])).low_watermark

    return {"low_watermark": delete_before(3), "ends": ends(), "beyond": refusal(delete_before, 50)}


def cluster():
    described = admin.describe_cluster().result(WAIT_S)
    nodes = [node.id for node in described.nodes]
    length = len(described.cluster_id)
    return {"nodes": nodes, "controller": described.controller.id, "cluster_id_length": length}


def transactions():
    producer = Producer({**common, "transactional.id": name})
    return {"refused": refusal(producer.init_transactions, WAIT_S)}


facts = globals()[behaviour.replace("-", "_")]()
print(json.dumps({"version": confluent_kafka.__version__, "facts": facts}))
