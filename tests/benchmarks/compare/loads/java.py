"""Apache Kafka's own performance tools against a broker, each in a JVM of its own as its script runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.benchmarks.compare.loads.names import (
    AVERAGE_MS,
    CPU_PER_GB,
    CPU_PER_MILLION,
    FETCH_MB_PER_S,
    MB_PER_S,
    P99_MS,
    PRODUCED_PER_S,
    RECORDS_PER_S,
)
from tests.benchmarks.compare.loads.raw import fill
from tests.benchmarks.compare.parsing import parse_consumed, parse_produced
from tests.benchmarks.compare.programs import finish, java_tool, start
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.topics import check_records, make_topics

GB = 1e9
MIB = 1 << 20
SILENCE_MS = "60000"
"""How long a consumer waits for a next record; by default it gives up while a loaded machine forms its group."""

READ_FROM_DISK_SHARE = 0.9
"""A dropped cache has to send at least so much of what is consumed through the disk; read-ahead may begin early."""


def produce(
    run: Run,
    *,
    records: int,
    record_bytes: int,
    partitions: int = 1,
    properties: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, float]:
    """Send records to a new topic with ProducerPerformance under properties of the producer."""
    count = run.scaled(records)
    make_topics(run.port, [run.name], partitions)
    command = producer_command(run, count, record_bytes, properties)
    with run.measured() as cost:
        printed = finish(start(command))
    produced = parse_produced(printed, count)
    check_records(run.port, run.name, count, partitions)
    return {
        RECORDS_PER_S: produced.records_per_s,
        AVERAGE_MS: produced.average_ms,
        P99_MS: produced.p99_ms,
        CPU_PER_MILLION: cost.broker_cpu_s / count * 1e6,
    }


def consume(run: Run, *, records: int, record_bytes: int, from_disk: bool = False) -> dict[str, float]:
    """Read a topic, filled before, with ConsumerPerformance; `from_disk` drops it from the page cache first."""
    make_topics(run.port, [run.name])
    count = fill(run.port, run.name, run.scaled(records), record_bytes)
    if from_disk:
        drop_page_cache(run.data_dir / f"{run.name}-0")
    with run.measured() as cost:
        printed = finish(start(consumer_command(run, count)))
    consumed = parse_consumed(printed, count)
    read = cost.storage_read_bytes
    if from_disk and read is not None and read < consumed.mb * MIB * READ_FROM_DISK_SHARE:
        raise RunFailedError(f"only {read / MIB:.0f} of {consumed.mb:.0f} MB came from the disk")
    return {
        MB_PER_S: consumed.mb_per_s,
        FETCH_MB_PER_S: consumed.fetch_mb_per_s,
        CPU_PER_GB: cost.broker_cpu_s / (consumed.mb * MIB) * GB,
    }


def consume_while_producing(run: Run, *, records: int, record_bytes: int) -> dict[str, float]:
    """Produce to a topic and read it at the same time, both from the first record to the last."""
    count = run.scaled(records)
    make_topics(run.port, [run.name])
    with run.measured() as cost:
        producer = start(producer_command(run, count, record_bytes, {}))
        try:
            consumed = parse_consumed(finish(start(consumer_command(run, count))), count)
        finally:
            printed = finish(producer)
    produced = parse_produced(printed, count)
    check_records(run.port, run.name, count)
    return {
        MB_PER_S: consumed.mb_per_s,
        PRODUCED_PER_S: produced.records_per_s,
        CPU_PER_MILLION: cost.broker_cpu_s / count * 1e6,
        CPU_PER_GB: cost.broker_cpu_s / (consumed.mb * MIB) * GB,
    }


def producer_command(run: Run, records: int, record_bytes: int, properties: Mapping[str, str]) -> list[str]:
    """Return the command that sends records as fast as the broker takes them."""
    given = {"bootstrap.servers": run.bootstrap, **properties}
    command = ["--topic", run.name, "--num-records", str(records), "--record-size", str(record_bytes)]
    command += ["--throughput", "-1", "--producer-props", *(f"{key}={given[key]}" for key in given)]
    return java_tool("ProducerPerformance", command)


def consumer_command(run: Run, records: int) -> list[str]:
    """Return the command that reads records as a group of one."""
    command = ["--bootstrap-server", run.bootstrap, "--topic", run.name, "--group", run.name]
    return java_tool("ConsumerPerformance", [*command, "--messages", str(records), "--timeout", SILENCE_MS])


def drop_page_cache(partition: Path) -> None:
    """Have the files of a partition written out and forgotten by the system, so that reading them needs the disk."""
    for path in partition.glob("*.log"):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
