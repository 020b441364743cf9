"""The table for apache/kafka is right: Apache's own KafkaDockerWrapper comes to the same properties."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ottla.config.sources import read_properties
from tests.container.docker_wrapper import DockerWrapper
from tests.container.environment_table import Row, lay_out, rows, translate

pytestmark = pytest.mark.java


@pytest.fixture(scope="module")
def wrapper(kafka_jars: Path) -> Iterator[DockerWrapper]:
    with DockerWrapper() as wrapper:
        yield wrapper


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.says) for row in rows("apache") if row.properties is not None]
)
def test_kafkas_own_wrapper_comes_to_the_same(row: Row, wrapper: DockerWrapper, tmp_path: Path) -> None:
    files = lay_out(row, tmp_path)
    translated = translate("apache", row, files)
    made = files.place("/opt/kafka/config")
    content = wrapper.prepare(
        files.place("/etc/kafka/docker"),
        files.place("/mnt/shared/config"),
        made,
        translated.configuration.environment,
    )
    found = {
        name: setting.text
        for name, setting in read_properties(content.decode("latin-1"), "server.properties").items()
    }
    if row.differs is None:
        assert found == row.properties
    else:
        assert found != row.properties, f"there is no difference any more: {row.differs}"
