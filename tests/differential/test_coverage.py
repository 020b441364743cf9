"""The table of what has to be reached: it is whole, and every way in which it can be wrong is found."""

from __future__ import annotations

import pytest

from tests.differential.case_files import Step
from tests.differential.conversation import Answer, Outcome
from tests.differential.coverage import ApiCoverage, Reached, gaps, load_coverage, reached_by, totals

STEP = Step("ask", "1 Heartbeat v1", {"ask": "Heartbeat"})


def answered(plain: object, api: str = "Heartbeat") -> Reached:
    return reached_by([Outcome([Answer(STEP.label, STEP, api, plain)])])


def test_errors_and_texts_are_found_at_any_depth() -> None:
    reached = answered(
        {
            "error_code": 0,
            "topics": [
                {"topic_config_error_code": 29, "error_message": None},
                {"error_code": -1, "batch_index_error_message": "bad"},
            ],
        }
    )
    assert reached.errors == {"Heartbeat": {"NONE", "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_SERVER_ERROR"}}
    assert reached.texts == {"Heartbeat": {"bad"}}


def test_what_is_no_answer_reaches_nothing() -> None:
    assert answered("the connection was closed") == Reached()
    assert answered({"bytes": "00", "error_code": 5}, api="") == Reached()


@pytest.mark.parametrize(
    ("row", "reached", "problem"),
    [
        (ApiCoverage(errors=("NONE",)), Reached(), "NONE was not reached"),
        (ApiCoverage(), Reached({"Fetch": {"NONE"}}), "NONE is not in the table"),
        (
            ApiCoverage(unreachable={"NONE": "why"}),
            Reached({"Fetch": {"NONE"}}),
            "NONE was reached, and is listed as unreachable",
        ),
        (ApiCoverage(texts=("a *",)), Reached(texts={"Fetch": {"b"}}), "the text 'a *' was not reached"),
        (ApiCoverage(texts=("a *",)), Reached(texts={"Fetch": {"a b", "b"}}), "the text 'b' is not in"),
        (ApiCoverage(unreachable={"NONSENSE": "why"}), Reached(), "there is no error NONSENSE"),
    ],
)
def test_each_gap_is_found(row: ApiCoverage, reached: Reached, problem: str) -> None:
    assert any(line.startswith(f"Fetch: {problem}") for line in gaps({"Fetch": row}, reached))


def test_every_served_api_stands_in_the_table() -> None:
    table = load_coverage()
    assert not [line for line in gaps(table, Reached()) if "served" in line]
    assert "Heartbeat: served, but not in the table" in gaps({}, Reached())
    assert "ListTransactions: in the table, but not served" in gaps(
        {"ListTransactions": ApiCoverage()}, Reached()
    )


def test_every_reason_is_given() -> None:
    assert all(reason for row in load_coverage().values() for reason in row.unreachable.values())
    assert totals({"Fetch": ApiCoverage(("NONE",), ("x",), {"NOT_CONTROLLER": "why"})}, Reached()) == (
        "0 of 1 pairs of API and error reached, 1 cannot be reached on one node, 1 texts"
    )
