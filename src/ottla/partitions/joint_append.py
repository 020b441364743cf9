"""Batches for one partition that wait for the same slow disk, to be written together when their turn has come.

The law: they are written in the order in which they came, at the place of the first among all work on the log; whoever
comes once they are being written waits for the next turn. While the disk is fast nothing waits, and this is not used.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ottla.completion import Completion
from ottla.storage.appending import AppendOutcome, AppendResult, OfferedBatch

MOST_BATCHES = 512
"""Taken in one turn: what the system writes in one call. A turn that fails, fails them all."""


class JointAppend:
    """What is offered on the loop and taken, once, by whoever writes."""

    __slots__ = ("_completions", "_is_taken", "_lock", "_offered")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._offered: list[OfferedBatch] = []
        self._completions: list[Completion[AppendResult]] = []

    def offer(self, batch: OfferedBatch) -> Completion[AppendResult] | None:
        """Add a batch and return what will become of it; None where it is too late, or there are too many."""
        with self._lock:
            if self._is_taken or len(self._offered) == MOST_BATCHES:
                return None
            self._offered.append(batch)
        completion: Completion[AppendResult] = Completion()
        self._completions.append(completion)
        return completion

    def take(self) -> Sequence[OfferedBatch]:
        """Return all batches; none is taken in from now on. May be called on any thread."""
        with self._lock:
            self._is_taken = True
        return self._offered

    def settle(self, outcomes: Sequence[AppendOutcome]) -> None:
        """Tell everybody, in order, what has become of their batch."""
        for completion, outcome in zip(self._completions, outcomes, strict=True):
            if isinstance(outcome, AppendResult):
                completion.resolve(outcome)
            else:
                completion.fail(outcome)

    def fail(self, error: BaseException) -> None:
        """Tell everybody that nothing was tried."""
        self.take()
        for completion in self._completions:
            completion.fail(error)
