"""How long a container takes from its start to the first record that a client gets acknowledged, and what it holds when
idle: `python -m tests.benchmarks.container_start [--runs 5] [--kafka]`.

The image is built where it is not there yet. With `--kafka` Apache Kafka 4.1.1 is measured too, with the JVM options of
its own start script and with what its image does before: a JVM that writes the configuration and formats, then another
one that serves.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from ottla.records.builder import NewRecord, build_batch
from tests.container.engine import built_image, docker
from tests.peers.kafka_broker import stock_kafka_command
from tests.support.broker_process import BrokerSettings
from tests.support.ports import free_port
from tests.support.processes import FollowedProcess
from tests.support.raw_client import RawClient

GIVE_UP_S = 60.0
LOOK_S = 0.01
TOPIC = "first"
END_S = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kafka", action="store_true", help="measure Apache Kafka beside it")
    options = parser.parse_args()
    image = built_image()
    starts, own, sizes = zip(*(container_run(image) for _ in range(options.runs)), strict=True)
    print(
        f"image: first record after {shown(starts)} s, {shown(own)} s of it since its process began; "
        f"idle {shown(sizes)} MiB"
    )
    if options.kafka:
        print(f"Apache Kafka: first record after {shown([kafka_run() for _ in range(options.runs)])} s")


def shown(figures: list[float] | tuple[float, ...]) -> str:
    return f"{statistics.median(figures):.2f} ({min(figures):.2f} to {max(figures):.2f})"


def container_run(image: str) -> tuple[float, float, float]:
    """Return the seconds from the start of a container, and from that of its process, to the first record, and the MiB
    that it holds after that.

    The engine needs some tenths of a second to lay out a container before anything runs in it.
    """
    port = free_port()
    name = f"ottla-start-{os.getpid()}"
    given = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    }
    arguments = [word for key, value in given.items() for word in ("--env", f"{key}={value}")]
    docker("create", "--name", name, "--publish", f"{port}:{port}", *arguments, image)
    try:
        begun = time.monotonic()
        docker("start", name)
        first_record(port)
        took, ended = time.monotonic() - begun, datetime.now(UTC)
        began = datetime.fromisoformat(
            docker("inspect", "--format", "{{.State.StartedAt}}", name)[:26] + "+00:00"
        )
        held = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
        return took, (ended - began).total_seconds(), float(held.split("MiB")[0])
    finally:
        docker("rm", "--force", "--volumes", name)


def kafka_run() -> float:
    """Return the seconds from the start of Apache Kafka on a new directory to the first record."""
    with tempfile.TemporaryDirectory() as folder:
        settings = BrokerSettings(Path(folder, "data"), Path(folder, "work"))
        settings.work_dir.mkdir()
        begun = time.monotonic()
        process = FollowedProcess(stock_kafka_command(settings), Path(folder, "log"))
        process.start()
        try:
            first_record(settings.port)
            return time.monotonic() - begun
        finally:
            process.signal(signal.SIGTERM)
            process.end(END_S)


def first_record(port: int) -> None:
    """Return once a record was acknowledged, of a topic that the broker makes when it is asked for.

    The client waits for nothing but the broker: those that people use rest a tenth of a second between attempts.
    """
    batch = build_batch([NewRecord(key=None, value=b"record")], now_ms=time.time_ns() // 1_000_000)
    partition = PartitionProduceData(index=0, records=batch)
    produce = ProduceRequest(
        acks=-1, timeout_ms=1000, topic_data=[TopicProduceData(name=TOPIC, partition_data=[partition])]
    )
    metadata = MetadataRequest(topics=[MetadataRequestTopic(name=TOPIC)], allow_auto_topic_creation=True)
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        try:
            with RawClient(port) as client:
                client.ask(ApiKey.METADATA, 9, metadata)
                answer: ProduceResponse = client.ask(ApiKey.PRODUCE, 9, produce)
            if answer.responses[0].partition_responses[0].error_code == 0:
                return
        except OSError:
            pass  # nobody listens yet
        time.sleep(LOOK_S)
    raise AssertionError("no record was taken")


if __name__ == "__main__":
    main()
