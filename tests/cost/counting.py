"""What a request costs, counted instead of timed: the same code gives the same numbers on every machine.

- *Calls*: functions of Python that are entered, and functions of C that are called from Python (`sys.setprofile`).
  Nearly all the time of a small request goes into these.
- *Allocations*: blocks that are taken from Python's allocator, also those that are given back within the request. After
  each instruction of the interpreter the blocks in use are counted (`sys.getallocatedblocks`), and what they have grown
  by is summed up. What one instruction takes and gives back again is not seen, nor is an object that comes from one of
  the interpreter's free lists, which costs little more than nothing: those are full after the first requests.
- *Callbacks*: what is left to the loop, a task, a callback or a timer. What is answered at once leaves nothing.

The figures are means over some requests, after others that fill caches and free lists. The garbage collector rests
meanwhile: when its turn comes depends on everything that the process did before.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tests.cost.standing_broker import StandingBroker
from tests.cost.variants import VARIANTS, Variant

WARM_UP_REQUESTS = 100
"""More than any of the interpreter's free lists holds, which is 80 objects."""

COUNTED_REQUESTS = 5
"""Their costs differ by a block or two, when a free list overflows."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request costs, as a mean."""

    calls: float
    allocations: float
    callbacks: float


class CallCounter:
    """Counts calls, by what is called, while a function runs."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """All calls together."""
        return self.names.total()

    def reset(self) -> None:
        """Begin anew."""
        self.names.clear()

    def run(self, function: Callable[[], None]) -> None:
        """Run a function and count what it calls, itself included."""
        sys.setprofile(self._event)
        try:
            function()
        finally:
            sys.setprofile(None)
        del self.names["setprofile"]  # the call that ends the counting

    def _event(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            self.names[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            self.names[argument.__qualname__] += 1


class AllocationCounter:
    """Counts blocks taken from the allocator while a function runs."""

    def __init__(self) -> None:
        self.total = 0
        self._blocks = 0

    def reset(self) -> None:
        """Begin anew."""
        self.total = 0

    def run(self, function: Callable[[], None]) -> None:
        """Run a function and count what it allocates."""
        sys.settrace(self._entered)
        try:
            function()
        finally:
            sys.settrace(None)

    def _entered(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        # What has grown since the last instruction is the frame as an object, which is there only for this function.
        self._blocks = sys.getallocatedblocks()
        return self._step

    def _step(self, _frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        blocks = sys.getallocatedblocks()
        if blocks > self._blocks:
            self.total += blocks - self._blocks
        self._blocks = blocks
        return self._step


def count_costs(
    plant: Callable[[StandingBroker], None] | None = None, variants: Sequence[Variant] = VARIANTS
) -> dict[str, Cost]:
    """Return the cost of each variant by its name. `plant` may change the broker before anything is counted.

    To be called in a process of its own: the figures are only the same where nothing else has happened before.
    """
    gc.disable()
    with StandingBroker() as broker:
        prepared = [(variant, variant.prepare(broker)) for variant in variants]
        if plant is not None:
            plant(broker)
        return {variant.name: _Counting(broker, variant, request).cost() for variant, request in prepared}


def count_called(variant: Variant) -> Counter[str]:
    """Return how often each function is called for one request."""
    gc.disable()
    with StandingBroker() as broker:
        counting = _Counting(broker, variant, variant.prepare(broker))
        counting.warm_up()
        counter = CallCounter()
        counting.answer(counter.run)
        return counter.names


@dataclass(frozen=True, slots=True)
class _Counting:
    """One variant's requests on a broker."""

    broker: StandingBroker
    variant: Variant
    next_request: Callable[[], object]

    def cost(self) -> Cost:
        self.warm_up()
        callbacks = sum(self.answer(_run_only) for _ in range(COUNTED_REQUESTS))
        return Cost(
            self._mean(CallCounter()), self._mean(AllocationCounter()), round(callbacks / COUNTED_REQUESTS, 1)
        )

    def warm_up(self) -> None:
        for _ in range(WARM_UP_REQUESTS):
            self.answer(_run_only)

    def answer(self, run: Callable[[Callable[[], None]], None]) -> int:
        """Have one request answered by way of `run`; return how many callbacks it has left to the loop."""
        broker, variant = self.broker, self.variant
        frame = broker.frame(variant.api_key, variant.version, self.next_request())
        broker.clock.advance(1)
        readable = broker.deliver(frame)
        waiting_before = broker.waiting_callbacks
        run(readable)
        left = broker.waiting_callbacks - waiting_before
        variant.check(broker.take_answer(variant.api_key, variant.version))
        broker.turn()
        return left

    def _mean(self, counter: CallCounter | AllocationCounter) -> float:
        self.answer(counter.run)  # an interpreter may need the first one to settle
        counter.reset()
        for _ in range(COUNTED_REQUESTS):
            self.answer(counter.run)
        return round(counter.total / COUNTED_REQUESTS, 1)


def _run_only(readable: Callable[[], None]) -> None:
    readable()
