"""A wrong field that is planted in one answer of a running broker is reported as one unexplained difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ottla.protocol.api import ApiKey
from tests.differential.case_files import load_cases
from tests.differential.comparison import load_rules, matches
from tests.differential.lying_proxy import Lie, lying_proxy
from tests.differential.runner import Summary, judge_cases, target_of
from tests.support.broker_process import RunningBroker

pytestmark = pytest.mark.java

Brokers = tuple[RunningBroker, RunningBroker]


def set_field(*path: str | int, value: Any) -> Callable[[Any], None]:
    """Return what sets one field of a message, at a path of names and numbers."""

    def change(message: Any) -> None:
        *way, last = path
        for part in way:
            message = message[part] if isinstance(part, int) else getattr(message, part)
        setattr(message, str(last), value)

    return change


def run_with(brokers: Brokers, pattern: str, lie: Lie | None) -> Summary:
    """Run the cases of a pattern with both brokers, and a proxy in front of Ottla."""
    kafka, ottla = (target_of(broker.port, broker.controller_port) for broker in brokers)
    cases = [case for case in load_cases() if matches(case.identifier, pattern)]
    assert cases
    with lying_proxy(ottla.port, lie) as port:
        return judge_cases(cases, kafka, replace(ottla, port=port), load_rules(), [])


@pytest.mark.parametrize(
    ("case", "lie", "path", "right", "wrong"),
    [
        (
            "groups/members:old-members-join-at-once[v=3]",
            Lie(ApiKey.HEARTBEAT, 0, set_field("error_code", value=27)),
            "error_code", 0, 27,
        ),
        (
            "fetch/positions:every-version-reads[v=12]",
            Lie(ApiKey.FETCH, 12, set_field("responses", 0, "partitions", 1, "log_start_offset", value=1)),
            "responses.0.partitions.1.log_start_offset", 0, 1,
        ),
        (
            "topics/create:names-that-cannot-be[name=dots]",
            Lie(ApiKey.CREATE_TOPICS, 5, set_field("topics", 0, "error_message", value="no")),
            "topics.0.error_message", "Topic name is invalid: '..' is not allowed", "no",
        ),
        (
            "offsets/commit:the-same-partition-twice",
            Lie(ApiKey.OFFSET_FETCH, 8, set_field("groups", 0, "topics", 0, "partitions", 0, "metadata", value=None)),
            "groups.0.topics.0.partitions.0.metadata", "c", None,
        ),
        (
            "list_offsets/offsets:an-empty-partition[timestamp=-2]",
            Lie(ApiKey.LIST_OFFSETS, 7, tail=b"\0"),
            "is_canonical", True, False,
        ),
        (
            "metadata/topics:internal-topics",
            Lie(ApiKey.METADATA, 1, set_field("topics", 0, "is_internal", value=False)),
            "topics.0.is_internal", True, False,
        ),
    ],
    ids=["code", "number", "text", "null", "tail", "boolean"],
)  # fmt: skip
def test_a_planted_wrong_field_is_one_difference(
    used_brokers: Brokers, case: str, lie: Lie, path: str, right: object, wrong: object
) -> None:
    assert not run_with(used_brokers, case, None).unexplained, "the proxy itself changes something"
    (difference,) = run_with(used_brokers, case, lie).unexplained
    assert difference.case == case
    assert difference.step.endswith(f" v{lie.version}")
    assert (difference.path, difference.kafka, difference.ottla) == (path, right, wrong)
