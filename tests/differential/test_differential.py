"""Ottla answers as Apache Kafka does, in every case, but for the differences that are explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from tests.differential.comparison import ABSENT, compare, differences, judged, load_rules, report
from tests.differential.conversation import Outcome
from tests.differential.coverage import gaps, load_coverage, reached_by
from tests.differential.runner import Summary

# Of the largest answers, with thousands of fields, the first are enough.
MOST_LEAVES = 100

pytestmark = pytest.mark.java


def test_every_difference_is_explained(summary: Summary) -> None:
    assert not summary.unexplained, "\n" + report(summary.unexplained)


def test_every_case_compares_something(summary: Summary) -> None:
    assert summary.verdicts
    assert not summary.broken, "\n" + "\n".join(summary.broken)


def test_every_explanation_is_needed(summary: Summary) -> None:
    assert not summary.stale, "\n" + "\n".join(map(str, summary.stale))


def test_everything_that_can_be_reached_was_reached(summary: Summary) -> None:
    found = gaps(load_coverage(), reached_by(verdict.kafka for verdict in summary.verdicts))
    assert not found, "\n" + "\n".join(found)


def test_a_wrong_field_is_found_wherever_it_is_planted(summary: Summary) -> None:
    rules = load_rules()
    for verdict in summary.verdicts:
        for label, answer in judged(verdict.kafka, rules, ()):
            for path, wrong in islice(_each_leaf_made_wrong(answer), MOST_LEAVES):
                found = [where for where, _, _ in differences(answer, wrong)]
                assert found == [path or "answer"], f"{verdict.case.identifier}, {label}: {path} gave {found}"


def test_a_wrong_error_code_is_found_in_every_answer_that_has_one(summary: Summary) -> None:
    rules = load_rules()
    planted = 0
    for verdict in summary.verdicts:
        for answer in verdict.kafka.answers:
            if "keep" in answer.step.content:
                continue  # what belongs to other cases is not compared
            right = Outcome([answer], verdict.kafka.captured)
            for plain in islice(_with_wrong_error_code(answer.plain), 1):
                wrong = Outcome([replace(answer, plain=plain)], verdict.kafka.captured)
                assert compare(verdict.case, right, wrong, rules, ()), (
                    f"{verdict.case.identifier} {answer.label}"
                )
                planted += 1
    assert planted > len(summary.verdicts)


def _with_wrong_error_code(answer: Any) -> Iterator[Any]:
    """Yield copies of an answer in which one error code is another."""
    items = (
        answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    )
    for name, value in items:
        changed = [value + 1000] if name == "error_code" else _with_wrong_error_code(value)
        for wrong in changed:
            copy = answer.copy()
            copy[name] = wrong
            yield copy


def _each_leaf_made_wrong(answer: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield copies of an answer with one leaf changed, and where it was."""
    items = (
        answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    )
    if not items or not answer:
        yield path, ABSENT if answer != ABSENT else None
        return
    for name, value in items:
        for place, wrong in _each_leaf_made_wrong(value, f"{path}.{name}" if path else str(name)):
            copy = answer.copy()
            copy[name] = wrong
            yield place, copy
