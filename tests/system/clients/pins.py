"""The version of each client, read where it is pinned: nothing else says a version."""

import json
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

SYSTEM = Path(__file__).parents[1]
ROOT = SYSTEM.parents[1]

# The second kafka-python, which has a virtual environment of its own.
GO_MODULES = {
    "franz-go": "github.com/twmb/franz-go",
    "kafka-go": "github.com/segmentio/kafka-go",
    "sarama": "github.com/IBM/sarama",
}
JAVA = {"Kafka's console tools", "Java client"}
KAFKA_PYTHON_2 = "2.3.3"
NODE_PACKAGES = {"kafkajs"}


def pinned_version(client: str) -> str:
    """Return the version of a client; raises KeyError for one that nothing pins."""
    if client == "kafka-python 2":
        return KAFKA_PYTHON_2
    if client in JAVA:
        return _kafka_version()
    if client in GO_MODULES:
        return _go_version(GO_MODULES[client])
    if client in NODE_PACKAGES:
        return _node_version(client)
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pins = dict(each.split("==") for each in requirements["test"] if "==" in each)
    return {requirement.split("[")[0]: version for requirement, version in pins.items()}[client]


def _go_version(module: str) -> str:
    words = [line.split() for line in (SYSTEM / "go" / "go.mod").read_text().splitlines()]
    return next(line[1] for line in words if line[:1] == [module]).removeprefix("v")


def _node_version(package: str) -> str:
    dependencies: dict[str, str] = json.loads((SYSTEM / "node" / "package.json").read_text())["dependencies"]
    return dependencies[package]


def _kafka_version() -> str:
    version = ET.parse(ROOT / "tests" / "peers" / "pom.xml").getroot().find(".//{*}kafka.version")
    assert version is not None
    return version.text or ""
