"""What is drawn can be asked, comes again with its seed, and is answered alike by both brokers."""

from __future__ import annotations

import pytest

from ottla.wire.compiler import encode
from tests.differential.case_files import api_named
from tests.differential.chance import APIS, NAMES, TOPICS, draw_cases
from tests.differential.comparison import load_rules, report
from tests.differential.requests import build_request
from tests.differential.runner import judge_cases, target_of
from tests.differential.values import resolve
from tests.support.broker_process import RunningBroker

SEED = "suite"
# Ten seconds; the long form draws as many as it is told.
CASES = 60
MANY_CASES = 300


def test_a_seed_draws_the_same_again() -> None:
    assert list(draw_cases("a", 5)) == list(draw_cases("a", 5))
    assert list(draw_cases("a", 5)) != list(draw_cases("b", 5))


def test_every_drawn_request_can_be_sent_and_every_api_is_drawn() -> None:
    names = {name: name for name in (*TOPICS, *NAMES)}
    drawn = set()
    for case, _ in draw_cases(SEED, MANY_CASES):
        for step in case.steps:
            api = api_named(step.content["ask"])
            request = build_request(api.name, resolve(step.content["request"], names), now_ms=0)
            assert encode(request, step.content.get("version", api.max_version))
            drawn.add(api.name)
    assert drawn == set(APIS)


@pytest.mark.java
def test_what_is_drawn_is_answered_alike(used_brokers: tuple[RunningBroker, RunningBroker]) -> None:
    kafka, ottla = (target_of(each.port, each.controller_port) for each in used_brokers)
    summary = judge_cases([case for case, _ in draw_cases(SEED, CASES)], kafka, ottla, load_rules(), [])
    assert not summary.unexplained, "\n" + report(summary.unexplained)
    assert not summary.broken, "\n" + "\n".join(summary.broken)
