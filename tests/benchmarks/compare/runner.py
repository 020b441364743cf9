"""Takes the steps of the schedule one after another; what fails is noted and the rest goes on."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import cycle

from ottla.errors import KafkaError
from ottla.wire.primitives import WireError
from tests.benchmarks.compare.brokers import Brokers
from tests.benchmarks.compare.cell import Cell, Phase
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.schedule import Step
from tests.benchmarks.compare.summary import Measured
from tests.support.broker_process import RunningBroker

FAILURES = (
    RunFailedError,
    AssertionError,
    OSError,
    subprocess.SubprocessError,
    KafkaError,
    WireError,
    ValueError,
)
"""How a load, a client or a broker says that it has not done its work; the last three: answers that make no sense."""

WARM_UP_SCALE = 0.5
"""Of a cell's own load: short enough that a warm-up goes through several cells, long enough for steady work."""


SHOWN_CHARACTERS = 300
"""Of each end of what a failure says: what it is, and the last words of who failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that did not do its work; it has no figures."""

    cell: str
    phase: Phase
    kind: str
    round_number: int
    text: str


@dataclass(slots=True)
class Runner:
    """Runs steps and keeps what came out."""

    brokers: Brokers
    scale: float
    warm_up_s: float
    tell: Callable[[str], None]
    """Takes a line about how far it is."""
    measured: list[Measured] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    _runs: int = 0

    def run(self, steps: Iterable[Step]) -> None:
        """Take all steps."""
        for step in steps:
            try:
                self._take(step)
            except FAILURES as error:
                for cell in step.cells:
                    if not self._is_done(step, cell):
                        self._fail(step, cell, error)

    def _take(self, step: Step) -> None:
        if step.phase is Phase.NEW:
            with self.brokers.prepared(step.kind) as broker:
                self._measure(step, step.cells[0], broker)
            return
        with self.brokers.running(step.kind) as broker:
            if step.phase is Phase.WARM:
                self._warm_up(step, broker)
            for cell in step.cells:
                self._measure(step, cell, broker)
                if not broker.running:
                    return

    def _warm_up(self, step: Step, broker: RunningBroker) -> None:
        """Run the step's own cells in turn until the time is up; what comes out is not kept."""
        begun = time.monotonic()
        for cell in cycle(step.cells):
            if time.monotonic() >= begun + self.warm_up_s:
                return
            (cell.warm_up or cell.run)(self._new_run(broker, self.scale * WARM_UP_SCALE))

    def _measure(self, step: Step, cell: Cell, broker: RunningBroker) -> None:
        run = self._new_run(broker, self.scale)
        begun = time.monotonic()
        try:
            figures = cell.run(run)
            _check(cell, figures, broker)
        except FAILURES as error:
            self._fail(step, cell, error)
            return
        taken_s = time.monotonic() - begun
        others_share = max((cost.others_share for cost in run.costs), default=0.0)
        self.measured.append(
            Measured(cell.name, step.phase, step.kind, step.round_number, figures, others_share, taken_s)
        )
        first = cell.figures[0].name
        self.tell(
            f"round {step.round_number + 1}, {cell.name}, {step.phase.value}, {step.kind}: "
            f"{figures[first]:,.4g} {first} ({taken_s:.1f} s)"
        )

    def _new_run(self, broker: RunningBroker, scale: float) -> Run:
        self._runs += 1
        return Run(broker, f"run-{self._runs}", scale)

    def _is_done(self, step: Step, cell: Cell) -> bool:
        done = (cell.name, step.phase, step.kind, step.round_number)
        measured = [(each.cell, each.phase, each.kind, each.round_number) for each in self.measured]
        failed = [(each.cell, each.phase, each.kind, each.round_number) for each in self.failures]
        return done in measured or done in failed

    def _fail(self, step: Step, cell: Cell, error: BaseException) -> None:
        text = shortened(f"{type(error).__name__}: {error}")
        self.failures.append(Failure(cell.name, step.phase, step.kind, step.round_number, text))
        self.tell(
            f"round {step.round_number + 1}, {cell.name}, {step.phase.value}, {step.kind}: FAILED, {text}"
        )


def _check(cell: Cell, figures: Mapping[str, float], broker: RunningBroker) -> None:
    missing = [figure.name for figure in cell.figures if figure.name not in figures]
    if missing:
        raise RunFailedError(f"the load has not told: {', '.join(missing)}")
    if not broker.running:
        raise RunFailedError("the broker has ended by itself:\n" + "\n".join(broker.log_lines()[-20:]))


def shortened(text: str) -> str:
    """Return the beginning and the end of what may be a log's last page."""
    if len(text) <= 2 * SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]} … {text[-SHOWN_CHARACTERS:]}"
