"""Ottla answers as Apache Kafka does, in every case, but for the differences that are explained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.comparison import ABSENT, differences, judged, load_rules, report
from tests.differential.runner import Summary

pytestmark = pytest.mark.java


def test_every_difference_is_explained(summary: Summary) -> None:
    assert not summary.unexplained, "\n" + report(summary.unexplained)


def test_every_case_compares_something(summary: Summary) -> None:
    assert summary.verdicts
    assert not summary.broken, "\n" + "\n".join(summary.broken)


def test_every_explanation_is_needed(summary: Summary) -> None:
    assert not summary.stale, "\n" + "\n".join(map(str, summary.stale))


def test_a_wrong_field_is_found_wherever_it_is_planted(summary: Summary) -> None:
    planted = 0
    for verdict in summary.verdicts:
        for label, answer in judged(verdict.kafka, load_rules(), ()):
            for path, wrong in _each_leaf_made_wrong(answer):
                planted += 1
                found = [where for where, _, _ in differences(answer, wrong)]
                assert found == [path or "answer"], f"{verdict.case.identifier}, {label}: {path} gave {found}"
    assert planted > len(summary.verdicts)


def _each_leaf_made_wrong(answer: Any, path: str = "") -> Any:
    """Yield copies of an answer with one leaf changed, and where it was."""
    if isinstance(answer, dict) and answer:
        for name, value in answer.items():
            for place, wrong in _each_leaf_made_wrong(value, f"{path}.{name}" if path else name):
                yield place, {**answer, name: wrong}
    elif isinstance(answer, list) and answer:
        for index, value in enumerate(answer):
            for place, wrong in _each_leaf_made_wrong(value, f"{path}.{index}" if path else str(index)):
                yield place, [*answer[:index], wrong, *answer[index + 1 :]]
    else:
        yield path, ABSENT if answer != ABSENT else None
