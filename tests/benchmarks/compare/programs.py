"""Clients in processes of their own: Apache Kafka's performance tools, Python programs and a Go program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks.compare.run import RunFailedError
from tests.peers.distribution import PEERS, kafka_classpath
from tests.peers.tools import TOOLS
from tests.support.broker_process import REPOSITORY, ottla_environment
from tests.support.cached import installed
from tests.support.go_program import build_go_program

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
# Ten times what the slowest load takes on two cores; a program that needs longer hangs.
PROGRAM_TIMEOUT_S = 600.0
SHOWN_LINES = 15
# What the start scripts of Apache Kafka's performance tools give their JVM.
TOOL_JVM_OPTIONS = [
    "-Xmx512M",
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
]


def start(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a program whose output is collected."""
    return subprocess.Popen(
        list(command),
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(program: subprocess.Popen[str]) -> str:
    """Return what a program has printed. Raises RunFailedError when it failed or hung."""
    name = " ".join(map(str, program.args))[-80:] if isinstance(program.args, list) else str(program.args)
    try:
        printed, complaints = program.communicate(timeout=PROGRAM_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise RunFailedError(f"…{name} has not ended within {PROGRAM_TIMEOUT_S} s") from None
    finally:
        if program.poll() is None:
            program.kill()
            program.communicate()
    if program.returncode != 0:
        said = "\n".join((printed + complaints).strip().splitlines()[-SHOWN_LINES:])
        raise RunFailedError(f"…{name} ended with {program.returncode} and said:\n{said}")
    return printed


def java_tool(tool: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a tool of Apache Kafka as its own script does: in a JVM of its own."""
    return ["java", *TOOL_JVM_OPTIONS, *_tool_classes(), TOOLS[tool], *arguments]


def run_python(module: str, *arguments: str) -> dict[str, Any]:
    """Run one of the Python clients and return the figures that it prints. Raises RunFailedError as `finish` does."""
    environment = {**os.environ, **ottla_environment()}
    command = [sys.executable, "-m", f"tests.benchmarks.compare.clients.{module}", *arguments]
    return _last_line(finish(start(command, environment)))


def run_go(*arguments: str) -> dict[str, Any]:
    """Run the Go client and return the figures that it prints. Raises RunFailedError as `finish` does."""
    return _last_line(finish(start([str(_go_client()), *arguments])))


def prepare(*, with_go: bool) -> None:
    """Fetch and build what the clients need before anything is measured. Raises PeerUnavailableError."""
    installed("java")
    _tool_classes()
    if with_go:
        _go_client()


@cache
def _tool_classes() -> list[str]:
    return [f"-Dlog4j2.configurationFile={PEERS / 'log4j2-tools.properties'}", "-cp", kafka_classpath()]


@cache
def _go_client() -> Path:
    return build_go_program(HERE / "go", CACHE)


def _last_line(printed: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures
