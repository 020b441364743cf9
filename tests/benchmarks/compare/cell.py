"""What a cell of the comparison is: a load, the figures that come out of it, and which of them have a goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from tests.benchmarks.compare.run import Run


class Better(Enum):
    """In which direction a figure gets better."""

    HIGHER = "higher"
    LOWER = "lower"


class Against(Enum):
    """What a goal limits."""

    KAFKA = "ratio to Apache Kafka"
    ITSELF = "figure of Ottla alone"


class Phase(Enum):
    """The state of a broker when a cell is run against it."""

    NEW = "new"
    """Not started yet: the cell starts it."""
    COLD = "cold"
    """Just started, on a new directory; nothing was asked of it before."""
    WARM = "warm"
    """After its warm-up load."""


BOTH_PHASES = (Phase.COLD, Phase.WARM)


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a figure has to keep: a floor where higher is better, a ceiling where lower is."""

    limit: float
    must: bool = False
    against: Against = Against.KAFKA


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that every run of a cell gives, under its name with the unit last."""

    name: str
    better: Better
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of the table of measurements."""

    name: str
    varies: str
    """What is measured, and in what it differs from the first cell of its kind."""
    session: str
    """Cells of one session are run, one after another, against one warm broker."""
    run: Callable[[Run], Mapping[str, float]]
    """Runs the load once and returns the figures by name. Raises RunFailedError when the load was not done in full."""
    figures: tuple[Figure, ...]
    phases: tuple[Phase, ...] = BOTH_PHASES
    warm_up: Callable[[Run], object] | None = None
    """The warm-up load where the cell itself cannot be repeated."""
    quick: bool = False
    """Whether `--quick` has it."""
    needs_go: bool = False
    """Whether its client is written in Go, and has to be built before."""
