"""A broker in a process of its own, Ottla or another: its data directory and ports outlive its restarts.

Tests see only `RunningBroker`; what differs between brokers is the command that `start_ottla` (here) or
`start_kafka` (tests/peers) composes from the same Kafka properties.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ports import free_port
from tests.support.processes import FollowedProcess

REPOSITORY = Path(__file__).parents[2]
READY_WORDS = "Kafka Server started"
# A broker starts in seconds, on a loaded machine with two cores and several JVMs in some more.
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0

# What a broker may keep its event loop busy with at a time; heartbeats of other clients wait for so long.
LONGEST_HOLD_UP_MS = 100
HOLD_UP_WORDS = "The loop was held up"

# One node, and groups that do not wait for members which never come.
SINGLE_NODE_PROPERTIES = {
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}


@dataclass(slots=True)
class BrokerSettings:
    """Where a broker keeps its files, where it listens, and the properties that a test adds or replaces."""

    data_dir: Path
    work_dir: Path
    """Holds the log and generated configuration, never data."""
    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    properties: Mapping[str, str] = field(default_factory=dict)
    watches_loop: bool = False
    """Whether Ottla tells when its event loop was held up, for which it has to look at it all the time."""

    def all_properties(self) -> dict[str, str]:
        """Return every property of the broker except its data directory."""
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@localhost:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://localhost:{self.port},CONTROLLER://localhost:{self.controller_port}",
            **SINGLE_NODE_PROPERTIES,
            **self.properties,
        }


@dataclass(slots=True)
class RunningBroker:
    """One broker process after another on the same settings."""

    kind: str
    settings: BrokerSettings
    compose: Callable[[BrokerSettings], list[str]] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    child: FollowedProcess | None = field(default=None, repr=False)

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"localhost:{self.settings.port}"

    @property
    def port(self) -> int:
        """The port for clients."""
        return self.settings.port

    @property
    def controller_port(self) -> int:
        """The port of the controller listener."""
        return self.settings.controller_port

    @property
    def data_dir(self) -> Path:
        """Where the broker keeps its files."""
        return self.settings.data_dir

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.child is not None and self.child.running

    def start(self) -> None:
        """Start the process and return when the broker has said that it serves.

        Raises AssertionError with the log's tail when it ends or stays silent instead.
        """
        assert not self.running
        self.settings.work_dir.mkdir(parents=True, exist_ok=True)
        self.child = FollowedProcess(
            self.compose(self.settings), self.settings.work_dir / f"{self.kind}.log", self.environment
        )
        self.child.start()
        try:
            self.child.wait_for_line(READY_WORDS, START_TIMEOUT_S)
        except AssertionError:
            self.kill()
            raise

    def stop(self) -> int:
        """Ask the broker to stop (SIGTERM), wait until it has, and return its exit code."""
        return self._signal_and_wait(signal.SIGTERM)

    def kill(self) -> None:
        """End the process as a crash does (SIGKILL)."""
        self._signal_and_wait(signal.SIGKILL)

    def restart(self) -> None:
        """Stop the broker if it runs, and start it again on the same data directory and ports."""
        if self.running:
            self.stop()
        self.start()

    def hold_ups(self) -> list[str]:
        """Return the lines in which the current or last process says that its loop was held up."""
        return [line for line in self.log_lines() if HOLD_UP_WORDS in line]

    def log_lines(self) -> list[str]:
        """Return what the current or last process has written."""
        return list(self.child.lines) if self.child is not None else []

    def _signal_and_wait(self, number: signal.Signals) -> int:
        assert self.child is not None
        self.child.signal(number)
        return self.child.end(STOP_TIMEOUT_S)


def ottla_command(settings: BrokerSettings) -> list[str]:
    """Return the command that serves `settings` with this checkout of Ottla."""
    command = [sys.executable, "-m", "ottla", "server", "--data", str(settings.data_dir)]
    if settings.watches_loop:
        command += ["--watch-loop", str(LONGEST_HOLD_UP_MS)]
    for key, value in settings.all_properties().items():
        command += ["--override", f"{key}={value}"]
    return command


def ottla_environment() -> dict[str, str]:
    """Return the variables under which `python -m ottla` runs this checkout."""
    return {"PYTHONPATH": str(REPOSITORY / "src"), "PYTHONUNBUFFERED": "1"}


def start_ottla(settings: BrokerSettings) -> RunningBroker:
    """Start Ottla on `settings` and return when it serves."""
    broker = RunningBroker("ottla", settings, ottla_command, ottla_environment())
    broker.start()
    return broker
