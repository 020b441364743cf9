"""The table of what is compared, in order of importance, with the goal of each figure.

Sizes are those of a full run on two cores: each load takes a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from tests.benchmarks.compare.cell import Against, Better, Cell, Figure, Goal, Phase
from tests.benchmarks.compare.loads import clients, connections, footprint, growth, java, names, raw

HIGHER, LOWER = Better.HIGHER, Better.LOWER

PRODUCERS = "Java producers"
CONSUMERS = "Java consumers"
OTHERS = "requests and other clients"
GROWING = "growing"
SARAMA = "sarama"
PARTITION_COUNTS = (1, 1_000, 10_000)
CONNECTION_COUNTS = (1, 1_000, 5_000)


def _must(limit: float) -> Goal:
    return Goal(limit, must=True)


def _throughput(name: str, at_least: float = 1.0) -> Figure:
    return Figure(name, HIGHER, _must(at_least))


def _in_cost(at_most: float | None = None) -> Figure:
    return Figure(names.CPU_PER_MILLION, LOWER, None if at_most is None else _must(at_most))


def _out_cost() -> Figure:
    return Figure(names.CPU_PER_GB, LOWER, _must(0.8))


def _java_producer(
    name: str,
    varies: str,
    *,
    records: int,
    record_bytes: int = 100,
    partitions: int = 1,
    rate: float = 1.0,
    cpu: float | None = None,
    quick: bool = False,
    properties: Mapping[str, str] = MappingProxyType({}),
) -> Cell:
    load = partial(
        java.produce, records=records, record_bytes=record_bytes, partitions=partitions, properties=properties
    )
    figures = (
        _throughput(names.RECORDS_PER_S, rate),
        Figure(names.AVERAGE_MS, LOWER, _must(1.0)),
        Figure(names.P99_MS, LOWER, _must(1.0)),
        _in_cost(cpu),
    )
    return Cell(name, varies, PRODUCERS, load, figures, quick=quick)


def _java_consumer(
    name: str, varies: str, *, rate: float = 1.0, from_disk: bool = False, quick: bool = False
) -> Cell:
    load = partial(java.consume, records=750_000, record_bytes=100, from_disk=from_disk)
    figures = (_throughput(names.MB_PER_S, rate), _throughput(names.FETCH_MB_PER_S, rate), _out_cost())
    return Cell(name, varies, CONSUMERS, load, figures, quick=quick)


def _request(name: str, varies: str, load: partial[dict[str, float]], goal: Goal | None = None) -> Cell:
    figures = (Figure(names.CPU_PER_REQUEST_US, LOWER, goal), Figure(names.REQUESTS_PER_S, HIGHER))
    return Cell(name, varies, OTHERS, load, figures)


def _client_producer(client: str) -> Cell:
    load = partial(clients.produce, client=client, records=600_000, record_bytes=100)
    figures = (_throughput(names.RECORDS_PER_S), _in_cost())
    varies = f"{client}'s producer, 100 B"
    return Cell(f"{client}-producer", varies, OTHERS, load, figures, needs_go=client == SARAMA)


def _client_consumer(client: str, varies: str) -> Cell:
    load = partial(clients.consume, client=client, records=600_000, record_bytes=100)
    figures = (_throughput(names.MB_PER_S), _out_cost())
    return Cell(f"{client}-consumer", varies, OTHERS, load, figures, needs_go=client == SARAMA)


def _growth_figures(counts: tuple[int, ...], what: str) -> tuple[Figure, ...]:
    limit = Goal(1.3, against=Against.ITSELF)
    return (
        *(Figure(names.cost_at(count, what), LOWER) for count in counts),
        *(Figure(names.growth_at(count, what), LOWER, limit) for count in counts[1:]),
    )


PRODUCER_CELLS = (
    _java_producer(
        "producer-100B", "Java producer, 100 B, defaults", records=600_000, rate=1.15, cpu=0.65, quick=True
    ),
    _java_producer(
        "producer-1KiB",
        "1 KiB, batch.size 65536, linger.ms 5",
        records=150_000,
        record_bytes=1024,
        cpu=0.7,
        quick=True,
        properties={"batch.size": "65536", "linger.ms": "5"},
    ),
    _java_producer(
        "producer-10KiB", "10 KiB", records=9_000, record_bytes=10_240, rate=1.15, cpu=0.5, quick=True
    ),
    _java_producer("producer-lz4", "100 B, lz4", records=450_000, properties={"compression.type": "lz4"}),
    _java_producer("producer-zstd", "100 B, zstd", records=450_000, properties={"compression.type": "zstd"}),
    _java_producer(
        "producer-not-idempotent",
        "100 B, not idempotent",
        records=600_000,
        properties={"enable.idempotence": "false"},
    ),
    _java_producer("producer-12-partitions", "100 B, 12 partitions", records=600_000, partitions=12),
    _java_producer("producer-100-partitions", "100 B, 100 partitions", records=600_000, partitions=100),
)

CONSUMER_CELLS = (
    _java_consumer("consumer-hot", "Java consumer, 100 B, from memory", rate=1.05, quick=True),
    _java_consumer("consumer-from-disk", "its topic dropped from the page cache", from_disk=True),
    Cell(
        "consumer-while-producing",
        "a Java producer and a consumer at once",
        CONSUMERS,
        partial(java.consume_while_producing, records=450_000, record_bytes=100),
        (_throughput(names.MB_PER_S), _throughput(names.PRODUCED_PER_S), _in_cost(), _out_cost()),
    ),
)

LATENCY_CELLS = (
    Cell(
        "one-in-flight",
        "confluent-kafka, 100 B, acks=all, one record in flight",
        OTHERS,
        partial(clients.latency, load="one-in-flight", records=10_000, record_bytes=100),
        (
            Figure(names.P50_US, LOWER, Goal(0.75)),
            Figure(names.P99_US, LOWER, Goal(0.8)),
            Figure(names.P999_US, LOWER, Goal(1.0)),
            _in_cost(),
        ),
        quick=True,
    ),
)

FOOTPRINT_CELLS = (
    Cell(
        "start",
        "process start to first acknowledged record, new directory",
        "start",
        footprint.start,
        (Figure(names.START_MS, LOWER, Goal(0.2)), Figure(names.START_CPU_MS, LOWER)),
        phases=(Phase.NEW,),
        quick=True,
    ),
    Cell(
        "memory",
        "resident memory at rest, and after records were written and read",
        "memory",
        partial(footprint.memory, records=600_000, record_bytes=100),
        (
            Figure(names.IDLE_MB, LOWER, Goal(45, against=Against.ITSELF)),
            Figure(names.LOADED_MB, LOWER, Goal(90, against=Against.ITSELF)),
        ),
        phases=(Phase.COLD,),
        quick=True,
    ),
    Cell(
        "memory-1000-partitions",
        "resident memory with 1,000 partitions, a record in each",
        "memory",
        partial(footprint.memory_with_partitions, partitions=1_000),
        (Figure(names.MANY_PARTITIONS_MB, LOWER),),
        phases=(Phase.COLD,),
    ),
)

REQUEST_CELLS = (
    _request(
        "produce-1-record",
        "raw Produce, 1 record of 100 B, 50 in flight",
        partial(raw.produce, requests=20_000, records=1, record_bytes=100, in_flight=50),
    ),
    _request(
        "produce-16KiB",
        "raw Produce, 16 KiB, 5 in flight",
        partial(raw.produce, requests=10_000, records=148, record_bytes=100, in_flight=5),
        Goal(0.4),
    ),
    _request(
        "produce-1MiB",
        "raw Produce, 1 MiB, 5 in flight",
        partial(raw.produce, requests=300, records=9_500, record_bytes=100, in_flight=5),
    ),
    _request(
        "fetch-64KiB",
        "raw Fetch, 64 KiB, 5 in flight",
        partial(raw.fetch, requests=6_000, size_bytes=1 << 16, in_flight=5),
    ),
    _request(
        "fetch-1MiB",
        "raw Fetch, 1 MiB, 5 in flight",
        partial(raw.fetch, requests=1_500, size_bytes=1 << 20, in_flight=5),
    ),
    _request(
        "fetch-100-partitions",
        "raw Fetch, a session of 100 partitions without news, one in flight",
        partial(raw.fetch_incrementally, requests=5_000, partitions=100),
    ),
    _request(
        "metadata-1-topic",
        "raw Metadata, one topic, 50 in flight",
        partial(raw.metadata, requests=20_000, topics=1, in_flight=50),
        Goal(0.7),
    ),
    _request(
        "metadata-1000-topics",
        "raw Metadata, 1,000 topics, 5 in flight",
        partial(raw.metadata, requests=150, topics=1_000, in_flight=5),
        Goal(0.7),
    ),
    _request(
        "heartbeat",
        "raw Heartbeat, 50 in flight",
        partial(raw.heartbeat, requests=20_000, in_flight=50),
        Goal(0.7),
    ),
    _request(
        "offset-commit",
        "raw OffsetCommit of one partition, one in flight on each of 50 connections",
        partial(raw.offset_commit, requests=10_000, connections=50),
        Goal(0.7),
    ),
)

END_TO_END_CELLS = (
    Cell(
        "end-to-end",
        "confluent-kafka, 1,000 records/s, sent to consumed",
        OTHERS,
        partial(clients.latency, load="end-to-end", records=3_000, record_bytes=100),
        (
            Figure(names.P50_US, LOWER),
            Figure(names.P99_US, LOWER),
            Figure(names.P999_US, LOWER),
            _in_cost(),
        ),
    ),
)

CONFLUENT_CELLS = (
    _client_producer("confluent-kafka"),
    _client_consumer("confluent-kafka", "confluent-kafka's consumer, 100 B"),
)

SARAMA_CELLS = (
    _client_producer(SARAMA),
    _client_consumer(SARAMA, "sarama's consumer group, 100 B"),
)

CONNECTION_CELLS = (
    Cell(
        "400-connections",
        "200 connections that produce and 200 that consume, 16 KiB batches",
        OTHERS,
        partial(connections.busy, pairs=200, duration_s=4.0),
        (
            Figure(names.PRODUCED_PER_S, HIGHER, Goal(1.0)),
            Figure(names.PRODUCED_SLOWEST_TENTH, HIGHER, Goal(1.0)),
            Figure(names.CONSUMED_MB_PER_S, HIGHER, Goal(1.0)),
            Figure(names.CONSUMED_SLOWEST_TENTH, HIGHER, Goal(1.0)),
            _in_cost(),
            Figure(names.CPU_PER_GB, LOWER),
        ),
    ),
    Cell(
        "5000-idle-connections",
        "5,000 connections that are silent",
        OTHERS,
        partial(connections.idle, connections=5_000, duration_s=3.0),
        (
            Figure(names.KB_PER_CONNECTION, LOWER),
            Figure(names.IDLE_CPU_SHARE, LOWER),
            Figure(names.OPENED_PER_S, HIGHER),
        ),
    ),
)

GROWTH_CELLS = (
    Cell(
        "growth-partitions",
        "raw Produce, 1 record, one in flight, round all partitions",
        GROWING,
        partial(growth.with_partitions, counts=PARTITION_COUNTS, requests=5_000),
        _growth_figures(PARTITION_COUNTS, growth.PARTITIONS),
        phases=(Phase.WARM,),
        warm_up=partial(raw.produce, requests=5_000, records=1, record_bytes=100, in_flight=1),
    ),
    Cell(
        "growth-connections",
        "raw Produce, 1 record, one in flight, round all connections",
        GROWING,
        partial(growth.with_connections, counts=CONNECTION_COUNTS, requests=5_000),
        _growth_figures(CONNECTION_COUNTS, growth.CONNECTIONS),
        phases=(Phase.WARM,),
        warm_up=partial(raw.produce, requests=5_000, records=1, record_bytes=100, in_flight=1),
    ),
)

CELLS = (
    *PRODUCER_CELLS,
    *CONSUMER_CELLS,
    *LATENCY_CELLS,
    *FOOTPRINT_CELLS,
    *REQUEST_CELLS,
    *END_TO_END_CELLS,
    *CONFLUENT_CELLS,
    *CONNECTION_CELLS,
    *GROWTH_CELLS,
    *SARAMA_CELLS,
)
"""Every cell, by what it is worth."""
