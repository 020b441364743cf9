"""The only reader of the wall clock. Everything else is told the time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the shell takes the time from; tests hand in a clock that stands still."""

    def now_ms(self) -> int:
        """Return the wall-clock time in ms since 1970, as records and timeouts use it."""


class SystemClock:
    """The operating system's clock."""

    def now_ms(self) -> int:
        """Return the wall-clock time in ms since 1970."""
        return time.time_ns() // 1_000_000
