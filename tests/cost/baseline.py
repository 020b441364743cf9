"""What requests are known to cost, in `baseline.yaml`, and what is said when they cost something else.

Interpreters of another minor version make other calls for the same code, so each has rows of its own. A cost that has
fallen is a finding too: the baseline follows it down, or the gain could be lost again without notice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields
from multiprocessing import get_context
from pathlib import Path

import yaml

from tests.cost.counting import Cost, count_costs
from tests.cost.standing_broker import StandingBroker
from tests.cost.variants import VARIANTS, Variant

BASELINE = Path(__file__).with_name("baseline.yaml")

TOLERANCE = 0.02
"""A share of the baseline. On one interpreter the numbers are the same in each run; this is for its patch versions."""

INTERPRETER = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"

_HEAD = """\
# What one request costs, by interpreter. Written by `python -m tests.cost --update`;
# tests/cost/counting.py says what is counted.
"""


def read_baseline() -> dict[str, Cost] | None:
    """Return the rows for this interpreter, None where it has none."""
    rows = _read().get(INTERPRETER)
    return None if rows is None else {name: Cost(**row) for name, row in rows.items()}


def write_baseline(costs: Mapping[str, Cost]) -> None:
    """Replace the rows for this interpreter."""
    baselines = _read()
    baselines[INTERPRETER] = {name: asdict(cost) for name, cost in costs.items()}
    text = yaml.safe_dump(baselines, default_flow_style=None, sort_keys=False, width=120)
    BASELINE.write_text(_HEAD + text, encoding="utf-8")


def _read() -> dict[str, dict[str, dict[str, float]]]:
    if not BASELINE.exists():
        return {}
    return yaml.safe_load(BASELINE.read_text(encoding="utf-8")) or {}


def count_apart(
    plant: Callable[[StandingBroker], None] | None = None, variants: Sequence[Variant] = VARIANTS
) -> dict[str, Cost]:
    """Return what `count_costs` returns in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(count_costs, plant, variants).result()


def differences(counted: Mapping[str, Cost], known: Mapping[str, Cost]) -> list[str]:
    """Return a line for each figure that is not the known one, and for each variant that only one side has."""
    lines = [f"{name}: is not in the baseline yet" for name in counted if name not in known]
    lines += [
        f"{name}: is in the baseline and is not counted any more" for name in known if name not in counted
    ]
    for name in counted.keys() & known.keys():
        for each in fields(Cost):
            now, before = getattr(counted[name], each.name), getattr(known[name], each.name)
            if now > before * (1 + TOLERANCE):
                lines.append(f"{name}: {now:g} {each.name} instead of {before:g}; find out what costs more")
            elif now < before * (1 - TOLERANCE):
                lines.append(
                    f"{name}: {now:g} {each.name} instead of {before:g}; lower the baseline to keep it so"
                )
    return sorted(lines)
