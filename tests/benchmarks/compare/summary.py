"""What many runs come to: medians, spreads, ratios, and whether a goal is held."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Against, Better, Cell, Figure, Phase


class Verdict(Enum):
    """What became of a goal."""

    HELD = "held"
    MISSED = "missed"
    MUST_BUT_MISSED = "MISSED (must)"
    UNKNOWN = "not measured"
    NONE = ""
    """There is no goal, or it is judged in another phase."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one run that did all its work."""

    cell: str
    phase: Phase
    kind: str
    round_number: int
    figures: Mapping[str, float]
    others_share: float
    """Which part of the processors others have used meanwhile."""
    taken_s: float
    """How long the run took with everything around it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one cell in one phase: all values of both brokers, in the order of the rounds."""

    cell: str
    varies: str
    phase: Phase
    figure: Figure
    values: Mapping[str, tuple[float, ...]]
    is_judged: bool
    """A goal is judged once, where both brokers are at their best."""

    def median(self, kind: str) -> float | None:
        """Return the median of a broker's runs, None without any."""
        return statistics.median(self.values[kind]) if self.values[kind] else None

    def spread(self, kind: str) -> float | None:
        """Return how far a broker's runs are apart, as a part of their median; None where that says nothing."""
        return spread(self.values[kind])

    @property
    def ratio(self) -> float | None:
        """Ottla's median over Apache Kafka's; None where one is missing or the latter is nothing."""
        ottla, kafka = self.median(OTTLA), self.median(KAFKA)
        return ottla / kafka if ottla is not None and kafka else None

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is held."""
        goal = self.figure.goal
        if goal is None or not self.is_judged:
            return Verdict.NONE
        reached = self.ratio if goal.against is Against.KAFKA else self.median(OTTLA)
        if reached is None:
            return Verdict.UNKNOWN
        holds = reached >= goal.limit if self.figure.better is Better.HIGHER else reached <= goal.limit
        if holds:
            return Verdict.HELD
        return Verdict.MUST_BUT_MISSED if goal.must else Verdict.MISSED


def spread(values: Sequence[float]) -> float | None:
    """Return the distance from the lowest to the highest value over the median; None for fewer than two values."""
    if len(values) < 2 or not statistics.median(values):
        return None
    return (max(values) - min(values)) / statistics.median(values)


def rows(cells: Iterable[Cell], runs: Sequence[Measured]) -> list[Row]:
    """Return a row for every figure of every cell in every phase that it has."""
    return [
        Row(
            cell.name,
            cell.varies,
            phase,
            figure,
            _values(cell, phase, figure, runs),
            phase is cell.phases[-1],
        )
        for cell in cells
        for phase in cell.phases
        for figure in cell.figures
    ]


def _values(
    cell: Cell, phase: Phase, figure: Figure, runs: Sequence[Measured]
) -> dict[str, tuple[float, ...]]:
    return {
        kind: tuple(
            run.figures[figure.name]
            for run in sorted(runs, key=lambda each: each.round_number)
            if (run.cell, run.phase, run.kind) == (cell.name, phase, kind)
        )
        for kind in (KAFKA, OTTLA)
    }
