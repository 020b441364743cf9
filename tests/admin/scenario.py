"""The scenario of `java/AdminScenario.java`, played with brokers, and what it has shown of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.admin.brokers import Pair
from tests.admin.comparing import Masks, Symbols, addresses, compare, keyed
from tests.differential.comparison import Difference
from tests.peers.tools import KafkaTools
from tests.support.broker_process import RunningBroker

# Some hundred calls, most of them answered within milliseconds.
SCENARIO_TIMEOUT_S = 180.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the scenario has shown of one broker."""

    methods: frozenset[str]
    """Every public method of Admin, by its signature."""
    called: frozenset[str]
    left_out: frozenset[str]
    calls: Mapping[str, Any]
    """What came of each call, with symbols for what the broker has chosen for itself."""


def play_with_both(pair: Pair, tools: KafkaTools, masks: Masks, left_out: Iterable[str]) -> list[Report]:
    """Play the scenario with both brokers at the same time."""
    names = list(left_out)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda broker: _play(broker, tools, masks, names), (pair.kafka, pair.other)))


def _play(broker: RunningBroker, tools: KafkaTools, masks: Masks, left_out: Iterable[str]) -> Report:
    arguments = [broker.bootstrap, f"localhost:{broker.controller_port}", ",".join(left_out)]
    done = tools.run("AdminScenario", arguments, timeout_s=SCENARIO_TIMEOUT_S)
    assert done.exit_code == 0, f"with {broker.kind}: {done.stdout}{done.stderr}"
    printed = json.loads(done.stdout)
    calls = printed["calls"]
    names = [call["call"] for call in calls]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    symbols = Symbols(masks.symbols, addresses(broker))
    symbols.look_at(calls)
    return Report(
        frozenset(printed["methods"]),
        frozenset(printed["called"]),
        frozenset(printed["left_out"]),
        {call.pop("call"): keyed(symbols.replace(call)) for call in calls},
    )


def compare_reports(kafka: Report, other: Report, masks: Masks) -> Iterator[Difference]:
    """Yield each field of each call on which two brokers differ."""
    for name, shown in kafka.calls.items():
        yield from compare(name, shown, other.calls[name], masks)
