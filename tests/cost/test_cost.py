"""What requests cost is what the baseline says, and the guard that says so finds planted work."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.cost.baseline import INTERPRETER, count_apart, differences, read_baseline
from tests.cost.counting import Cost
from tests.cost.plants import plant_copies, plant_task, plant_timer
from tests.cost.standing_broker import StandingBroker
from tests.cost.variants import VARIANTS

HEARTBEAT = next(variant for variant in VARIANTS if variant.name.startswith("Heartbeat"))
PRODUCE = VARIANTS[0]
FIGURES = ("calls", "allocations", "callbacks")
KNOWN = {"Heartbeat": Cost(calls=100, allocations=50, callbacks=0)}


@pytest.fixture(scope="module")
def baseline() -> dict[str, Cost]:
    if sys.getallocatedblocks() == 0:
        pytest.skip("Python runs with another allocator than its own, so allocations cannot be counted")
    rows = read_baseline()
    if rows is None:
        pytest.skip(f"tests/cost/baseline.yaml has no rows for {INTERPRETER}")
    return rows


def test_requests_cost_what_they_are_known_to_cost(baseline: dict[str, Cost]) -> None:
    lines = differences(count_apart(), baseline)
    assert not lines, "\n".join(
        [*lines, "`python -m tests.cost --update` makes the counted figures the baseline."]
    )


@pytest.mark.parametrize(
    ("plant", "figures"),
    [
        (plant_task, {"calls", "allocations", "callbacks"}),
        (plant_copies, {"allocations"}),
        (plant_timer, {"calls", "callbacks"}),
    ],
)
def test_needless_work_in_every_request_is_found(
    baseline: dict[str, Cost], plant: Callable[[StandingBroker], None], figures: set[str]
) -> None:
    variants = (PRODUCE, HEARTBEAT)
    known = {variant.name: baseline[variant.name] for variant in variants}
    lines = differences(count_apart(plant, variants), known)
    for variant in variants:
        found = {each for each in FIGURES for line in lines if f" {each} " in line and variant.name in line}
        assert found >= figures, lines


@pytest.mark.parametrize("cost", [Cost(100, 50, 0), Cost(102, 51, 0), Cost(98, 49, 0)])
def test_small_differences_between_patch_versions_are_none(cost: Cost) -> None:
    assert differences({"Heartbeat": cost}, KNOWN) == []


@pytest.mark.parametrize(
    ("cost", "line"),
    [
        (Cost(103, 50, 0), "Heartbeat: 103 calls instead of 100; find out what costs more"),
        (Cost(100, 51.2, 0), "Heartbeat: 51.2 allocations instead of 50; find out what costs more"),
        (Cost(100, 50, 0.2), "Heartbeat: 0.2 callbacks instead of 0; find out what costs more"),
        (Cost(97, 50, 0), "Heartbeat: 97 calls instead of 100; lower the baseline to keep it so"),
        (Cost(100, 48, 0), "Heartbeat: 48 allocations instead of 50; lower the baseline to keep it so"),
    ],
)
def test_a_figure_that_has_changed_is_named_with_what_to_do(cost: Cost, line: str) -> None:
    assert differences({"Heartbeat": cost}, KNOWN) == [line]


def test_a_variant_that_only_one_side_has_is_named() -> None:
    counted = {"Fetch": Cost(1, 1, 0)}
    assert differences(counted, KNOWN) == [
        "Fetch: is not in the baseline yet",
        "Heartbeat: is in the baseline and is not counted any more",
    ]
