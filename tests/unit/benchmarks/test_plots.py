from pathlib import Path

import pytest
from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Better, Figure, Phase
from tests.benchmarks.compare.plots import write_plots
from tests.benchmarks.compare.summary import Row

PNG_BEGINS = b"\x89PNG"


def row(cell: str, figure: str, phase: Phase, *values: float) -> Row:
    return Row(
        cell,
        "words",
        phase,
        Figure(figure, Better.HIGHER),
        {KAFKA: values, OTTLA: values[:1]},
        is_judged=True,
    )


def test_each_cell_that_was_measured_has_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra `benchmarks`")
    rows = [
        row("a", "x", Phase.COLD, 1.0, 2.0),
        row("a", "y", Phase.COLD, 5.0),
        row("a", "x", Phase.WARM, 3.0, 4.0),
        row("a", "y", Phase.WARM, 6.0),
        row("failed", "x", Phase.WARM),
    ]
    assert write_plots(rows, tmp_path / "new") == [tmp_path / "new" / "a.png"]
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(PNG_BEGINS)
