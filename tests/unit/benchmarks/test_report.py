import json

from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Against, Better, Figure, Goal, Phase
from tests.benchmarks.compare.machine import Machine
from tests.benchmarks.compare.report import Outcome, as_json, disturbed, goal_text, number, table
from tests.benchmarks.compare.runner import Failure
from tests.benchmarks.compare.summary import Measured, Row

MACHINE = Machine(2, 8.0, "6", "ext4", 50.0, (0.1, 0.1, 0.1), 0.0)
GOAL = Figure("records/s", Better.HIGHER, Goal(1.15, must=True))
RUNS = (
    Measured("fast", Phase.WARM, KAFKA, 0, {"records/s": 100.0}, 0.0, 2.0),
    Measured("fast", Phase.WARM, OTTLA, 0, {"records/s": 110.0}, 0.4, 2.0),
)
ROW = Row("fast", "words", Phase.WARM, GOAL, {KAFKA: (100.0,), OTTLA: (110.0,)}, is_judged=True)
OUTCOME = Outcome(
    started="2026-01-02T03:04:05+00:00",
    rounds=1,
    scale=0.5,
    warm_up_s=5.0,
    machine=MACHINE,
    load_average_after=(2.0, 1.0, 1.0),
    versions={"Ottla": "1"},
    rows=[ROW],
    runs=RUNS,
    failures=[Failure("fast", Phase.COLD, OTTLA, 0, "RunFailedError: 1 of 2 records came")],
    warnings=["noise"],
)


def test_the_table_shows_medians_ratio_goal_and_what_went_wrong() -> None:
    text = table(OUTCOME)
    (line,) = [line for line in text.splitlines() if line.startswith("fast")]
    assert line.split() == [
        "fast",
        "records/s",
        "warm",
        "100",
        "-",
        "110",
        "-",
        "1.10",
        ">=",
        "1.15",
        "MISSED",
        "(must)",
    ]
    assert "goals: 1 MISSED (must)" in text
    assert "FAILED: fast, cold, ottla, round 1: RunFailedError: 1 of 2 records came" in text
    assert "WARNING: noise" in text


def test_json_holds_every_run_and_every_failure() -> None:
    content = json.loads(json.dumps(as_json(OUTCOME)))
    (figure,) = content["figures"]
    assert (figure["kafka"]["values"], figure["ottla"]["median"], figure["ratio"]) == ([100.0], 110.0, 1.1)
    assert figure["goal"] == {"limit": 1.15, "must": True, "against": "ratio to Apache Kafka"}
    assert [run["kind"] for run in content["runs"]] == [KAFKA, OTTLA]
    assert content["failures"][0]["phase"] == "cold"


def test_runs_that_others_disturbed_are_told() -> None:
    assert disturbed(RUNS[:1]) == []
    (warning,) = disturbed(RUNS)
    assert "in 1 of 2 runs, at most 40% (fast, round 1)" in warning


def test_a_goal_tells_its_direction_and_what_it_limits() -> None:
    assert goal_text(GOAL) == ">= 1.15"
    assert goal_text(Figure("x", Better.LOWER, Goal(45, against=Against.ITSELF))) == "Ottla <= 45"
    assert not goal_text(Figure("x", Better.LOWER))


def test_numbers_keep_about_three_digits() -> None:
    assert [number(each) for each in (None, 433_276.4, 97.25, 1.234, 0.0456)] == [
        "-",
        "433,276",
        "97.2",
        "1.23",
        "0.046",
    ]
