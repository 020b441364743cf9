"""The pace of a tool, with waits that only move a clock."""

import pytest

from ottla.cli import throttling
from ottla.cli.throttling import Throttle


class Clock:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch):
    moving = Clock()
    monkeypatch.setattr(throttling.time, "monotonic", lambda: moving.now_s)
    return moving


def run(target: float, records: int, clock: Clock) -> float:
    """Send records that take no time; return how many seconds the waits took."""
    throttle = Throttle(target, 0, clock.wait)
    for number in range(records):
        throttle.after(number, int((clock.now_s - 100) * 1000) + 1)
    return clock.now_s - 100


def test_without_a_target_nobody_waits(clock):
    assert run(-1, 1000, clock) == 0


@pytest.mark.parametrize("target", [10, 1000, 20_000])
def test_the_pace_is_about_the_target(clock, target):
    assert run(target, target * 2, clock) == pytest.approx(2, rel=0.1)


def test_short_waits_are_saved_up(clock):
    run(10_000, 1000, clock)
    assert all(wait == pytest.approx(0.002) for wait in clock.waits)


def test_long_waits_are_cut_so_that_answers_are_taken(clock):
    run(1, 3, clock)
    assert max(clock.waits) <= 0.25


def test_a_target_of_nothing_stands_still_until_the_tool_ends(clock):
    throttle = Throttle(0, 0, clock.wait, lambda: len(clock.waits) >= 5)
    throttle.after(1, 1)
    assert len(clock.waits) == 5


def test_a_tool_that_ends_does_not_wait_on(clock):
    throttle = Throttle(0.001, 0, clock.wait, lambda: True)
    throttle.after(1, 1)
    assert clock.waits == []
