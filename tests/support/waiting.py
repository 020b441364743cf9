"""Waiting for what only asking again can show: a broker applies some changes after it has answered."""

from collections.abc import Callable
from time import monotonic, sleep

# What a test waits for comes within milliseconds; a loaded machine may take seconds.
EVENTUALLY_TIMEOUT_S = 30.0
ASK_AGAIN_S = 0.02


def eventually(holds: Callable[[], bool], timeout_s: float = EVENTUALLY_TIMEOUT_S) -> None:
    """Return when `holds()` is true, asking again and again; raises AssertionError after `timeout_s`."""
    deadline = monotonic() + timeout_s
    while not holds():
        assert monotonic() < deadline, f"not so within {timeout_s} s"
        sleep(ASK_AGAIN_S)
