"""Every public method of Kafka's Java Admin, called on Apache Kafka and on Ottla, has the same result."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.admin.brokers import Pair
from tests.admin.comparing import Masks, assert_explained, compare, idle_masks, load_masks
from tests.admin.scenario import Report, compare_reports, play_with_both
from tests.admin.served import load_needs
from tests.peers.tools import KafkaTools

pytestmark = pytest.mark.java


@pytest.fixture(scope="module")
def masks() -> Masks:
    """Give the list of what need not be equal."""
    return load_masks()


@pytest.fixture(scope="module")
def reports(pair: Pair, kafka_tools: KafkaTools, masks: Masks) -> list[Report]:
    """Give what Apache Kafka and Ottla have said."""
    return play_with_both(pair, kafka_tools, masks, load_needs().left_out())


def test_no_method_of_admin_is_forgotten(reports: list[Report], said: list[str]) -> None:
    needs = load_needs()
    left_out = needs.left_out()
    for report in reports:
        assert report.methods == report.called | report.left_out
        assert not report.called & report.left_out
        assert names_of(report.methods) == set(needs.methods)
        assert names_of(report.left_out) == set(left_out) & set(needs.methods)
    kafka = reports[0]
    said.append(
        f"Admin of Apache Kafka: {len(kafka.methods)} public methods, {len(kafka.called)} called on both brokers in"
        f" {len(kafka.calls)} calls, {len(kafka.left_out)} left out:"
    )
    waiting = {name: left_out[name.partition("(")[0]] for name in sorted(kafka.left_out)}
    waiting |= {part: left_out[part] for part in needs.parts if part in left_out}
    said += [f"  {name}: Ottla does not serve {', '.join(apis)} yet" for name, apis in waiting.items()]


def names_of(signatures: frozenset[str]) -> set[str]:
    """Return the names of methods."""
    return {signature.partition("(")[0] for signature in signatures}


def test_every_call_has_the_same_result(reports: list[Report], masks: Masks) -> None:
    kafka, ottla = reports
    assert list(kafka.calls) == list(ottla.calls)
    assert_explained(compare_reports(kafka, ottla, masks), "calls")


def test_apache_kafka_grants_and_refuses_in_the_scenario(reports: list[Report]) -> None:
    words = [json.dumps(shown) for shown in reports[0].calls.values()]
    assert not [word for word in words if "errors.TimeoutException" in word], (
        "a call waited for its time to end"
    )
    refused = sum('"refused"' in word or '"thrown"' in word for word in words)
    assert min(refused, len(words) - refused) > 20


def test_every_mask_hides_something(reports: list[Report], masks: Masks) -> None:
    assert idle_masks(masks, reports[0].calls) == []


def test_a_wrong_value_is_found_in_every_call(reports: list[Report], masks: Masks) -> None:
    for name, shown in reports[0].calls.items():
        wrong = json.loads(json.dumps(shown))
        assert _spoil(wrong, name, masks), name
        assert not list(compare(name, shown, shown, masks)), name
        assert list(compare(name, shown, wrong, masks)), name


def _spoil(value: Any, path: str, masks: Masks) -> bool:
    """Change the first leaf that no mask covers; tell whether there was one."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        place = f"{path}.{key}"
        if any(fnmatchcase(place, pattern) for pattern in masks.fields):
            continue
        if not isinstance(item, dict | list) or not item:
            value[key] = "spoilt"
            return True
        if _spoil(item, place, masks):
            return True
    return False
