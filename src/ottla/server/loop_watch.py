"""Tells when the event loop was held up by one of us: an instrument for tests and development.

It ticks, and a broker at rest should not, so it runs only when asked for (`--watch-loop`). A loop that did not get a
processor is not at fault, nor one that waited for the interpreter while the thread that had it did not get one: where
the system says how long the threads of the process waited (Linux), that time is left out.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from ottla.tasks import Tasks, Timer

logger = logging.getLogger("ottla.server.loop_watch")

INTERVAL_MS = 20
"""How often the loop is looked at: short enough that a delay of 100 ms is measured to a fifth."""

_THREADS = Path("/proc/self/task")


class LoopWatch:
    """Looks at the loop at even intervals, and warns when a look came late by more than `limit_ms`."""

    def __init__(self, tasks: Tasks, limit_ms: int) -> None:
        self._tasks = tasks
        self._limit_ms = limit_ms
        self._due_s = 0.0
        self._waited_ms = 0.0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Look from now on."""
        self._waited_ms = waited_for_processor_ms()
        self._due_s = self._tasks.loop.time() + INTERVAL_MS / 1000
        self._timer = self._tasks.call_later(INTERVAL_MS, self._look)

    def stop(self) -> None:
        """Look no more: who stops has nobody to keep waiting."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        waited_ms = max(
            waited_for_processor_ms() - self._waited_ms, 0.0
        )  # a thread that ended takes its time along
        late_ms = (self._tasks.loop.time() - self._due_s) * 1000 - waited_ms
        if late_ms > self._limit_ms:
            logger.warning("The loop was held up for %d ms", late_ms)
        self.start()


def waited_for_processor_ms() -> float:
    """Return how long the threads that there are have waited for a processor; 0 where the system does not say."""
    waited_ns = 0
    with contextlib.suppress(FileNotFoundError):  # no Linux
        for thread in _THREADS.iterdir():
            with contextlib.suppress(
                FileNotFoundError, ProcessLookupError
            ):  # it has ended since its name was read
                waited_ns += int((thread / "schedstat").read_text().split()[1])
    return waited_ns / 1_000_000
