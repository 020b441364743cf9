"""A picture for each cell: every run of both brokers, figure by figure, the median as a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.summary import Row

COLOURS = {KAFKA: "#c44e52", OTTLA: "#4c72b0"}
PANEL_WIDTH_INCHES = 3.4
PANEL_HEIGHT_INCHES = 3.2
MEDIAN_HALF_WIDTH = 0.3


def write_plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write `CELL.png` for each cell that has been measured and return the paths.

    Raises ImportError where matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for cell, each in groupby(rows, key=lambda row: row.cell):
        panels = _panels(each)
        if not any(row.values[kind] for panel in panels for row in panel for kind in (KAFKA, OTTLA)):
            continue
        picture = Picture(
            figsize=(PANEL_WIDTH_INCHES * len(panels), PANEL_HEIGHT_INCHES), layout="constrained"
        )
        FigureCanvasAgg(picture)
        picture.suptitle(f"{cell}: {panels[0][0].varies}")
        for axes, panel in zip(picture.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw(axes, panel)
        written.append(folder / f"{cell}.png")
        picture.savefig(written[-1], dpi=110)
    return written


def _panels(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each figure, in the order of the table."""
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row.figure.name, []).append(row)
    return list(panels.values())


def _draw(axes: Any, panel: Sequence[Row]) -> None:
    columns = [(row, kind) for row in panel for kind in (KAFKA, OTTLA)]
    for place, (row, kind) in enumerate(columns):
        values = row.values[kind]
        axes.plot([place] * len(values), values, "o", color=COLOURS[kind], alpha=0.6)
        median = row.median(kind)
        if median is not None:
            ends = [place - MEDIAN_HALF_WIDTH, place + MEDIAN_HALF_WIDTH]
            axes.plot(ends, [median, median], color=COLOURS[kind])
    axes.set_xticks(range(len(columns)), [f"{kind}\n{row.phase.value}" for row, kind in columns], fontsize=8)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_title(f"{panel[0].figure.name}\n({panel[0].figure.better.value} is better)", fontsize=8)
