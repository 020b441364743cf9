"""What processes cost, from Linux's `/proc`: processor time and memory of a broker, with any process it has started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")

PROC = Path("/proc")


def process_cpu_s(pid: int) -> float:
    """Return the processor time that a process, its ended children and its running ones have used."""
    return sum(map(stat_ticks, _family_files(pid, "stat"))) / TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its children in MiB."""
    return sum(map(resident_kb, _family_files(pid, "status"))) / 1024


def storage_read_bytes(pid: int) -> int | None:
    """Return how many bytes a process has made the disk read; None where the kernel does not count them."""
    try:
        content = (PROC / str(pid) / "io").read_text()
    except (FileNotFoundError, PermissionError):
        return None
    return int(content.partition("\nread_bytes: ")[2].split("\n", 1)[0])


def machine_busy_s() -> float:
    """Return the processor time that all processes and the kernel of this machine have used since its start."""
    return busy_ticks((PROC / "stat").read_text()) / TICKS_PER_S


def stat_ticks(content: str) -> int:
    """Return the ticks that `/proc/PID/stat` counts: the process's own, and those of children that have ended."""
    fields = content.rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15]))


def resident_kb(content: str) -> int:
    """Return the resident memory that `/proc/PID/status` tells, 0 of a process that has ended and not been waited for.

    Raises ValueError where it does not tell.
    """
    for line in content.splitlines():
        if line.startswith("State:\tZ"):
            return 0
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise ValueError("the status has no VmRSS")


def busy_ticks(content: str) -> int:
    """Return the ticks of `/proc/stat` in which the processors did something: neither idle nor waiting for a disk."""
    user, nice, system, _idle, _waiting, hard, soft, stolen, *_ = map(
        int, content.split("\n", 1)[0].split()[1:]
    )
    return user + nice + system + hard + soft + stolen


def _family_files(pid: int, name: str) -> Iterator[str]:
    """Yield a file of a process and of all that descend from it; a child that has ended by then is left out."""
    yield (PROC / str(pid) / name).read_text()
    for thread in (PROC / str(pid) / "task").iterdir():
        try:
            for child in (thread / "children").read_text().split():
                yield from _family_files(int(child), name)
        except FileNotFoundError:
            continue
