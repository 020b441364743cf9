"""Starts of the images' ways in a folder, with a real broker at their end: each dialect's usual environment, on free
ports.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ottla.container import apache
from ottla.container.container_files import ContainerFiles
from tests.container.environment_table import DEFAULT_FILE, DIRECTORIES
from tests.support.ports import free_port
from tests.support.processes import FollowedProcess

ROOT = Path(__file__).parents[2]
STARTED = "Kafka Server started"
LIMIT_S = 60.0
SCRIPTS = ROOT / "docker" / "rootfs" / "etc" / "confluent" / "docker"


@dataclass(frozen=True, slots=True)
class Started:
    """A broker that came up as in a container."""

    process: FollowedProcess
    port: int
    root: Path
    complaints: Path

    def standard_output(self) -> list[str]:
        """Return what standard output got so far."""
        return list(self.process.lines)

    def standard_error(self) -> str:
        """Return what standard error got so far."""
        return self.complaints.read_text(encoding="utf-8")


def environment_of(dialect: str, data: Path, port: int, controller_port: int) -> dict[str, str]:
    """Return the environment that a compose file of an image would have."""
    listeners = f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    node = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": listeners,
        "ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "CONTROLLER_QUORUM_VOTERS": f"1@localhost:{controller_port}",
        "LOG_DIRS": str(data),
    }
    if dialect == "zookeeper":
        return {
            "KAFKA_BROKER_ID": "1",
            "KAFKA_ZOOKEEPER_CONNECT": "nowhere.invalid:2181",
            "KAFKA_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
            "KAFKA_LOG_DIRS": str(data),
        }
    if dialect == "bitnami":
        protocols = {"KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"}
        return {**{f"KAFKA_CFG_{name}": value for name, value in node.items()}, **protocols}
    if dialect == "confluent_local":
        # Its defaults map these names, and no others.
        return {f"KAFKA_{name}": value for name, value in node.items()}
    return {
        "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
        **{f"KAFKA_{name}": value for name, value in node.items()},
    }


def lay_out_root(root: Path) -> ContainerFiles:
    """Make what an image has, below a root."""
    files = ContainerFiles(root)
    for directory in (*DIRECTORIES, "/var/lib/kafka/data"):
        files.place(directory).mkdir(parents=True, exist_ok=True)
    files.write(apache.DEFAULT_FILE, DEFAULT_FILE.read_text(encoding="utf-8"))
    for folder in ("/etc/confluent/docker", "/usr/local/share/ottla/scripts/etc/confluent/docker"):
        files.place(folder).mkdir(parents=True, exist_ok=True)
        for script in SCRIPTS.iterdir():
            files.write(f"{folder}/{script.name}", script.read_text(encoding="utf-8"))
    return files


def command(dialect: str, root: Path, *arguments: str) -> list[str]:
    """Return the command of a start."""
    name = "confluent" if dialect == "zookeeper" else dialect
    return [sys.executable, "-m", "tests.container.start_below", name, str(root), *arguments]


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with what Python needs to find its modules, and nothing else of this process's own."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment}


def refused_start(
    dialect: str, root: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a start that ends by itself, and return what it left."""
    return subprocess.run(
        command(dialect, root, *arguments),
        env=surroundings(environment),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@contextmanager
def started(dialect: str, folder: Path) -> Iterator[Started]:
    """Start a dialect's usual environment; give it once it serves, and stop it in the end."""
    root = folder / "root"
    lay_out_root(root)
    port, controller_port = free_port(), free_port()
    environment = environment_of(dialect, folder / "data", port, controller_port)
    complaints = folder / "stderr"
    # A shell splits the streams: what is followed is standard output alone.
    split = ["/bin/sh", "-c", f'exec 2>"{complaints}"; exec "$@"', "sh", *command(dialect, root)]
    process = FollowedProcess(split, folder / "stdout", surroundings(environment))
    process.start()
    try:
        process.wait_for_line(STARTED, LIMIT_S)
        yield Started(process, port, root, complaints)
    finally:
        process.signal(signal.SIGTERM)
        process.end(LIMIT_S)
