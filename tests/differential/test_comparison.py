"""The judge itself: what it finds, what it forgives, and what it refuses to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.differential.case_files import Case, CaseError, Step, load_cases
from tests.differential.comparison import Difference, Explanation, Rules, broken, compare, matches, report
from tests.differential.conversation import Answer, Outcome, Target
from tests.differential.runner import runnable
from tests.differential.values import UnknownNameError, resolve

CASE = Case("a/b:c", {}, (), {}, (), {}, alone=False, steps=())


def outcome(answer: Any, *captured: tuple[str, str, Any], **content: Any) -> Outcome:
    step = Step("ask", "1 Metadata v1", {"ask": "Metadata", **content})
    return Outcome([Answer(step.label, step, "Metadata", answer)], list(captured))


def found(kafka: Outcome, ottla: Outcome, rules: Rules | None = None) -> list[tuple[str, Any, Any]]:
    judged = compare(CASE, kafka, ottla, rules or Rules(), own=("mine",))
    return [(item.path, item.kafka, item.ottla) for item in judged]


def test_equal_answers_have_no_differences() -> None:
    assert found(outcome({"a": [1, {"b": None}]}), outcome({"a": [1, {"b": None}]})) == []


def test_each_leaf_is_a_difference_of_its_own() -> None:
    kafka = outcome({"a": 1, "list": [1, 2], "text": "x"})
    ottla = outcome({"a": True, "list": [1], "text": "y", "more": 0})
    assert found(kafka, ottla) == [
        ("a", 1, True),
        ("list.1", 2, "(absent)"),
        ("text", "x", "y"),
        ("more", "(absent)", 0),
    ]


def test_a_captured_value_is_the_same_symbol_everywhere() -> None:
    kafka = outcome({"id": "k-1", "text": "member k-1"}, ("m", "id", "k-1"))
    same = outcome({"id": "o-2", "text": "member o-2"}, ("m", "id", "o-2"))
    other = outcome({"id": "o-2", "text": "member o-3"}, ("m", "id", "o-2"))
    assert found(kafka, same) == []
    assert found(kafka, other) == [("text", "member <m>", "member o-3")]


def test_a_captured_number_is_a_symbol_only_in_fields_of_its_name() -> None:
    kafka = outcome({"producer_id": 7, "offset": 7}, ("p", "producer_id", 7))
    ottla = outcome({"producer_id": 9, "offset": 9}, ("p", "producer_id", 9))
    assert found(kafka, ottla) == [("offset", 7, 9)]


def test_a_mask_keeps_the_kind() -> None:
    assert found(outcome({"time": 5}, mask=["time"]), outcome({"time": 8}, mask=["time"])) == []
    assert found(outcome({"time": 5}, mask=["time"]), outcome({"time": -1}, mask=["time"])) == [
        ("time", "<positive>", "<negative>")
    ]


def test_order_and_strangers_are_forgiven_where_a_rule_says_so() -> None:
    words = {"unordered": {"topics": "name"}, "keep": {"topics": "name"}}
    kafka = outcome({"topics": [{"name": "mine"}, {"name": "theirs"}]}, **words)
    ottla = outcome({"topics": [{"name": "others"}, {"name": "mine"}]}, **words)
    assert found(kafka, ottla) == []
    keyed = Rules(keyed={"Metadata": {"keys": "key"}})
    kafka, ottla = outcome({"keys": [{"key": 1}, {"key": 2}]}), outcome({"keys": [{"key": 2}]})
    assert found(kafka, ottla, keyed) == [("keys.1", {"key": 1}, "(absent)")]


def test_a_failure_or_a_missing_step_is_a_difference() -> None:
    assert found(outcome(1), Outcome(failure="nothing lies there")) == [
        ("failure", None, "nothing lies there")
    ]
    assert found(outcome(1), Outcome()) == [("steps", 1, 0)]


def test_a_case_that_kafka_cannot_finish_is_broken() -> None:
    assert broken(outcome(1)) is None
    assert broken(Outcome(failure="why")) == "Apache Kafka does not finish this case: why"
    assert "stays silent" in str(broken(outcome("no answer came")))


def test_brackets_in_the_names_of_cases_mean_themselves() -> None:
    explanation = Explanation("a/b:c[v=1]", "a reason", path="x.*")
    assert explanation.covers(Difference("a/b:c[v=1]", "1", "x.y", 1, 2))
    assert not explanation.covers(Difference("a/b:cv", "1", "x.y", 1, 2))
    assert matches("a/b:c[v=12]", "a/b:c[[]v=1*".replace("[[]", "["))


def test_a_report_shows_what_recurs_once() -> None:
    text = report([Difference(f"a:c[v={v}]", f"1 Fetch v{v}", "x", 1, 2) for v in (4, 5, 6)])
    assert text.count("Kafka:") == 1
    assert "and 2 more: [v=5] 1 Fetch v5; [v=6] 1 Fetch v6" in text


def test_values_stand_for_others() -> None:
    names = {"t": "topic", "t.id": bytes(16), "now": 1000, "pair": [1, 3], "word": {"repeat": ["x", 3]}}
    assert resolve(["$t", "a-$t", "$now + 5", "$pair.1", "$t.id", "$word"], names) == [
        "topic", "a-topic", 1005, 3, bytes(16), "xxx",
    ]  # fmt: skip
    assert resolve({"times": [2, {"i": "$i"}]}, names) == [{"i": 0}, {"i": 1}]
    assert resolve({"hex": "00ff"}, names) == b"\x00\xff"
    with pytest.raises(UnknownNameError, match=r"\$tt has no value"):
        resolve("$tt", names)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- {case: x, steps: [{ask: Metadata, requets: {}}]}", "unknown words: requets"),
        ("- {case: x, steps: [{ask: Metadata, send: []}]}", "a step does one thing"),
        ("- {case: x, steps: [{ask: Metadat}]}", "there is no API"),
        ("- {case: x, steps: [{ask: Metadata, version: new}]}", "names no versions"),
        ("- {case: x, steps: []}\n- {case: x, steps: []}", "stands there twice"),
    ],
)
def test_a_case_that_means_nothing_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(CaseError, match=complaint):
        load_cases(tmp_path)


def test_each_and_versions_become_plain_cases_and_steps(tmp_path: Path) -> None:
    text = "- {case: x, each: {v: [Heartbeat, 2]}, steps: []}\n- case: y\n  each: {v: Heartbeat 2+}\n"
    text += "  steps: [{ask: Heartbeat, version: $v}, {ask: Heartbeat, version: [0, 3-4]}]"
    (tmp_path / "file.yaml").write_text(text)
    cases = load_cases(tmp_path)
    assert [case.identifier for case in cases][2:] == ["file:y[v=2]", "file:y[v=3]", "file:y[v=4]"]
    assert [step.label for step in cases[2].steps] == [
        "1 Heartbeat v2", "2 Heartbeat v0", "2 Heartbeat v3", "2 Heartbeat v4",
    ]  # fmt: skip


def test_brokers_that_are_not_ours_are_neither_new_nor_restarted(tmp_path: Path) -> None:
    text = "- {case: x, new_brokers: true, steps: []}\n- {case: y, steps: []}\n"
    text += "- {case: z, before_restart: [{ask: Heartbeat}], steps: [{ask: Heartbeat, version: 0}]}"
    (tmp_path / "file.yaml").write_text(text)
    cases = load_cases(tmp_path)
    assert [step.label for step in cases[2].before_restart] == ["before 1 Heartbeat v4"]
    given, ours = Target(1, 2), Target(1, 2, restart=lambda: None)
    assert [case.identifier for case in runnable(cases, ours, given)] == ["file:y"]
    assert runnable(cases, ours, ours) == cases
