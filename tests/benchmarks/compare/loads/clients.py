"""Other clients than Java's against a broker: confluent-kafka and sarama."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.compare.clients.confluent import WARMING_RECORDS
from tests.benchmarks.compare.loads.java import GB
from tests.benchmarks.compare.loads.names import (
    CPU_PER_GB,
    CPU_PER_MILLION,
    MB_PER_S,
    P50_US,
    P99_US,
    P999_US,
    RECORDS_PER_S,
)
from tests.benchmarks.compare.loads.raw import fill
from tests.benchmarks.compare.programs import run_go, run_python
from tests.benchmarks.compare.run import Run
from tests.benchmarks.compare.topics import check_records, make_topics

MB = 1 << 20
"""As Apache Kafka's tools count."""


def latency(run: Run, *, load: str, records: int, record_bytes: int) -> dict[str, float]:
    """Take the latency of single records through confluent-kafka: `one-in-flight` or `end-to-end`."""
    count = run.scaled(records)
    make_topics(run.port, [run.name])
    with run.measured() as cost:
        figures = _confluent(run, load, count, record_bytes)
    check_records(run.port, run.name, count + WARMING_RECORDS)
    return {
        P50_US: figures["p50"],
        P99_US: figures["p99"],
        P999_US: figures["p99.9"],
        CPU_PER_MILLION: cost.broker_cpu_s / (count + WARMING_RECORDS) * 1e6,
    }


def produce(run: Run, *, client: str, records: int, record_bytes: int) -> dict[str, float]:
    """Send records as fast as the client and the broker can."""
    count = run.scaled(records)
    make_topics(run.port, [run.name])
    with run.measured() as cost:
        if client == "sarama":
            figures = _sarama(run, "producer", count, record_bytes)
        else:
            figures = _confluent(run, "produce", count, record_bytes)
    check_records(run.port, run.name, count)
    return {
        RECORDS_PER_S: count / figures["seconds"],
        CPU_PER_MILLION: cost.broker_cpu_s / count * 1e6,
    }


def consume(run: Run, *, client: str, records: int, record_bytes: int) -> dict[str, float]:
    """Read a topic, filled before, as fast as the client and the broker can."""
    make_topics(run.port, [run.name])
    count = fill(run.port, run.name, run.scaled(records), record_bytes)
    with run.measured() as cost:
        if client == "sarama":
            figures = _sarama(run, "group", count, record_bytes)
        else:
            figures = _confluent(run, "consume", count, record_bytes)
    size = count * record_bytes
    return {
        MB_PER_S: size / MB / figures["seconds"],
        CPU_PER_GB: cost.broker_cpu_s / size * GB,
    }


def _confluent(run: Run, load: str, records: int, record_bytes: int) -> dict[str, Any]:
    arguments = ["--bootstrap", run.bootstrap, "--topic", run.name, "--records", str(records)]
    return run_python("confluent", load, *arguments, "--bytes", str(record_bytes))


def _sarama(run: Run, load: str, records: int, record_bytes: int) -> dict[str, Any]:
    arguments = ["-bootstrap", run.bootstrap, "-topic", run.name, "-records", str(records)]
    return run_go("-load", load, *arguments, "-bytes", str(record_bytes))
