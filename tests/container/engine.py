"""The Docker engine, the image under test, and compose projects made of it.

`set-up` beside this file installs and starts what is missing; where that was not done, tests that need an engine skip
and say so, and with `CI=true` they fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cached import PeerUnavailableError, installed, skip_or_fail
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
BASE_IMAGE = os.environ.get("OTTLA_TEST_BASE", "ottla-test-base")
"""What the image is built on; `make-base` beside this file makes others."""
SOURCES = ("src", "docker", "pyproject.toml", "README.md", "LICENSE", ".dockerignore")
NO_SOURCES = ("__pycache__", "wheels", ".egg-info")
"""What a build leaves among the sources."""
COMMAND_LIMIT_S = 300.0
HEALTHY_LIMIT_S = 90.0
STOP_LIMIT_S = 5
"""After this Docker kills, and the exit code says so."""
STOPPED_BY_TERM = 143


def docker(*arguments: str, check: bool = True, environment: Mapping[str, str] | None = None) -> str:
    """Run a command of docker and return its standard output. Raises AssertionError with all it said."""
    return _run(["docker", *arguments], check=check, environment=environment)


def _run(command: Sequence[str], *, check: bool = True, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        list(command),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def log_of(container: str) -> str:
    """Return all that a container has said, on both streams."""
    done = subprocess.run(
        ["docker", "logs", container],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def running(image: str, *arguments: str) -> Iterator[str]:
    """Give the name of a container that was started with these arguments of `docker run`; take it away in the end."""
    name = f"ottla-{os.getpid()}-{os.urandom(4).hex()}"
    docker("run", "--detach", "--name", name, *arguments, image)
    try:
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def require_engine() -> None:
    """Skip the running test where there is no engine with the base image; under CI=true that is a failure."""
    try:
        for program in ("docker", "docker-compose"):
            installed(program)
        done = subprocess.run(
            ["docker", "image", "inspect", BASE_IMAGE], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise PeerUnavailableError(f"{done.stderr.strip()}; `tests/container/set-up` makes it")
    except PeerUnavailableError as missing:
        skip_or_fail("Docker engine with the base image", missing)


def built_image() -> str:
    """Return the name of the image of these sources, building it where it is not there yet."""
    tag = f"ottla-test:{_digest()}"
    if not docker("image", "ls", "--quiet", tag).strip():
        _run(["docker/build", "--base", BASE_IMAGE, "--tag", tag])
    return tag


def _digest() -> str:
    """Return a short name for what the image is made of."""
    digest = hashlib.sha256(docker("image", "inspect", "--format", "{{.Id}}", BASE_IMAGE).encode())
    for source in SOURCES:
        place = ROOT / source
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not any(part.endswith(NO_SOURCES) for part in path.parts):
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Project:
    """A compose file that was brought up."""

    name: str
    file: Path
    environment: Mapping[str, str]

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run a command of docker-compose for this project and return its standard output."""
        command = ["docker-compose", "-p", self.name, "-f", str(self.file), *arguments]
        return _run(command, check=check, environment=self.environment)

    def container(self, service: str) -> str:
        """Return the id of a service's container, whether it runs or not."""
        found = docker(
            "ps",
            "--all",
            "--quiet",
            "--filter",
            f"label=com.docker.compose.project={self.name}",
            "--filter",
            f"label=com.docker.compose.service={service}",
        )
        return found.strip()

    def state(self, service: str) -> dict[str, Any]:
        """Return what docker knows of a container's state."""
        state: dict[str, Any] = json.loads(
            docker("inspect", "--format", "{{json .State}}", self.container(service))
        )
        return state

    def log(self, service: str) -> str:
        """Return all that the container of a service has said, on both streams."""
        return log_of(self.container(service))

    def wait_until_ready(self, service: str) -> None:
        """Return once a container is healthy, or has said that it serves where nobody checks its health."""

        def is_ready() -> bool:
            state = self.state(service)
            assert state["Status"] in {"running", "created"}, f"{state}\n{self.log(service)}"
            if "Health" in state:
                return bool(state["Health"]["Status"] == "healthy")
            return "Kafka Server started" in self.log(service)

        try:
            eventually(is_ready, HEALTHY_LIMIT_S)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.state(service)}\n{self.log(service)}") from late

    def wait_until_ended(self, service: str) -> int:
        """Return the exit code of a container that ends by itself."""
        eventually(lambda: self.state(service)["Status"] == "exited", HEALTHY_LIMIT_S)
        code: int = self.state(service)["ExitCode"]
        return code

    def in_network(self, image: str, *command: str) -> str:
        """Run a command in a container of its own on the project's network; return what it prints."""
        return docker("run", "--rm", "--network", f"{self.name}_default", image, *command)


@contextmanager
def project(file: Path, environment: Mapping[str, str]) -> Iterator[Project]:
    """Give a project for a compose file, and take everything of it away in the end."""
    name = f"ottla-{file.stem}-{os.getpid()}".lower()
    made = Project(name, file, environment)
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans", "--timeout", "1", check=False)
