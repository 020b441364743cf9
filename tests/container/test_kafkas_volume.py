"""A volume goes from Apache Kafka to the image and back, and everybody finds all that the others have written."""

import os
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from tests.container.engine import STOP_LIMIT_S, STOPPED_BY_TERM, docker, log_of
from tests.peers.kafka_broker import CLUSTER_ID, start_kafka
from tests.support.broker_process import BrokerSettings
from tests.support.waiting import eventually

pytestmark = pytest.mark.java

TIMEOUT_S = 30
TOPIC = "travelling"


def produce(address: str, *values: bytes) -> None:
    with KafkaProducer(bootstrap_servers=address) as producer:
        for value in values:
            producer.send(TOPIC, value, partition=0).get(timeout=TIMEOUT_S)


def consumed(address: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=address,
        auto_offset_reset="earliest",
        consumer_timeout_ms=TIMEOUT_S * 1000,
    )
    try:
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def serve_in_container(image: str, settings: BrokerSettings, value: bytes, count: int) -> list[bytes]:
    """Serve a data directory with the image; return what was in the topic once `value` was added."""
    name = f"ottla-{os.getpid()}-volume"
    address = f"localhost:{settings.port}"
    given = {
        **settings.all_properties(),
        "listeners": f"PLAINTEXT://:{settings.port},CONTROLLER://:{settings.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "log.dirs": "/data",
    }
    arguments = ["--detach", "--name", name, "--publish", f"{settings.port}:{settings.port}"]
    arguments += ["--volume", f"{settings.data_dir}:/data", "--env", f"CLUSTER_ID={CLUSTER_ID}"]
    for option, text in given.items():
        arguments += ["--env", f"KAFKA_{option.upper().replace('.', '_')}={text}"]
    docker("run", *arguments, image)
    try:
        eventually(lambda: "Kafka Server started" in log_of(name))
        produce(address, value)
        found = consumed(address, count)
        docker("stop", "--time", str(STOP_LIMIT_S), name)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == f"{STOPPED_BY_TERM}\n"
    finally:
        docker("rm", "--force", "--volumes", name)
    return found


def test_a_volume_goes_to_the_image_and_back(image: str, kafka_jars: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings = BrokerSettings(tmp_path / "data", tmp_path / "work")
    broker = start_kafka(settings)
    try:
        produce(broker.bootstrap, b"from Kafka", b"and again")
        broker.stop()
        found = serve_in_container(image, settings, b"from the image", 3)
        assert found == [b"from Kafka", b"and again", b"from the image"]
        broker.start()
        produce(broker.bootstrap, b"home again")
        assert consumed(broker.bootstrap, 4) == [*found, b"home again"]
        # Of the metadata log Apache Kafka says so at every start.
        recovered = [line for line in broker.log_lines() if "Recovering unflushed segment" in line]
        assert not [line for line in recovered if TOPIC in line]
    finally:
        if broker.running:
            broker.stop()
