"""kafka-python 2, in a virtual environment of its own: one behaviour a run, its facts as a line of JSON."""

import contextlib
import json
import sys
from time import monotonic

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaError

WAIT_S = 30.0
RECORD_COUNT = 500
LARGEST_VALUE_BYTES = 1_048_516
ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
}

behaviour, variant, bootstrap, name = sys.argv[1:]
partition = TopicPartition(name, 0)


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
    consumer.subscribe([name])
    yield consumer
    consumer.close(autocommit=consumer.config["enable_auto_commit"])


def take(consumer, count):
    deadline = monotonic() + WAIT_S
    taken = []
    while len(taken) < count:
        assert monotonic() < deadline, f"only {len(taken)} of {count} records came"
        for records in consumer.poll(timeout_ms=200, max_records=count - len(taken)).values():
            taken += records
    return taken


def texts(records):
    return [record.value.decode() for record in records]


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
    with open_producer(max_request_size=2_000_000) as producer:

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
    with admin_client() as admin:
        facts["committed"] = admin.list_consumer_group_offsets(name)[partition].offset
    send_all(["10"])
    with member() as second:
        return {**facts, "second": texts(take(second, 1))}


def partitions():
    create(name, partitions=3)

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
    with admin_client() as admin:
        offsets = admin.list_consumer_group_offsets(name)
    committed = [offsets[TopicPartition(name, each)].offset for each in range(3)]
    send(30, 33)
    with member() as second:
        rest = take(second, 3)
    return {"taken": by_partition(taken), "committed": committed, "rest": by_partition(rest)}


def assigned(consumer):
    return sorted(each.topic[-1] + f"-{each.partition}" for each in consumer.assignment())


def assignor():
    create(f"{name}-a", f"{name}-b", partitions=3)
    options = {"heartbeat_interval_ms": 100, "partition_assignment_strategy": [ASSIGNORS[variant]]}
    members = [open_consumer(name, **options) for _ in range(2)]
    for each in members:
        each.subscribe([f"{name}-a", f"{name}-b"])

    def settle(consumers):
        deadline = monotonic() + WAIT_S
        while True:
            assert monotonic() < deadline, "the group has not settled"
            for each in consumers:
                each.poll(timeout_ms=50)
            shares = sorted(map(assigned, consumers), key=lambda share: (-len(share), share))
            if all(shares) and sum(map(len, shares)) == len(set().union(*shares)) == 6:
                return shares

    together = settle(members)
    with admin_client() as admin:
        (group,) = admin.describe_consumer_groups([name])
    members.pop().close()
    (alone,) = settle(members)
    members.pop().close()
    facts = {"protocol": group.protocol, "state": group.state, "members": len(group.members)}
    facts |= {"sizes": list(map(len, together)), "alone": alone}
    return facts if variant == "sticky" else {**facts, "together": together}


def topics():
    create(name, partitions=2)
    with admin_client() as admin:

        def partitions():
            return len(admin.describe_topics([name])[0]["partitions"])

        counts, listed = [partitions()], [name in admin.list_topics()]
        again = refusal(admin.create_topics, [NewTopic(name, 2, 1)])
        admin.create_partitions({name: NewPartitions(4)})
        counts.append(partitions())
        fewer = refusal(admin.create_partitions, {name: NewPartitions(1)})
        admin.delete_topics([name])
        listed.append(name in admin.list_topics())
        deleted_again = refusal(admin.delete_topics, [name])
    facts = {"partitions": counts, "again": again, "fewer": fewer, "listed": listed}
    return {**facts, "deleted_again": deleted_again}


def configs():
    create(name, configs={"retention.ms": "60000"})
    with admin_client() as admin:

        def described():
            (answer,) = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
            return [entries["retention.ms"], entries["segment.ms"]]

        def alter(**changes):
            wanted = {key.replace("_", "."): value for key, value in changes.items()}
            answer = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, wanted)])
            return answer.resources[0][0]

        created = described()
        assert alter(retention_ms="60000", segment_ms="2000000") == 0
        return {"created": created, "altered": described(), "invalid": alter(retention_ms="soon")}


def groups():
    create(name)
    send_all(map(str, range(5)))
    with member() as consumer:
        take(consumer, 5)
        consumer.commit()
    with admin_client() as admin:

        def listed():
            return name in [group for group, *_ in admin.list_consumer_groups()]

        facts = {"listed": [listed()], "state": admin.describe_consumer_groups([name])[0].state}
        facts["offset"] = admin.list_consumer_group_offsets(name)[partition].offset
        ((_, error),) = admin.delete_consumer_groups([name])
        assert error.errno == 0
        facts["listed"].append(listed())
        ((_, error),) = admin.delete_consumer_groups([name])
        return {**facts, "deleted_again": error.errno}


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


def records():
    create(name)
    send_all(map(str, range(5)))
    with admin_client() as admin, reader() as consumer:
        deleted = admin.delete_records({partition: 3})[partition]
        ends = (consumer.beginning_offsets([partition]), consumer.end_offsets([partition]))
        beyond = refusal(admin.delete_records, {partition: 50})
    ends = [each[partition] for each in ends]
    return {"low_watermark": deleted["low_watermark"], "ends": ends, "beyond": beyond}


def cluster():
    with admin_client() as admin:
        described = admin.describe_cluster()
    nodes = [broker["node_id"] for broker in described["brokers"]]
    length = len(described["cluster_id"])
    return {"nodes": nodes, "controller": described["controller_id"], "cluster_id_length": length}


def transactions():
    with open_producer(transactional_id=name) as producer:
        return {"refused": refusal(producer.init_transactions)}


facts = globals()[behaviour.replace("-", "_")]()
print(json.dumps({"version": kafka.__version__, "facts": facts}))
