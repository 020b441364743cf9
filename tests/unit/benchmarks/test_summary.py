import pytest
from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Against, Better, Cell, Figure, Goal, Phase
from tests.benchmarks.compare.summary import Measured, Row, Verdict, rows, spread


def row(
    goal: Goal | None,
    better: Better = Better.HIGHER,
    kafka: tuple[float, ...] = (100.0,),
    ottla: tuple[float, ...] = (110.0,),
    *,
    is_judged: bool = True,
) -> Row:
    return Row("a", "", Phase.WARM, Figure("x", better, goal), {KAFKA: kafka, OTTLA: ottla}, is_judged)


def run(kind: str, round_number: int, value: float, phase: Phase = Phase.WARM) -> Measured:
    return Measured("a", phase, kind, round_number, {"x": value}, 0.0, 1.0)


def test_the_median_of_three_ignores_the_outlier() -> None:
    assert row(None, kafka=(1.0, 900.0, 2.0)).median(KAFKA) == 2.0


def test_the_spread_is_the_distance_over_the_median() -> None:
    assert spread([90.0, 100.0, 120.0]) == pytest.approx(0.3)
    assert spread([90.0]) is None
    assert spread([0.0, 0.0]) is None


@pytest.mark.parametrize(
    ("better", "limit", "must", "expected"),
    [
        (Better.HIGHER, 1.1, False, Verdict.HELD),
        (Better.HIGHER, 1.11, False, Verdict.MISSED),
        (Better.HIGHER, 1.11, True, Verdict.MUST_BUT_MISSED),
        (Better.LOWER, 1.1, True, Verdict.HELD),
        (Better.LOWER, 1.09, False, Verdict.MISSED),
    ],
)
def test_a_goal_is_a_floor_or_a_ceiling(better: Better, limit: float, must: bool, expected: Verdict) -> None:
    assert row(Goal(limit, must), better).verdict is expected


def test_a_goal_against_itself_takes_the_figure_and_not_the_ratio() -> None:
    goal = Goal(45, against=Against.ITSELF)
    assert row(goal, Better.LOWER, kafka=(), ottla=(44.0,)).verdict is Verdict.HELD
    assert row(goal, Better.LOWER, kafka=(1_000.0,), ottla=(46.0,)).verdict is Verdict.MISSED


def test_without_a_figure_there_is_no_ratio_and_no_held_goal() -> None:
    missing = row(Goal(1.0), ottla=())
    assert (missing.ratio, missing.verdict) == (None, Verdict.UNKNOWN)
    nothing = row(Goal(1.0), kafka=(0.0,))
    assert (nothing.ratio, nothing.verdict) == (None, Verdict.UNKNOWN)


def test_a_row_without_a_goal_or_in_another_phase_is_not_judged() -> None:
    assert row(None).verdict is Verdict.NONE
    assert row(Goal(5.0), is_judged=False).verdict is Verdict.NONE


def test_every_figure_has_a_row_in_every_phase_and_the_last_phase_is_judged() -> None:
    cell = Cell("a", "", "s", lambda _: {}, (Figure("x", Better.HIGHER, Goal(1.0)),))
    runs = [run(OTTLA, 1, 4.0), run(OTTLA, 0, 3.0), run(KAFKA, 0, 2.0), run(KAFKA, 0, 1.0, Phase.COLD)]
    cold, warm = rows([cell], runs)
    assert (cold.phase, cold.is_judged, cold.values) == (Phase.COLD, False, {KAFKA: (1.0,), OTTLA: ()})
    assert (warm.phase, warm.is_judged, warm.values) == (Phase.WARM, True, {KAFKA: (2.0,), OTTLA: (3.0, 4.0)})
