"""Fixtures that every kind of test may ask for."""

from pathlib import Path

import pytest

from tests.peers.distribution import require_java


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """Give the directory of Apache Kafka's jars; where there is no Java the test is skipped and says so."""
    return require_java()
