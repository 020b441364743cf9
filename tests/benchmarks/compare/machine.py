"""What was measured on and with: the machine, its load, and the versions of everything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ottla.version import KAFKA_VERSION, OTTLA_VERSION
from tests.benchmarks.processes import machine_busy_s

WATCHED_S = 2.0
BUSY_SHARE = 0.05
"""Others that use more of the processors than this, while nothing is measured, will be seen in the figures."""

LEAST_FREE_GIB = 10.0
"""The largest session of a full run keeps about half of it."""

MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs"})
SAID_BY_PACKAGES = ("uvloop", "confluent-kafka", "matplotlib")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine at one time."""

    cores: int
    memory_gib: float
    kernel: str
    file_system: str
    free_gib: float
    """What the file system has left for the files of brokers."""
    load_average: tuple[float, float, float]
    busy_share: float
    """Which part of all processors was in use before anything was measured."""


def look_at_machine(work_dir: Path) -> Machine:
    """Watch the machine for a moment, in which this program does nothing."""
    busy, begun = machine_busy_s(), time.monotonic()
    time.sleep(WATCHED_S)
    cores = os.cpu_count() or 1
    share = (machine_busy_s() - busy) / ((time.monotonic() - begun) * cores)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(work_dir).free / 2**30
    kind = file_system(Path("/proc/self/mounts").read_text(), work_dir.resolve())
    return Machine(
        cores, round(memory, 1), platform.release(), kind, round(free, 1), os.getloadavg(), round(share, 3)
    )


def warnings(machine: Machine) -> list[str]:
    """Return why figures from this machine may be worth less than they look."""
    found = []
    if machine.busy_share > BUSY_SHARE:
        found.append(
            f"other processes use {machine.busy_share:.0%} of the processors "
            f"(load average {machine.load_average[0]:.1f}): these figures are noise"
        )
    if machine.file_system in MEMORY_FILE_SYSTEMS:
        found.append(f"the files are on {machine.file_system}, which is no disk: give --work a real one")
    if machine.free_gib < LEAST_FREE_GIB:
        found.append(f"the file system has {machine.free_gib} GiB left; a full run wants {LEAST_FREE_GIB:g}")
    return found


def file_system(mounts: str, path: Path) -> str:
    """Return the kind of file system that holds a path, by the table of mounts; `unknown` when none does."""
    found, longest = "unknown", -1
    for line in mounts.splitlines():
        _, mounted, kind, *_ = line.split(" ")
        if path.is_relative_to(mounted) and len(mounted) >= longest:
            found, longest = kind, len(mounted)
    return found


def versions() -> Mapping[str, str]:
    """Return the versions of the brokers, of what runs them and of the clients."""
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = {
        "Apache Kafka": KAFKA_VERSION,
        "Ottla": OTTLA_VERSION,
        "Java": java.stderr.partition("\n")[0],
        "Python": sys.version.partition(" ")[0],
    }
    for package in SAID_BY_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
