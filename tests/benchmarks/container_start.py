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
from pathlib import Path

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.container.engine import built_image, docker
from tests.peers.kafka_broker import stock_kafka_command
from tests.support.broker_process import BrokerSettings
from tests.support.ports import free_port
from tests.support.processes import FollowedProcess

GIVE_UP_S = 60.0
END_S = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kafka", action="store_true", help="measure Apache Kafka beside it")
    options = parser.parse_args()
    image = built_image()
    starts, sizes = zip(*(container_run(image) for _ in range(options.runs)), strict=True)
    print(f"image: first record after {shown(starts)} s; idle {shown(sizes)} MiB")
    if options.kafka:
        print(f"Apache Kafka: first record after {shown([kafka_run() for _ in range(options.runs)])} s")


def shown(figures: list[float] | tuple[float, ...]) -> str:
    return f"{statistics.median(figures):.2f} ({min(figures):.2f} to {max(figures):.2f})"


def container_run(image: str) -> tuple[float, float]:
    """Return the seconds from the start of a container to the first record, and the MiB that it holds after that."""
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
        took = time.monotonic() - begun
        held = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
        return took, float(held.split("MiB")[0])
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
    """Return once a record was acknowledged."""
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        try:
            with KafkaProducer(bootstrap_servers=f"localhost:{port}") as producer:
                producer.send("first", b"record").get(timeout=GIVE_UP_S)
            return
        except KafkaError:
            time.sleep(0.01)
    raise AssertionError("no record was taken")


if __name__ == "__main__":
    main()
