"""A difference is found wherever it is, and what need not be equal is passed over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.peers.tools import ToolResult
from tests.tools.case_files import Mask, Row, Table, TableError, load_table, rows_for, substitute
from tests.tools.comparing import judge, shape_of_stderr, without_help
from tests.tools.running import Outcome

SAME = ToolResult("out\n", "error\n", 1)


def outcome(kafka: ToolResult, ours: ToolResult, row: Row) -> Outcome:
    return Outcome(
        row, kafka, ours, {"/tmp/alfa": "<files>", "alfa": "side", "beta": "side", ":9092": ":<port>"}
    )


def differing_parts(kafka: ToolResult, ours: ToolResult, row: Row | None = None) -> list[str]:
    row = row or Row("kafka-topics")
    verdict = judge(Table("t", (row,)), [outcome(kafka, ours, row)], ())
    return [difference.part for difference in verdict.unexplained]


def test_a_row_may_be_for_one_broker_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(
        "before: [kafka-topics]\nrows:\n- {run: kafka-acls}\n- {run: kafka-groups, only: kafka}\n"
    )
    table = load_table(path)
    assert [row.run for row in rows_for(table, "kafka").rows] == ["kafka-acls", "kafka-groups"]
    assert [row.run for row in rows_for(table, "ottla").rows] == ["kafka-acls"]
    path.write_text("only: kafka\nbefore: [kafka-topics]\nrows:\n- {run: kafka-acls}\n")
    table = load_table(path)
    assert rows_for(table, "kafka") == table
    left = rows_for(table, "ottla")
    assert (left.rows, left.before) == ((), ())
    path.write_text("rows:\n- {run: kafka-acls, only: redpanda}\n")
    with pytest.raises(TableError, match="redpanda is neither of ottla, kafka"):
        load_table(path)


@pytest.mark.parametrize(
    ("ours", "parts"),
    [
        (SAME, []),
        (ToolResult("out \n", "error\n", 1), ["stdout"]),
        (ToolResult("out", "error\n", 1), ["stdout"]),
        (ToolResult("out\n", "other\n", 0), ["stderr", "exit_code"]),
        (ToolResult("out\n", "error\n\n\tat here(There.java)\nCaused by: x\n", 1), []),
    ],
)
def test_each_part_is_compared(ours: ToolResult, parts: list[str]) -> None:
    assert differing_parts(SAME, ours) == parts


def test_sides_files_ports_and_masks_are_not_compared() -> None:
    masks = (Mask(re.compile(r"\d+ ms"), "<n> ms", "A time."),)
    row = Row("kafka-topics", masks=masks)
    kafka = ToolResult("words-alfa in /tmp/alfa/x at :9092 took 5 ms", "", 0)
    ours = ToolResult("words-beta in /tmp/alfa/x at :9092 took 71 ms", "", 0)
    assert differing_parts(kafka, ours, row) == []
    assert differing_parts(kafka, ours) == ["stdout"]


def test_lines_in_any_order_and_the_exit_code_of_what_was_interrupted() -> None:
    kafka, ours = ToolResult("a\nb\n", "", 0), ToolResult("b\na\n", "", 130)
    assert differing_parts(kafka, ours) == ["stdout", "exit_code"]
    assert differing_parts(kafka, ours, Row("x", sorted=True, interrupt="a")) == []


def test_an_explained_difference_is_counted_and_an_idle_explanation_is_stale() -> None:
    row = Row("kafka-topics", explained={"stdout": "because", "stderr": "idle"})
    ours = ToolResult("other\n", "error\n", 1)
    verdict = judge(Table("t", (row,)), [outcome(SAME, ours, row)], ())
    assert (verdict.rows, verdict.explained, verdict.unexplained) == (1, 1, [])
    assert verdict.stale == ["t: kafka-topics: stderr does not differ"]
    assert verdict.summary() == "1 rows (0 as processes), 1 explained differences, 0 unexplained"


def test_help_is_passed_over_and_what_stands_around_it_is_not() -> None:
    table = (
        "no\nOption    Description\n------    -----------\n--a       An a that\n            goes on\nbehind\n"
    )
    assert without_help(table) == "no\n<help>\nbehind\n"
    usage = "usage: kafka-storage [-h] a\n         b\nkafka-storage:  error: too few\narguments\n"
    assert without_help(usage) == "<help> kafka-storage\nkafka-storage:error:toofewarguments"
    assert without_help("usage: kafka-storage\n\nAll of it.\n") == "<help> kafka-storage\n"


def test_the_shape_of_standard_error_has_no_traces() -> None:
    text = (
        "message\norg.apache.X: message\n\tat a.b(C.java:1)\n\t... 12 more\nCaused by: y: z\n"
        "[<time>] ERROR x\n\n (org.apache.Y)\n"
    )
    assert shape_of_stderr(text) == "message\norg.apache.X: message\n[<time>] ERROR x\n (org.apache.Y)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: [{run: a, frobnicate: 1}]", "unknown keys frobnicate"),
        ("rows: [{run: a, explained: {all: because}}]", "unknown keys all"),
        ("rows: []\nmore: 1", "unknown keys more"),
        ("rows: [{run: $script --list}]", "there are no scripts"),
        ("rows: [{run: a, before: [{go: b}]}]", "unknown keys go"),
    ],
)
def test_a_slip_of_the_pen_in_a_table_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "slip.yaml"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        load_table(path)


def test_one_line_is_a_row_for_each_script(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(
        "scripts: [a, b]\nrows: [{run: $script -x, explained: {stdout: y}}, {run: $script, scripts: [c]}]"
    )
    table = load_table(path)
    assert [row.run for row in table.rows] == ["a -x", "b -x", "c"]
    assert table.rows[0].explained is table.rows[1].explained


def test_a_name_that_there_is_not_is_an_error() -> None:
    assert substitute("$server and $$", {"server": "a:1"}) == "a:1 and $"
    with pytest.raises(TableError, match="nothing"):
        substitute("$nothing", {})


def test_a_row_of_which_nothing_was_left_differs_whatever_explains_it() -> None:
    row = Row("kafka-topics", explained={"stdout": "because", "stderr": "because", "exit_code": "because"})
    broken = Outcome(row, SAME, SAME, {}, broken="the set-up failed")
    verdict = judge(Table("t", (row,)), [broken], ())
    assert [difference.part for difference in verdict.unexplained] == ["nothing was left"]
