"""A clock that stands still until told, with the timers that depend on it."""

from __future__ import annotations

from collections.abc import Callable


class ManualTimer:
    """A timer of `ManualTime`."""

    def __init__(self, due_ms: float, callback: Callable[[], None]) -> None:
        self.due_ms = due_ms
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualTime:
    """A clock and a scheduler in one; `advance` runs what falls due, in order of time."""

    def __init__(self, now_ms: int = 1_000_000) -> None:
        self._now_ms = now_ms
        self._timers: list[ManualTimer] = []

    def now_ms(self) -> int:
        return self._now_ms

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(self._now_ms + delay_ms, callback)
        self._timers.append(timer)
        return timer

    @property
    def pending(self) -> list[float]:
        """When the live timers are due, from now, soonest first."""
        return sorted(timer.due_ms - self._now_ms for timer in self._timers if not timer.cancelled)

    def advance(self, duration_ms: int = 0) -> None:
        end_ms = self._now_ms + duration_ms
        while True:
            self._timers = [timer for timer in self._timers if not timer.cancelled]
            due = [timer for timer in self._timers if timer.due_ms <= end_ms]
            if not due:
                break
            timer = min(due, key=lambda candidate: candidate.due_ms)
            self._timers.remove(timer)
            self._now_ms = max(self._now_ms, int(timer.due_ms))
            timer.callback()
        self._now_ms = end_ms
