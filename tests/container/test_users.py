"""Whoever the container runs as: users that the originals serve as, and one of nobody's with group 0."""

import os
from pathlib import Path

import pytest

from tests.container.engine import HEALTHY_LIMIT_S, docker, log_of, running
from tests.container.started import STARTED, environment_of
from tests.support.waiting import eventually

VOLUMES = {
    "apache": "/var/lib/kafka/data",
    "bitnami": "/bitnami/kafka",
    "confluent": "/var/lib/kafka/data",
}
"""Where compose files of each image mount their volume."""

DATA = {**VOLUMES, "bitnami": "/bitnami/kafka/data"}
"""Where each image has its data then."""

TALK = """
which="--bootstrap-server localhost:9092 --topic greetings"
echo hello | kafka-console-producer $which
kafka-console-consumer $which --partition 0 --offset earliest --max-messages 1
"""
"""The consumer is in no group, which would wait for others first."""


def arguments_of(dialect: str, user: str, volume: str) -> list[str]:
    """Return the arguments of `docker run` for the usual environment of a dialect as some user."""
    given = {"OTTLA_DIALECT": dialect, **environment_of(dialect, Path(DATA[dialect]), 9092, 9093)}
    variables = [word for name, text in given.items() for word in ("--env", f"{name}={text}")]
    return ["--user", user, "--volume", volume, *variables]


def serve_as(dialect: str, user: str, image: str, volume: str) -> None:
    """Start a dialect as some user on a new volume, and have a record written and read."""
    with running(image, *arguments_of(dialect, user, volume)) as container:

        def has_started() -> bool:
            state = docker("inspect", "--format", "{{.State.Status}}", container).strip()
            assert state == "running", log_of(container)
            return STARTED in log_of(container)

        eventually(has_started, HEALTHY_LIMIT_S)
        assert docker("exec", container, "sh", "-c", TALK) == "hello\n"
        owner = docker("exec", container, "stat", "--format", "%u:%g", f"{DATA[dialect]}/meta.properties")
        assert owner == f"{user}\n"


@pytest.mark.parametrize("dialect", VOLUMES)
def test_a_user_of_nobodys_with_group_0_serves(dialect: str, image: str) -> None:
    serve_as(dialect, "12345:0", image, VOLUMES[dialect])


@pytest.mark.usefixtures("in_long_form")
@pytest.mark.parametrize("user", ["1000:1000", "1001:0", "4711:4712"])
@pytest.mark.parametrize("dialect", VOLUMES)
def test_any_user_serves_a_folder_of_its_own(dialect: str, user: str, image: str, tmp_path: Path) -> None:
    folder = folder_of(user, tmp_path)
    serve_as(dialect, user, image, f"{folder}:{VOLUMES[dialect]}")


@pytest.mark.parametrize("dialect", VOLUMES)
def test_a_folder_of_another_user_is_refused(dialect: str, image: str, tmp_path: Path) -> None:
    folder = folder_of("4711:4712", tmp_path)
    with running(image, *arguments_of(dialect, "12345:0", f"{folder}:{VOLUMES[dialect]}")) as container:
        assert docker("wait", container) == "1\n", log_of(container)
        assert VOLUMES[dialect] in log_of(container)
    assert list(folder.iterdir()) == []


def folder_of(user: str, place: Path) -> Path:
    """Make a folder that belongs to a user, and that others may read."""
    folder = place / "volume"
    folder.mkdir(mode=0o755)
    os.chown(folder, *(int(number) for number in user.split(":")))
    place.chmod(0o755)
    return folder
