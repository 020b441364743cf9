from tests.benchmarks.compare.page import page
from tests.benchmarks.compare.report import as_json
from tests.unit.benchmarks.test_report import OUTCOME


def test_the_page_shows_judged_figures_with_their_goals() -> None:
    lines = page([as_json(OUTCOME), as_json(OUTCOME)]).splitlines()
    assert lines[0] == lines[1]
    assert lines[0].startswith("- 2026-01-02, 1 cells: medians of 1 rounds at 0.5 of the full sizes")
    assert "1 runs failed" in lines[0]
    assert lines[5:] == ["| fast | records/s | 100  | 110  | 1.10 | - | ≥ 1.15 | MISSED (must) |"] * 2
