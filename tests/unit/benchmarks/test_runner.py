from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
from tests.benchmarks.compare.brokers import OTTLA
from tests.benchmarks.compare.cell import Better, Cell, Figure, Phase
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.runner import SHOWN_CHARACTERS, Runner, shortened
from tests.benchmarks.compare.schedule import Step


class Broker:
    """A broker that is there as long as the test says."""

    running = True

    def log_lines(self) -> list[str]:
        return ["the last words"]


class Brokers:
    """Gives one broker after another, or none."""

    def __init__(self, *, starts: bool = True) -> None:
        self.starts = starts
        self.broker = Broker()

    @contextmanager
    def running(self, _kind: str) -> Iterator[Broker]:
        assert self.starts, "it does not start"
        yield self.broker


def cell(name: str, load: Callable[[Run], Mapping[str, float]]) -> Cell:
    return Cell(name, "", "s", load, (Figure("x", Better.HIGHER),))


def fails(_run: Run) -> Mapping[str, float]:
    raise RunFailedError("1 of 2 records came")


def runner(brokers: Brokers, warm_up_s: float = 0.0) -> Runner:
    return Runner(cast("Any", brokers), 1.0, warm_up_s, lambda _: None)


def test_a_run_that_fails_has_no_figures_and_the_next_one_goes_on() -> None:
    taken = runner(Brokers())
    taken.run([Step(0, OTTLA, Phase.WARM, (cell("bad", fails), cell("good", lambda _: {"x": 1.0})))])
    assert [(run.cell, dict(run.figures)) for run in taken.measured] == [("good", {"x": 1.0})]
    assert [(each.cell, each.text) for each in taken.failures] == [
        ("bad", "RunFailedError: 1 of 2 records came")
    ]


def test_a_load_that_does_not_tell_a_figure_has_failed() -> None:
    taken = runner(Brokers())
    taken.run([Step(0, OTTLA, Phase.WARM, (cell("a", lambda _: {"y": 1.0}),))])
    assert [each.text for each in taken.failures] == ["RunFailedError: the load has not told: x"]


def test_a_broker_that_does_not_start_fails_all_cells_of_the_step() -> None:
    taken = runner(Brokers(starts=False))
    taken.run(
        [Step(2, OTTLA, Phase.COLD, (cell("a", lambda _: {"x": 1.0}), cell("b", lambda _: {"x": 1.0})))]
    )
    assert [(each.cell, each.round_number) for each in taken.failures] == [("a", 2), ("b", 2)]
    assert not taken.measured


def test_a_broker_that_ends_by_itself_fails_the_run_that_it_ended_in_and_those_after() -> None:
    brokers = Brokers()

    def ends(_run: Run) -> Mapping[str, float]:
        brokers.broker.running = False
        return {"x": 1.0}

    @contextmanager
    def running(_kind: str) -> Iterator[Broker]:
        yield brokers.broker
        assert brokers.broker.running, "it has ended"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(brokers, "running", running)
        taken = runner(brokers)
        taken.run([Step(0, OTTLA, Phase.WARM, (cell("a", ends), cell("b", lambda _: {"x": 1.0})))])
    assert [each.cell for each in taken.failures] == ["a", "b"]
    assert "the last words" in taken.failures[0].text


def test_only_a_warm_broker_is_warmed_up_and_what_the_warm_up_brings_is_not_kept() -> None:
    scales: list[float] = []

    def load(run: Run) -> Mapping[str, float]:
        scales.append(run.scale)
        return {"x": 1.0}

    taken = runner(Brokers(), warm_up_s=1e-9)
    taken.run([Step(0, OTTLA, Phase.COLD, (cell("a", load),))])
    assert scales == [1.0]
    taken.run([Step(0, OTTLA, Phase.WARM, (cell("a", load),))])
    assert scales[-1] == 1.0
    assert len(taken.measured) == 2


def test_a_long_failure_is_told_by_its_two_ends() -> None:
    text = "first" + "x" * 10_000 + "last"
    assert shortened(text).startswith("first")
    assert shortened(text).endswith("last")
    assert len(shortened(text)) < 3 * SHOWN_CHARACTERS
    assert shortened("short") == "short"
