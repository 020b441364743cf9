"""Fixtures that every kind of test may ask for, and the option that chooses the broker under test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.distribution import require_java
from tests.peers.tools import KafkaTools, start_tools


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the system tests run against the real Apache Kafka too: what it passes is what Ottla has to do."""
    parser.addoption(
        "--broker", choices=["ottla", "kafka"], default="ottla", help="the broker that the system tests start"
    )

    parser.addoption(
        "--every-compose-file",
        action="store_true",
        help="bring up every compose file of tests/container, not two for each image",
    )
    parser.addoption(
        "--crash-stride",
        type=int,
        default=7,
        help="let a broker crash after every so many changes of its files; 1 takes some minutes",
    )


@pytest.fixture
def crash_stride(request: pytest.FixtureRequest) -> int:
    """Give how many changes of its files lie between two crashes of a broker."""
    stride: int = request.config.getoption("--crash-stride")
    return stride


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """Give the directory of Apache Kafka's jars; where there is no Java the test is skipped and says so."""
    return require_java()


@pytest.fixture(scope="session")
def kafka_tools(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaTools]:
    """Give Apache Kafka's command-line tools in one warm JVM."""
    tools = start_tools(tmp_path_factory.mktemp("tools"))
    yield tools
    tools.close()
