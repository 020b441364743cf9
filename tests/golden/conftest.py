"""The JVM that the golden tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.kafka_codec import KafkaCodec, started_codec


@pytest.fixture(scope="session")
def kafka_codec(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCodec]:
    """Give Apache Kafka's message classes in one warm JVM; `kafka_jars` skips the test where there is no Java."""
    with started_codec(tmp_path_factory.mktemp("golden")) as codec:
        yield codec
