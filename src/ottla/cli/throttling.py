"""Keeps a tool that sends to a number of records a second, about as Kafka's `ThroughputThrottler` does.

Whoever waits gives what is to be done meanwhile, so that a producer's answers are taken and its batches go out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SHORTEST_WAIT_S = 0.002
"""Waits are saved up until they are so long; a timer is no more exact than that."""

_LONGEST_WAIT_S = 0.25
"""After so long it is looked up whether to wait on."""


class Throttle:
    """The pace of records: `target` a second; negative for no limit, 0 to stand still after the first.

    `wait` waits for so many seconds; `is_over` tells whether the tool ends, and with it the waiting.
    """

    def __init__(
        self,
        target: float,
        start_ms: int,
        wait: Callable[[float], None],
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._target = target
        self._start_ms = start_ms
        self._wait = wait
        self._is_over = is_over
        self._owed_s = 0.0

    def after(self, sent: int, now_ms: int) -> None:
        """Wait as long as it takes after another record, when the records so far were too many."""
        if self._target < 0 or not self._is_ahead(sent, now_ms):
            return
        while self._target == 0 and not self._is_over():
            self._wait(_LONGEST_WAIT_S)
        if self._target == 0:
            return
        self._owed_s += 1 / self._target
        if self._owed_s < SHORTEST_WAIT_S:
            return
        end_s = time.monotonic() + self._owed_s
        while (remaining_s := end_s - time.monotonic()) > 0 and not self._is_over():
            self._wait(min(remaining_s, _LONGEST_WAIT_S))
        self._owed_s = 0.0

    def _is_ahead(self, sent: int, now_ms: int) -> bool:
        elapsed_s = (now_ms - self._start_ms) / 1000
        return elapsed_s > 0 and sent / elapsed_s > self._target
