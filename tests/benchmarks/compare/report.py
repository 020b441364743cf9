"""The outcome as a table to read and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Against, Better, Figure
from tests.benchmarks.compare.machine import Machine
from tests.benchmarks.compare.runner import Failure
from tests.benchmarks.compare.summary import Measured, Row, Verdict

HEADINGS = ("cell", "figure", "broker", "Kafka", "spread", "Ottla", "spread", "ratio", "goal", "")
NUMBERS = frozenset({3, 4, 5, 6, 7, 8})
"""Columns that stand at the right."""

NOTHING = "-"
DISTURBING_SHARE = 0.1
"""The kernel's own threads, which write files out, are among the others and use less than this."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a comparison has brought."""

    started: str
    """ISO 8601, with the time zone."""
    rounds: int
    scale: float
    warm_up_s: float
    machine: Machine
    load_average_after: tuple[float, float, float]
    versions: Mapping[str, str]
    rows: Sequence[Row]
    runs: Sequence[Measured]
    failures: Sequence[Failure]
    warnings: Sequence[str]


def disturbed(runs: Sequence[Measured]) -> list[str]:
    """Return a warning when other processes were busy while something was measured."""
    noisy = [run for run in runs if run.others_share > DISTURBING_SHARE]
    if not noisy:
        return []
    worst = max(noisy, key=lambda run: run.others_share)
    warning = (
        f"others used more than {DISTURBING_SHARE:.0%} of the processors in {len(noisy)} of {len(runs)} runs, "
        f"at most {worst.others_share:.0%} ({worst.cell}, round {worst.round_number + 1})"
    )
    return [warning]


def table(outcome: Outcome) -> str:
    """Return the report as text."""
    machine = outcome.machine
    shape = f"{machine.cores} cores, {machine.memory_gib} GiB, Linux {machine.kernel}, {machine.file_system}"
    load = f"load average {machine.load_average[0]:.2f} before, {outcome.load_average_after[0]:.2f} after"
    head = [
        f"{outcome.started}: {shape}; {load}",
        ", ".join(f"{name} {number}" for name, number in outcome.versions.items()),
        f"medians of {outcome.rounds} rounds at scale {outcome.scale:g}, warm after {outcome.warm_up_s:g} s of load",
    ]
    judged = [row.verdict for row in outcome.rows if row.verdict is not Verdict.NONE]
    counts = ", ".join(f"{judged.count(kind)} {kind.value}" for kind in Verdict if kind in judged)
    foot = [f"goals: {counts}"] if judged else []
    foot += [f"FAILED: {_failure(failure)}" for failure in outcome.failures]
    foot += [f"WARNING: {warning}" for warning in outcome.warnings]
    return "\n".join([*head, "", *_aligned([HEADINGS, *map(_line, outcome.rows)]), "", *foot])


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the report as values for JSON, every single run among them."""
    return {
        "started": outcome.started,
        "rounds": outcome.rounds,
        "scale": outcome.scale,
        "warm_up_s": outcome.warm_up_s,
        "machine": dataclasses.asdict(outcome.machine),
        "load_average_after": outcome.load_average_after,
        "versions": dict(outcome.versions),
        "warnings": list(outcome.warnings),
        "figures": [_figure(row) for row in outcome.rows],
        "runs": [{**dataclasses.asdict(run), "phase": run.phase.value} for run in outcome.runs],
        "failures": [{**dataclasses.asdict(each), "phase": each.phase.value} for each in outcome.failures],
    }


def number(value: float | None) -> str:
    """Return a figure with about three digits that say something."""
    if value is None:
        return NOTHING
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def goal_text(figure: Figure) -> str:
    """Return a figure's goal as a limit, with the name of what it limits where that is no ratio."""
    if figure.goal is None:
        return ""
    sign = ">=" if figure.better is Better.HIGHER else "<="
    return f"{'' if figure.goal.against is Against.KAFKA else 'Ottla '}{sign} {figure.goal.limit:g}"


def _line(row: Row) -> tuple[str, ...]:
    ratio = NOTHING if row.ratio is None else f"{row.ratio:.2f}"
    return (
        row.cell,
        row.figure.name,
        row.phase.value,
        number(row.median(KAFKA)),
        _percent(row.spread(KAFKA)),
        number(row.median(OTTLA)),
        _percent(row.spread(OTTLA)),
        ratio,
        goal_text(row.figure) if row.is_judged else "",
        row.verdict.value,
    )


def _percent(part: float | None) -> str:
    return NOTHING if part is None else f"{part:.0%}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _failure(failure: Failure) -> str:
    return f"{failure.cell}, {failure.phase.value}, {failure.kind}, round {failure.round_number + 1}: {failure.text}"


def _figure(row: Row) -> dict[str, Any]:
    goal = row.figure.goal
    return {
        "cell": row.cell,
        "varies": row.varies,
        "phase": row.phase.value,
        "figure": row.figure.name,
        "better": row.figure.better.value,
        **{
            kind: {"values": row.values[kind], "median": row.median(kind), "spread": row.spread(kind)}
            for kind in (KAFKA, OTTLA)
        },
        "ratio": row.ratio,
        "goal": None
        if goal is None
        else {"limit": goal.limit, "must": goal.must, "against": goal.against.value},
        "verdict": row.verdict.value or None,
    }
