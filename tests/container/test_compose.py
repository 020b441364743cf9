"""Compose files that were written for Apache Kafka's images work when only the image's name changes.

Each comes up, serves clients on the host and on its own network, stops when it is told to, and still has its data
after `down` and `up`. What a file is for stands at its top, what is expected of it under `x-checks`.
"""

import os
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka import KafkaConsumer, KafkaProducer

from tests.container.engine import BASE_IMAGE, STOP_LIMIT_S, STOPPED_BY_TERM, Project, docker, log_of, project
from tests.support.ports import free_port
from tests.support.waiting import eventually

FOLDER = Path(__file__).parent / "compose"
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
TIMEOUT_S = 30
RECORDS = [b"one", b"two", b"three"]
TOPIC = "kept"


def contents(name: str) -> dict[str, Any]:
    """Return a compose file."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def lay_out(content: Mapping[str, Any], folder: Path, port: int) -> None:
    """Make the files and folders that a compose file mounts."""
    folder.chmod(0o755)
    for path, text in content.get("x-files", {}).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(string.Template(text).safe_substitute(PORT=port), encoding="utf-8")
    for path, owner in content.get("x-owned", {}).items():
        (folder / path).mkdir()
        (folder / path).chmod(0o700)
        os.chown(folder / path, owner, owner)


def bring_up(made: Project, service: str, job: str | None) -> None:
    made.compose("up", "-d")
    made.wait_until_ready(service)
    if job is not None:
        assert made.wait_until_ended(job) == 0, made.log(job)


def produce(port: int) -> None:
    with KafkaProducer(bootstrap_servers=f"localhost:{port}") as producer:
        for value in RECORDS:
            producer.send(TOPIC, value, partition=0).get(timeout=TIMEOUT_S)


def consumed(port: int) -> list[bytes]:
    """Return the records of the topic, as a member of a group."""
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=f"localhost:{port}",
        group_id=f"readers-{os.urandom(4).hex()}",
        auto_offset_reset="earliest",
        consumer_timeout_ms=TIMEOUT_S * 1000,
    )
    try:
        return [next(consumer).value for _ in RECORDS]
    finally:
        consumer.close()


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_works(name: str, image: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    content = contents(name)
    checks = content["x-checks"]
    if not checks.get("in_ci") and not request.config.getoption("--every-compose-file"):
        pytest.skip("only with --every-compose-file")
    service = checks.get("service", "kafka")
    port = free_port()
    lay_out(content, tmp_path, port)
    environment = {
        "IMAGE": image,
        "BASE_IMAGE": BASE_IMAGE,
        "PORT": str(port),
        "FOLDER": str(tmp_path),
        "CONTAINER": f"ottla-{os.getpid()}-{name}",
    }
    with project(FOLDER / f"{name}.yaml", environment) as made:
        bring_up(made, service, checks.get("job"))
        produce(port)
        assert consumed(port) == RECORDS
        topics = {TOPIC, *checks.get("topics", [])}
        list_them = ("kafka-topics.sh", "--bootstrap-server", checks["network"], "--list")
        eventually(lambda: topics <= set(made.in_network(image, *list_them).split()))
        made.compose("stop", "--timeout", str(STOP_LIMIT_S), service)
        assert made.state(service)["ExitCode"] == checks.get("stops_by", STOPPED_BY_TERM), made.log(service)
        assert checks.get("said", "") in made.log(service)
        for path, owner in checks.get("owner", {}).items():
            assert (tmp_path / path).stat().st_uid == owner
        made.compose("down", "--timeout", str(STOP_LIMIT_S))
        bring_up(made, service, checks.get("job"))
        assert consumed(port) == RECORDS


def test_each_dialect_has_its_files() -> None:
    for dialect in ("apache", "bitnami", "confluent"):
        names = [name for name in FILES if name.startswith(f"{dialect}-")]
        assert len(names) == 6, names
        assert sum(bool(contents(name)["x-checks"].get("in_ci")) for name in names) == 2


def test_the_image_is_small(image: str) -> None:
    sizes = [int(docker("image", "inspect", "--format", "{{.Size}}", name)) for name in (image, BASE_IMAGE)]
    assert sizes[0] - sizes[1] < 120 * 1_000_000


def test_a_tool_is_run_in_the_place_of_the_broker(image: str) -> None:
    said = docker("run", "--rm", image, "kafka-topics.sh", "--version")
    assert said == "4.1.1\n"


def test_a_command_that_there_is_not_is_refused_as_by_docker(image: str) -> None:
    name = f"ottla-{os.getpid()}-refused"
    docker("run", "--name", name, image, "no-such-command", check=False)
    try:
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "127\n"
    finally:
        docker("rm", name)


REFUSED = {
    "a dialect that there is not": ({"OTTLA_DIALECT": "redpanda"}, "OTTLA_DIALECT=redpanda is no dialect"),
    "roles alone": (
        {"KAFKA_PROCESS_ROLES": "broker,controller"},
        'Missing required configuration "node.id" which has no default value.',
    ),
    "advertised listeners alone": (
        {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:9092"},
        'Missing required configuration "process.roles" which has no default value.',
    ),
    "bitnami without roles": (
        {"KAFKA_CFG_NODE_ID": "1"},
        "Kafka requires at least one process role to be set.",
    ),
    "confluent without a cluster id": (
        {"OTTLA_DIALECT": "confluent", "KAFKA_PROCESS_ROLES": "broker,controller"},
        'environment variable "CLUSTER_ID" is not set',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_environment_is_refused_in_the_originals_words(case: str, image: str) -> None:
    environment, words = REFUSED[case]
    name = f"ottla-{os.getpid()}-{abs(hash(case))}"
    arguments = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
    docker("run", "--name", name, *arguments, image, check=False)
    try:
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "1\n"
        assert words in log_of(name)
    finally:
        docker("rm", "--volumes", name)
