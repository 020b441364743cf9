"""The heartbeats of a member between the polls of its consumer, on a thread of their own (Kafka's `HeartbeatThread`).

The law: whoever works with a consumer and its cluster has the turn. A method of the consumer has it for as long as it
runs, and sees to heartbeats by itself; the thread takes it only where nobody has it, and never waits for it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

_LOOKS_PER_INTERVAL = 3
"""How often the thread looks, so that a heartbeat is late by no more than a third of its interval."""


class HeartbeatThread:
    """Calls `keep_alive` with the monotonic time in seconds, again and again, while nobody else has the turn."""

    def __init__(self, keep_alive: Callable[[float], None], interval_s: float) -> None:
        self.turn = threading.RLock()
        self._keep_alive = keep_alive
        self._pause_s = interval_s / _LOOKS_PER_INTERVAL
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeats", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for its end; for who has the turn."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        # A signal that came to this thread would not wake the main thread, which is the one that acts upon it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._is_over.wait(self._pause_s):
            if self.turn.acquire(blocking=False):
                try:
                    self._keep_alive(time.monotonic())
                finally:
                    self.turn.release()
