"""In which order everything is measured: round by round, the brokers in changing order, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.compare.brokers import KINDS
from tests.benchmarks.compare.cell import Cell, Phase


@dataclass(frozen=True, slots=True)
class Step:
    """What one broker, from its start to its end, is measured in."""

    round_number: int
    kind: str
    phase: Phase
    cells: tuple[Cell, ...]


def steps(cells: Sequence[Cell], rounds: int, *, one_session: bool = False) -> Iterator[Step]:
    """Yield all steps. A cold broker is for one cell, a warm one for all cells of a session, or for all there are."""
    for round_number in range(rounds):
        order = KINDS if round_number % 2 == 0 else KINDS[::-1]
        for session in sessions(cells, one_session=one_session):
            for cell in session:
                for phase in cell.phases:
                    if phase is not Phase.WARM:
                        yield from (Step(round_number, kind, phase, (cell,)) for kind in order)
            warm = tuple(cell for cell in session if Phase.WARM in cell.phases)
            if warm:
                yield from (Step(round_number, kind, Phase.WARM, warm) for kind in order)


def sessions(cells: Sequence[Cell], *, one_session: bool) -> list[list[Cell]]:
    """Return the cells of each session, in the order of the table."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault("" if one_session else cell.session, []).append(cell)
    return list(found.values())
