"""`python -m tests.benchmarks.compare.page FILE.json …`: print what `--json` has kept as a table for the docs.

A line for each figure, warm and cold beside each other; several files make one table, each with its own first line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Against, Better, Phase
from tests.benchmarks.compare.report import NOTHING, number

HEADING = "| cell | figure | Kafka | Ottla | ratio | cold | goal | |\n|--|--|--|--|--|--|--|--|"
JUDGED_PHASES = frozenset({Phase.WARM.value, Phase.NEW.value})


def page(outcomes: Iterable[Mapping[str, Any]]) -> str:
    """Return the lines about each outcome, then one table of all their figures."""
    heads: list[str] = []
    lines: list[str] = []
    for outcome in outcomes:
        heads.append(head(outcome))
        by_figure: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        for figure in outcome["figures"]:
            by_figure.setdefault((figure["cell"], figure["figure"]), {})[figure["phase"]] = figure
        shown = ""
        for (cell, name), phases in by_figure.items():
            lines.append(line("" if cell == shown else cell, name, phases))
            shown = cell
    return "\n".join([*heads, "", HEADING, *lines])


def head(outcome: Mapping[str, Any]) -> str:
    """Return where, when and how an outcome was measured."""
    machine = outcome["machine"]
    cells = len({figure["cell"] for figure in outcome["figures"]})
    versions = ", ".join(f"{name} {version}" for name, version in outcome["versions"].items())
    failed = f", {len(outcome['failures'])} runs failed" if outcome["failures"] else ""
    measured = f"medians of {outcome['rounds']} rounds at {outcome['scale']:g} of the full sizes"
    shape = f"{machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}"
    return (
        f"- {outcome['started'][:10]}, {cells} cells: {measured}, warm after {outcome['warm_up_s']:g} s of load"
        f"{failed}; {shape}, {machine['file_system']}; {versions}."
    )


def line(cell: str, name: str, phases: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a row: the medians where the figure is judged, with the spread of the runs behind them."""
    judged = next((each for phase, each in phases.items() if phase in JUDGED_PHASES), None)
    cold = phases.get(Phase.COLD.value)
    shown = judged or cold
    assert shown is not None, "a figure has a phase"
    medians = [f"{number(shown[kind]['median'])} {spread(shown[kind]['spread'])}" for kind in (KAFKA, OTTLA)]
    ratios = [
        NOTHING if each is None or each["ratio"] is None else f"{each['ratio']:.2f}"
        for each in (judged, cold)
    ]
    goal = shown["goal"]
    cells = [cell, name, *medians, *ratios, "" if goal is None else limit(goal, shown["better"])]
    return f"| {' | '.join(cells)} | {shown['verdict'] or ''} |"


def spread(part: float | None) -> str:
    """Return how far the runs lie apart, as a part of their median."""
    return "" if part is None else f"±{part / 2:.0%}"


def limit(goal: Mapping[str, Any], better: str) -> str:
    """Return a goal as a limit; one of Ottla's own figure says so."""
    sign = "≥" if better == Better.HIGHER.value else "≤"
    own = "" if goal["against"] == Against.KAFKA.value else "Ottla "
    return f"{own}{sign} {goal['limit']:g}"


def main() -> int:
    """Print the page's part for all files; return 2 where none is given."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(page(json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
