"""aiokafka: one behaviour a run, its facts as a line of JSON."""

import asyncio
import contextlib
import json
import sys
from time import monotonic

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, OffsetAndMetadata, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

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


@contextlib.asynccontextmanager
async def running(client):
    """Start a client and stop it at the end."""
    await client.start()
    try:
        yield client
    finally:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


def admin_client():
    return running(AIOKafkaAdminClient(bootstrap_servers=bootstrap))


def open_producer(**options):
    return running(AIOKafkaProducer(bootstrap_servers=bootstrap, **options))


def open_consumer(*topics, **options):
    options = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **options}
    return AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, **options)


@contextlib.asynccontextmanager
async def reader(**options):
    """Give a consumer of the whole partition without a group."""
    async with running(open_consumer(**options)) as consumer:
        consumer.assign([partition])
        yield consumer


def member(**options):
    """Give a member of the group `name`."""
    return running(open_consumer(name, group_id=name, heartbeat_interval_ms=100, **options))


async def take(consumer, count):
    taken = []
    async with asyncio.timeout(WAIT_S):
        while len(taken) < count:
            for records in (await consumer.getmany(timeout_ms=200, max_records=count - len(taken))).values():
                taken += records
    return taken


def texts(records):
    return [record.value.decode() for record in records]


async def soon(look, wanted):
    """Return `wanted` once `look` sees it, or the last that it saw: Apache Kafka answers before its broker knows."""
    deadline = monotonic() + WAIT_S
    while (seen := await look()) != wanted and monotonic() < deadline:  # noqa: ASYNC110 (only asking shows it)
        await asyncio.sleep(0.01)
    return seen


async def refusal(call):
    """Return the number of the error that an awaited call is refused with."""
    try:
        await call
    except KafkaError as refused:
        return refused.errno
    return 0


def first_error(response):
    """Return the number of the first error in an answer about topics."""
    name_and_error = (getattr(response, "topic_errors", None) or response.topic_error_codes)[0]
    return name_and_error[1]


async def create(*topics, partitions=1, configs=None):
    async with admin_client() as admin:
        created = [NewTopic(topic, partitions, 1, topic_configs=configs or {}) for topic in topics]
        assert first_error(await admin.create_topics(created)) == 0

        async def errors():
            return [each["error_code"] for each in await admin.describe_topics(list(topics))]

        await soon(errors, [0] * len(topics))


async def send_all(values, **options):
    """Send values to partition 0 and return their offsets."""
    async with open_producer(**options) as producer:
        places = [await producer.send(name, value=value.encode(), partition=0) for value in values]
        return [(await place).offset for place in places]


async def contents():
    headers = [("trace", b"\x00\xff"), ("trace", b""), ("näme", b"value")]
    sent = [
        {"key": b"key", "value": b"value", "headers": headers},
        {"key": b"", "value": None},
        {"key": None, "value": b""},
    ]
    offsets = []
    async with open_producer() as producer:
        for at, record in enumerate(sent):
            at_ms = 1_700_000_000_123 + at
            place = await producer.send_and_wait(name, partition=0, timestamp_ms=at_ms, **record)
            offsets.append(place.offset)
    async with reader() as consumer:
        records = [
            {
                "offset": record.offset,
                "key": None if record.key is None else record.key.hex(),
                "value": None if record.value is None else record.value.hex(),
                "headers": shown_headers(record),
                "timestamp": record.timestamp,
            }
            for record in await take(consumer, 3)
        ]
    return {"offsets": offsets, "records": records}


def shown_headers(record):
    return [[key, None if value is None else value.hex()] for key, value in record.headers]


async def null_headers():
    await create(name)
    headers = [("none", None), ("empty", b"")]
    async with open_producer() as producer, reader() as consumer:
        await producer.send_and_wait(name, partition=0, value=b"value", headers=headers)
        (record,) = await take(consumer, 1)
    return {"headers": shown_headers(record)}


async def compression():
    await create(name)
    values = [f"value {number} " * 20 for number in range(RECORD_COUNT)]
    codec = None if variant == "none" else variant
    produced = await send_all(values, compression_type=codec, linger_ms=50, max_batch_size=64 * 1024)
    async with reader() as consumer:
        records = await take(consumer, RECORD_COUNT)
    offsets = [record.offset for record in records]
    return {"produced": produced, "consumed": offsets, "values": texts(records)}


async def acks():
    await create(name)
    async with open_producer(acks=variant if variant == "all" else int(variant)) as producer:
        await producer.send_and_wait(name, value=b"value", partition=0)
    async with reader() as consumer:
        return {"values": texts(await take(consumer, 1))}


async def idempotence():
    await create(name)
    await send_all(map(str, range(RECORD_COUNT)), enable_idempotence=True, max_batch_size=1000)
    async with reader() as consumer:
        return {"values": texts(await take(consumer, RECORD_COUNT))}


async def large():
    await create(name)
    sizes = {"max_request_size": 2_000_000, "max_batch_size": 2_000_000}
    async with open_producer(**sizes) as producer, reader() as consumer:

        async def send(size_bytes):
            return (await producer.send_and_wait(name, value=b"x" * size_bytes, partition=0)).offset

        taken = await send(LARGEST_VALUE_BYTES)
        refused = await refusal(send(LARGEST_VALUE_BYTES + 1))
        after = await send(5)
        sizes = [len(record.value) for record in await take(consumer, 2)]
    return {"taken": taken, "refused": refused, "after": after, "sizes": sizes}


async def refusals():
    async with admin_client() as admin:
        (missing,) = await admin.describe_topics([name])
        invalid = first_error(await admin.create_topics([NewTopic("no name", 1, 1)]))
    return {"described": missing["error_code"], "invalid_name": invalid}


async def seek():
    await create(name)
    async with open_producer() as producer:
        for number in range(100):
            at_ms = 1_000_000 + number * 1000
            await producer.send(name, value=str(number).encode(), partition=0, timestamp_ms=at_ms)
    facts = {}
    async with reader() as consumer:
        ends = (await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition]))
        facts["ends"] = [each[partition] for each in ends]
        consumer.seek(partition, 42)
        facts["at_42"] = texts(await take(consumer, 3))
        by_time = (await consumer.offsets_for_times({partition: 1_050_500}))[partition]
        facts["by_time"] = [by_time.offset, by_time.timestamp]
        facts["after_the_last"] = (await consumer.offsets_for_times({partition: 2_000_000}))[partition]
        await consumer.seek_to_beginning(partition)
        facts["beginning"] = texts(await take(consumer, 1))
        await consumer.seek_to_end(partition)
        await consumer.position(partition)
        await send_all(["last"])
        facts["end"] = texts(await take(consumer, 1))
        consumer.seek(partition, 5000)
        facts["reset"] = texts(await take(consumer, 1))
    return facts


async def manual_commits():
    await create(name)
    await send_all(map(str, range(10)))
    async with member() as first:
        facts = {"first": texts(await take(first, 6))}
        await first.commit({partition: OffsetAndMetadata(4, "a note")})
    async with member() as second:
        facts["second"] = texts(await take(second, 6))
        facts["committed"] = await second.committed(partition)
    async with admin_client() as admin:
        facts["metadata"] = (await admin.list_consumer_group_offsets(name))[partition].metadata
    return facts


async def automatic_commits():
    await create(name)
    await send_all(map(str, range(10)))
    async with member(enable_auto_commit=True) as first:
        facts = {"first": texts(await take(first, 10))}
    async with admin_client() as admin:
        facts["committed"] = (await admin.list_consumer_group_offsets(name))[partition].offset
    await send_all(["10"])
    async with member() as second:
        return {**facts, "second": texts(await take(second, 1))}


async def partitions():
    await create(name, partitions=3)

    async def send(first, end):
        async with open_producer() as producer:
            for number in range(first, end):
                await producer.send(name, value=str(number).encode(), partition=number % 3)

    def by_partition(records):
        return [texts(each for each in records if each.partition == wanted) for wanted in range(3)]

    await send(0, 30)
    async with member() as first:
        taken = await take(first, 30)
        await first.commit()
    async with admin_client() as admin:
        offsets = await admin.list_consumer_group_offsets(name)
    committed = [offsets[TopicPartition(name, each)].offset for each in range(3)]
    await send(30, 33)
    async with member() as second:
        rest = await take(second, 3)
    return {"taken": by_partition(taken), "committed": committed, "rest": by_partition(rest)}


def assigned(consumer):
    return sorted(each.topic[-1] + f"-{each.partition}" for each in consumer.assignment())


async def assignor():
    await create(f"{name}-a", f"{name}-b", partitions=3)
    options = {"heartbeat_interval_ms": 100, "partition_assignment_strategy": [ASSIGNORS[variant]]}

    def join():
        return running(open_consumer(f"{name}-a", f"{name}-b", group_id=name, **options))

    async def settle(*consumers):
        deadline = monotonic() + WAIT_S
        while True:
            assert monotonic() < deadline, "the group has not settled"
            await asyncio.gather(*(each.getmany(timeout_ms=50) for each in consumers))
            shares = sorted(map(assigned, consumers), key=lambda share: (-len(share), share))
            if all(shares) and sum(map(len, shares)) == len(set().union(*shares)) == 6:
                return shares

    async with join() as first, admin_client() as admin:
        async with join() as second:
            together = await settle(first, second)
            (answer,) = await admin.describe_consumer_groups([name])
        (alone,) = await settle(first)
    _, _, state, _, protocol, members, *_ = answer.groups[0]
    facts = {"protocol": protocol, "state": state, "members": len(members)}
    facts |= {"sizes": list(map(len, together)), "alone": alone}
    return facts if variant == "sticky" else {**facts, "together": together}


async def topics():
    await create(name, partitions=2)
    async with admin_client() as admin:

        async def partitions():
            return len((await admin.describe_topics([name]))[0]["partitions"])

        async def is_listed():
            return name in await admin.list_topics()

        counts, listed = [await partitions()], [await is_listed()]
        again = first_error(await admin.create_topics([NewTopic(name, 2, 1)]))
        await admin.create_partitions({name: NewPartitions(4)})
        counts.append(await soon(partitions, 4))
        fewer = await refusal(admin.create_partitions({name: NewPartitions(1)}))
        assert first_error(await admin.delete_topics([name])) == 0
        listed.append(await soon(is_listed, False))
        deleted_again = first_error(await admin.delete_topics([name]))
    facts = {"partitions": counts, "again": again, "fewer": fewer, "listed": listed}
    return {**facts, "deleted_again": deleted_again}


async def configs():
    await create(name, configs={"retention.ms": "60000"})
    async with admin_client() as admin:

        async def described():
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
            return [entries["retention.ms"], entries["segment.ms"]]

        async def alter(**changes):
            wanted = {key.replace("_", "."): value for key, value in changes.items()}
            (answer,) = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, wanted)])
            return answer.resources[0][0]

        created = await described()
        assert await alter(retention_ms="60000", segment_ms="2000000") == 0
        altered = await soon(described, ["60000", "2000000"])
        return {"created": created, "altered": altered, "invalid": await alter(retention_ms="soon")}


async def groups():
    await create(name)
    await send_all(map(str, range(5)))
    async with member() as consumer:
        await take(consumer, 5)
        await consumer.commit()
    async with admin_client() as admin:
        (answer,) = await admin.describe_consumer_groups([name])
        listed = name in [group for group, *_ in await admin.list_consumer_groups()]
        offset = (await admin.list_consumer_group_offsets(name))[partition].offset
    return {"listed": listed, "state": answer.groups[0][2], "offset": offset}


async def resets():
    await create(name)
    await send_all(map(str, range(10)))

    async def found(place):
        """Commit for the group without being a member; return what is read, and the next record."""
        async with running(open_consumer(group_id=name)) as tool:
            tool.assign([partition])
            ends = (await tool.beginning_offsets([partition]), await tool.end_offsets([partition]))
            offset = {"first": ends[0][partition], "last": ends[1][partition]}.get(place, place)
            await tool.commit({partition: offset})
        if place == "last":
            await send_all(["10"])
        async with member() as consumer:
            return [await consumer.committed(partition), *texts(await take(consumer, 1))]

    return {"set": await found(7), "first": await found("first"), "last": await found("last")}


async def records():
    await create(name)
    await send_all(map(str, range(5)))
    async with admin_client() as admin, reader() as consumer:
        deleted = await admin.delete_records({partition: RecordsToDelete(3)})
        ends = (await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition]))
        beyond = await refusal(admin.delete_records({partition: RecordsToDelete(50)}))
    ends = [each[partition] for each in ends]
    return {"low_watermark": deleted[partition], "ends": ends, "beyond": beyond}


async def cluster():
    async with admin_client() as admin:
        described = await admin.describe_cluster()
    nodes = [broker["node_id"] for broker in described["brokers"]]
    length = len(described["cluster_id"])
    return {"nodes": nodes, "controller": described["controller_id"], "cluster_id_length": length}


async def transactions():
    async def begin():
        async with open_producer(transactional_id=name):
            pass

    return {"refused": await refusal(begin())}


facts = asyncio.run(globals()[behaviour.replace("-", "_")]())
print(json.dumps({"version": aiokafka.__version__, "facts": facts}))
