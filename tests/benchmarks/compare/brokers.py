"""The two brokers that are compared: the same properties, fresh directories on one file system, one at a time.

Apache Kafka runs with the heap and the collector of its own start script. Its directory is formatted once and copied,
since formatting is no part of a start; Ottla's start formats.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.peers.kafka_broker import stock_kafka_command
from tests.support.broker_process import BrokerSettings, RunningBroker, ottla_command, ottla_environment

KAFKA = "kafka"
OTTLA = "ottla"
KINDS = (KAFKA, OTTLA)


@dataclass(frozen=True, slots=True)
class Brokers:
    """Makes brokers of both kinds, each in a new folder of `work_dir`."""

    work_dir: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def new(self, kind: str) -> RunningBroker:
        """Return a broker that has not been started, with its directory as it is before a first start."""
        folder = self.work_dir / f"{kind}-{next(self._numbers)}"
        folder.mkdir()
        settings = BrokerSettings(folder / "data", folder)
        if kind == KAFKA:
            shutil.copytree(self._formatted(), settings.data_dir)
        compose, environment = _COMMANDS[kind]
        return RunningBroker(kind, settings, compose, environment())

    @contextmanager
    def prepared(self, kind: str) -> Iterator[RunningBroker]:
        """Give a broker that is still to be started; it is gone, with its files, at the end of the block."""
        broker = self.new(kind)
        try:
            yield broker
        finally:
            discard(broker)

    @contextmanager
    def running(self, kind: str) -> Iterator[RunningBroker]:
        """Give a broker that has just been started; it is gone, with its files, at the end of the block.

        Raises AssertionError when it does not start, or has ended by itself.
        """
        with self.prepared(kind) as broker:
            broker.start()
            yield broker
            assert broker.running, f"{kind} has ended by itself:\n" + "\n".join(broker.log_lines()[-20:])

    def _formatted(self) -> Path:
        folder = self.work_dir / "formatted"
        if not folder.exists():
            folder.mkdir()
            stock_kafka_command(BrokerSettings(folder / "data", folder))
        return folder / "data"


def discard(broker: RunningBroker) -> None:
    """End a broker, whose files nobody wants, and remove its folder."""
    if broker.running:
        broker.kill()
    shutil.rmtree(broker.settings.work_dir)


_COMMANDS: Mapping[str, tuple[Callable[[BrokerSettings], list[str]], Callable[[], dict[str, str]]]] = {
    KAFKA: (stock_kafka_command, dict),
    OTTLA: (ottla_command, ottla_environment),
}
