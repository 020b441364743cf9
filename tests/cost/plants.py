"""Needless work that is planted before a broker's dispatcher, to see that the guard finds it."""

from __future__ import annotations

from collections.abc import Callable

from ottla.completion import Completion
from ottla.server.connection import Answer, RequestSink
from tests.cost.standing_broker import StandingBroker


class BusySink:
    """Does something needless for each request, and then what the real sink does."""

    def __init__(self, sink: RequestSink, work: Callable[[memoryview], object]) -> None:
        self._sink = sink
        self._work = work

    def dispatch(self, frame: memoryview, client_address: str) -> Answer | Completion[Answer]:
        self._work(frame)
        return self._sink.dispatch(frame, client_address)

    def keeps_frame(self, frame: memoryview) -> bool:
        return self._sink.keeps_frame(frame)


async def _do_nothing() -> None:
    pass


def plant_task(broker: StandingBroker) -> None:
    """Spawn a task for each request."""
    _plant(broker, lambda _: broker.tasks.spawn("needless", _do_nothing()))


def plant_copies(broker: StandingBroker) -> None:
    """Copy the head of each request into a few lists."""
    _plant(broker, lambda frame: [[byte] for byte in bytes(frame[:10])])


def plant_timer(broker: StandingBroker) -> None:
    """Leave a timer behind for each request."""
    _plant(broker, lambda _: broker.loop.call_later(60, print))


def _plant(broker: StandingBroker, work: Callable[[memoryview], object]) -> None:
    connection = broker.connection
    connection._sink = BusySink(connection._sink, work)
