"""One run of one cell against one broker: what the load is given, and how what it costs the broker is taken."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.benchmarks.processes import machine_busy_s, process_cpu_s, resident_mb, storage_read_bytes
from tests.support.broker_process import RunningBroker


class RunFailedError(Exception):
    """A run did not do its work in full: its figures are worth nothing. The text says what was missing."""


@dataclass(slots=True)
class Cost:
    """What the measured part of a run has taken."""

    broker_cpu_s: float = 0.0
    wall_s: float = 0.0
    storage_read_bytes: int | None = None
    """Bytes that the broker has made the disk read; None where the kernel does not count them."""
    others_share: float = 0.0
    """Which part of all processors neither the broker nor this program and its clients have used."""


@dataclass(slots=True)
class Run:
    """A run against a broker that serves, or that the load itself starts."""

    broker: RunningBroker
    name: str
    """New for every run: for topics and groups."""
    scale: float = 1.0
    """By how much the load is smaller, or larger, than its full size."""
    costs: list[Cost] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """The broker's process."""
        assert self.broker.child is not None
        return self.broker.child.process.pid

    @property
    def port(self) -> int:
        """The port for clients."""
        return self.broker.port

    @property
    def data_dir(self) -> Path:
        """Where the broker keeps its files."""
        return self.broker.data_dir

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return self.broker.bootstrap

    def named(self, part: str) -> Run:
        """Return this run under a name of its own, for one part of a load."""
        return replace(self, name=f"{self.name}-{part}")

    def scaled(self, count: float) -> int:
        """Return a number of records, requests or milliseconds at this run's scale."""
        return max(1, round(count * self.scale))

    def resident_mb(self) -> float:
        """Return the broker's resident memory in MiB."""
        return resident_mb(self.pid)

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """Take what the broker spends in the block; what earlier runs have left to be written is on the disk before."""
        os.sync()
        cost = Cost()
        read = storage_read_bytes(self.pid)
        own, busy, used, begun = _own_cpu_s(), machine_busy_s(), process_cpu_s(self.pid), time.monotonic()
        yield cost
        cost.wall_s = time.monotonic() - begun
        cost.broker_cpu_s = process_cpu_s(self.pid) - used
        others_s = machine_busy_s() - busy - cost.broker_cpu_s - (_own_cpu_s() - own)
        cost.others_share = max(0.0, others_s / (cost.wall_s * (os.cpu_count() or 1)))
        read_after = storage_read_bytes(self.pid)
        if read is not None and read_after is not None:
            cost.storage_read_bytes = read_after - read
        self.costs.append(cost)


def _own_cpu_s() -> float:
    """Return the processor time of this program and of its children that have ended, which all clients have by then."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
