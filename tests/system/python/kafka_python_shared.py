"""What kafka-python 2 and 3 do in the same way; most of administration each does in its own."""

import contextlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import NewTopic
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaError

WAIT_S = 30.0
# A join takes less, unless a member has died: kafka-python 3 forgets one during which a `poll` times out.
SHARE_POLL_MS = 1000
RECORD_COUNT = 500
LARGEST_VALUE_BYTES = 1_048_516
ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
}

behaviour, variant, bootstrap, name = sys.argv[1:]
partition = TopicPartition(name, 0)


def show(behaviours):
    """Print the facts of the behaviour that was asked for, as a line of JSON."""
    facts = behaviours[behaviour]()
    print(json.dumps({"version": kafka.__version__, "facts": facts}))


def admin_client():
    return contextlib.closing(KafkaAdminClient(bootstrap_servers=bootstrap))


def open_producer(**options):
    return contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap, **options))


def open_consumer(group=None, **options):
    options = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **options}
    return KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, **options)


@contextlib.contextmanager
def reader(**options):
    """Give a consumer of the whole partition without a group."""
    consumer = open_consumer(**options)
    consumer.assign([partition])
    yield consumer
    consumer.close()


@contextlib.contextmanager
def member(**options):
    """Give a member of the group `name`."""
    consumer = open_consumer(name, heartbeat_interval_ms=100, **options)
    join(consumer, name)
    yield consumer
    consumer.close(autocommit=consumer.config["enable_auto_commit"])


def join(consumer, *topics):
    """Subscribe to topics that the consumer has heard of: a leader that has not assigns nothing for minutes."""
    consumer.subscribe(list(topics))
    assert all(map(consumer.partitions_for_topic, topics))


def take(consumer, count):
    deadline = monotonic() + WAIT_S
    taken = []
    while len(taken) < count:
        left_ms = int(1000 * (deadline - monotonic()))
        assert left_ms > 0, f"only {len(taken)} of {count} records came"
        for records in consumer.poll(timeout_ms=left_ms, max_records=count - len(taken)).values():
            taken += records
    return taken


def texts(records):
    return [record.value.decode() for record in records]


def soon(look, wanted):
    """Return `wanted` once `look` sees it, or the last that it saw: Apache Kafka answers before its broker knows."""
    deadline = monotonic() + WAIT_S
    while (seen := look()) != wanted and monotonic() < deadline:
        sleep(0.01)
    return seen


def refusal(call, *arguments, **options):
    """Return the number of the error that a call is refused with."""
    try:
        call(*arguments, **options)
    except KafkaError as refused:
        return refused.errno
    return 0


def create(*topics, partitions=1, configs=None):
    with admin_client() as admin:
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs or {}) for topic in topics])
        soon(lambda: [each["error_code"] for each in admin.describe_topics(list(topics))], [0] * len(topics))


def send_all(values, topic=name, **options):
    """Send values to partition 0, or keyed ones to where they belong, and return their offsets."""
    with open_producer(**options) as producer:
        places = [producer.send(topic, value=value.encode(), partition=0) for value in values]
        producer.flush(timeout=WAIT_S)
        return [place.get(timeout=WAIT_S).offset for place in places]


def contents():
    headers = [("trace", b"\x00\xff"), ("trace", b""), ("näme", b"value")]
    sent = [
        {"key": b"key", "value": b"value", "headers": headers},
        {"key": b"", "value": None},
        {"key": None, "value": b""},
    ]
    with open_producer() as producer:
        places = [
            producer.send(name, partition=0, timestamp_ms=1_700_000_000_123 + at, **record)
            for at, record in enumerate(sent)
        ]
        offsets = [place.get(timeout=WAIT_S).offset for place in places]
    with reader() as consumer:
        records = [
            {
                "offset": record.offset,
                "key": None if record.key is None else record.key.hex(),
                "value": None if record.value is None else record.value.hex(),
                "headers": [[key, value.hex()] for key, value in record.headers],
                "timestamp": record.timestamp,
            }
            for record in take(consumer, 3)
        ]
    return {"offsets": offsets, "records": records}


def compression():
    create(name)
    values = [f"value {number} " * 20 for number in range(RECORD_COUNT)]
    codec = None if variant == "none" else variant
    produced = send_all(values, compression_type=codec, linger_ms=50, batch_size=64 * 1024)
    with reader() as consumer:
        records = take(consumer, RECORD_COUNT)
    offsets = [record.offset for record in records]
    return {"produced": produced, "consumed": offsets, "values": texts(records)}


def acks():
    create(name)
    send_all(["value"], acks=variant if variant == "all" else int(variant))
    with reader() as consumer:
        return {"values": texts(take(consumer, 1))}


def idempotence():
    create(name)
    send_all(map(str, range(RECORD_COUNT)), enable_idempotence=True, batch_size=1000)
    with reader() as consumer:
        return {"values": texts(take(consumer, RECORD_COUNT))}


def large():
    create(name)
    # An idempotent producer of kafka-python 3 sends nothing more once a record was refused, with any broker.
    with open_producer(max_request_size=2_000_000, enable_idempotence=False) as producer:

        def send(size_bytes):
            sent = producer.send(name, value=b"x" * size_bytes, partition=0)
            return sent.get(timeout=WAIT_S).offset

        facts = {
            "taken": send(LARGEST_VALUE_BYTES),
            "refused": refusal(send, LARGEST_VALUE_BYTES + 1),
            "after": send(5),
        }
    with reader() as consumer:
        return {**facts, "sizes": [len(record.value) for record in take(consumer, 2)]}


def refusals():
    with admin_client() as admin:
        (missing,) = admin.describe_topics([name])
        invalid_name = refusal(admin.create_topics, [NewTopic("no name", 1, 1)])
    return {"described": missing["error_code"], "invalid_name": invalid_name}


def seek():
    create(name)
    with open_producer() as producer:
        for number in range(100):
            at_ms = 1_000_000 + number * 1000
            producer.send(name, value=str(number).encode(), partition=0, timestamp_ms=at_ms)
    facts = {}
    with reader() as consumer:
        ends = (consumer.beginning_offsets([partition]), consumer.end_offsets([partition]))
        facts["ends"] = [each[partition] for each in ends]
        consumer.seek(partition, 42)
        facts["at_42"] = texts(take(consumer, 3))
        facts["by_time"] = list(consumer.offsets_for_times({partition: 1_050_500})[partition][:2])
        facts["after_the_last"] = consumer.offsets_for_times({partition: 2_000_000})[partition]
        consumer.seek_to_beginning(partition)
        facts["beginning"] = texts(take(consumer, 1))
        consumer.seek_to_end(partition)
        consumer.position(partition)
        send_all(["last"])
        facts["end"] = texts(take(consumer, 1))
        consumer.seek(partition, 5000)
        facts["reset"] = texts(take(consumer, 1))
    return facts


def manual_commits():
    create(name)
    send_all(map(str, range(10)))
    with member() as first:
        facts = {"first": texts(take(first, 6))}
        first.commit({partition: OffsetAndMetadata(4, "a note", -1)})
    with member() as second:
        facts["second"] = texts(take(second, 6))
        committed = second.committed(partition, metadata=True)
    return {**facts, "committed": committed.offset, "metadata": committed.metadata}


def automatic_commits():
    create(name)
    send_all(map(str, range(10)))
    with member(enable_auto_commit=True) as first:
        facts = {"first": texts(take(first, 10))}
    send_all(["10"])
    with member() as second:
        facts["committed"] = second.committed(partition)
        return {**facts, "second": texts(take(second, 1))}


def partitions():
    create(name, partitions=3)
    three = [TopicPartition(name, number) for number in range(3)]

    def send(first, end):
        with open_producer() as producer:
            for number in range(first, end):
                producer.send(name, value=str(number).encode(), partition=number % 3)

    def by_partition(records):
        return [texts(each for each in records if each.partition == wanted) for wanted in range(3)]

    send(0, 30)
    with member() as first:
        taken = take(first, 30)
        first.commit()
    send(30, 33)
    with member() as second:
        committed = [second.committed(each) for each in three]
        rest = take(second, 3)
    return {"taken": by_partition(taken), "committed": committed, "rest": by_partition(rest)}


def assigned(consumer):
    return sorted(each.topic[-1] + f"-{each.partition}" for each in consumer.assignment())


def settle(consumers):
    """Poll each member in a thread of its own, as applications do, until the group has settled; return the shares.

    kafka-python 3 throws away a join that ends between two polls, and begins another. Members that one thread polls in
    turn do that to each other again and again, with Apache Kafka too (129 generations of a group were seen there).
    """
    shares = [[] for _ in consumers]
    is_settled = Event()

    def poll(number):
        while not is_settled.is_set():
            consumers[number].poll(timeout_ms=SHARE_POLL_MS)
            shares[number] = assigned(consumers[number])
            if all(shares) and sum(map(len, shares)) == len(set().union(*shares)) == 6:
                is_settled.set()

    with ThreadPoolExecutor(len(consumers)) as threads:
        polling = [threads.submit(poll, number) for number in range(len(consumers))]
        has_settled = is_settled.wait(WAIT_S)
        is_settled.set()
    for each in polling:
        each.result()
    assert has_settled, "the group has not settled"
    return sorted(shares, key=lambda share: (-len(share), share))


def assignor(described, assignors=ASSIGNORS):
    """Let two members share partitions; `described` returns a group's protocol, state and number of members."""
    create(f"{name}-a", f"{name}-b", partitions=3)
    options = {"heartbeat_interval_ms": 100, "partition_assignment_strategy": [assignors[variant]]}
    members = [open_consumer(name, **options) for _ in range(2)]
    for each in members:
        join(each, f"{name}-a", f"{name}-b")

    together = settle(members)
    protocol, state, member_count = described(name)
    members.pop().close()
    (alone,) = settle(members)
    members.pop().close()
    facts = {"protocol": protocol, "state": state, "members": member_count}
    facts |= {"sizes": list(map(len, together)), "alone": alone}
    return facts if "sticky" in variant else {**facts, "together": together}


def leave_a_group():
    """Leave a group without members that has committed offset 5."""
    create(name)
    send_all(map(str, range(5)))
    with member() as consumer:
        take(consumer, 5)
        consumer.commit()


def records():
    create(name)
    send_all(map(str, range(5)))
    with admin_client() as admin, reader() as consumer:
        deleted = admin.delete_records({partition: 3})[partition]
        ends = (consumer.beginning_offsets([partition]), consumer.end_offsets([partition]))
        beyond = refusal(admin.delete_records, {partition: 50})
    ends = [each[partition] for each in ends]
    return {"low_watermark": deleted["low_watermark"], "ends": ends, "beyond": beyond}


def resets():
    create(name)
    send_all(map(str, range(10)))

    def found(place):
        """Commit for the group without being a member; return what is read, and the next record."""
        with contextlib.closing(open_consumer(name)) as tool:
            tool.assign([partition])
            ends = (tool.beginning_offsets([partition]), tool.end_offsets([partition]))
            offset = {"first": ends[0][partition], "last": ends[1][partition]}.get(place, place)
            tool.commit({partition: OffsetAndMetadata(offset, "", -1)})
        if place == "last":
            send_all(["10"])
        with member() as consumer:
            return [consumer.committed(partition), *texts(take(consumer, 1))]

    return {"set": found(7), "first": found("first"), "last": found("last")}


def transactions():
    with open_producer(transactional_id=name) as producer:
        return {"refused": refusal(producer.init_transactions)}


BEHAVIOURS = {
    "contents": contents,
    "compression": compression,
    "acks": acks,
    "idempotence": idempotence,
    "large": large,
    "refusals": refusals,
    "seek": seek,
    "manual-commits": manual_commits,
    "automatic-commits": automatic_commits,
    "partitions": partitions,
    "resets": resets,
    "transactions": transactions,
    "records": records,
}
