"""How each client's program is made ready, once for all runs, and run.

What is missing on this machine makes the tests skip and say so; under CI=true that is a failure.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.tools import KafkaTools
from tests.support.cached import PeerUnavailableError, cached, fetch, installed, skip_or_fail
from tests.support.go_program import build_go_program
from tests.system.clients.pins import pinned_version

SYSTEM = Path(__file__).parents[1]
CACHE = SYSTEM / ".cache"
# Each program ends within seconds; one that waits for what never comes says so itself before this.
RUN_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """A command that takes a behaviour, its variant, an address and a name."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> dict[str, Any]:
        """Return what the program prints; raises AssertionError with its words when it fails."""
        done = subprocess.run(
            [*self.command, *arguments],
            env={**_environment(), **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return printed


@dataclass(frozen=True, slots=True)
class JavaProgram:
    """A class whose main method takes what a program takes, run in the JVM of Kafka's tools."""

    tools: KafkaTools
    name: str

    def run(self, *arguments: str) -> dict[str, Any]:
        """Return what the program prints; raises AssertionError with its words when it fails."""
        done = self.tools.run(self.name, arguments, timeout_s=RUN_TIMEOUT_S).checked()
        printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return printed


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def _kafka_python_2() -> Program:
    requirement = f"kafka-python[snappy,lz4,zstd]=={pinned_version('kafka-python 2')}"

    def build(target: Path) -> None:
        fetch([sys.executable, "-m", "venv", str(target)], where=target)
        fetch([str(target / "bin" / "python"), "-m", "pip", "install", "-q", requirement], where=target)

    venv = cached(CACHE, "kafka-python-2", f"{requirement} {sys.version}".encode(), build)
    return Program([str(venv / "bin" / "python"), str(SYSTEM / "python" / "kafka_python_2.py")])


def _installed(program: str) -> Program:
    return Program([sys.executable, str(SYSTEM / "python" / program)])


def go_program() -> Path:
    """Return the binary of the Go clients; raises PeerUnavailableError where it cannot be built."""
    return build_go_program(SYSTEM / "go", CACHE)


def _go(client: str) -> Program:
    return Program([str(go_program()), client])


def _node_packages() -> Path:
    sources = [SYSTEM / "node" / name for name in ("package.json", "package-lock.json")]
    content = b"".join(path.read_bytes() for path in sources)
    npm = installed("npm")

    def build(target: Path) -> None:
        for path in sources:
            shutil.copy(path, target)
        fetch([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], where=target)

    return cached(CACHE, "node", content, build) / "node_modules"


def _node(client: str) -> Program:
    command = [installed("node"), str(SYSTEM / "node" / f"{client}_program.js")]
    return Program(command, {"NODE_PATH": str(_node_packages())})


PROGRAMS: Mapping[str, Callable[[], Program]] = {
    "aiokafka": lambda: _installed("aiokafka_program.py"),
    "confluent-kafka": lambda: _installed("confluent_kafka_program.py"),
    "franz-go": lambda: _go("franz-go"),
    "kafka-go": lambda: _go("kafka-go"),
    "kafka-python": lambda: _installed("kafka_python_3.py"),
    "kafka-python 2": _kafka_python_2,
    "kafkajs": lambda: _node("kafkajs"),
    "sarama": lambda: _go("sarama"),
}
"""What makes the program of each client ready; raises PeerUnavailableError where it cannot."""


def ready_program(client: str) -> Program:
    """Return the program of a client; where it cannot be had the running test is skipped and says why."""
    try:
        return PROGRAMS[client]()
    except PeerUnavailableError as missing:
        skip_or_fail(client, missing)
