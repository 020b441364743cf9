"""Heartbeat's own rule: a group that is loading says yes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of
from tests.support.partitions import error_of

from ottla.completion import Completion
from ottla.coordination.partition_log import REPLAY_SLICE_BYTES
from ottla.errors import ErrorCode
from ottla.handlers.heartbeat import handle
from ottla.protocol.messages.heartbeat import HeartbeatRequest


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def beat(broker: GroupBroker, **fields: object) -> ErrorCode:
    request = HeartbeatRequest(**{"group_id": "g", "generation_id": 1, "member_id": "m", **fields})
    outcome = handle(request, broker.context(4))
    if isinstance(outcome, Completion) and outcome.error is not None:
        return error_of(outcome).code
    return ErrorCode(result_of(outcome).error_code)


def test_answers_of_the_group(broker: GroupBroker) -> None:
    assert beat(broker, group_id="") is ErrorCode.INVALID_GROUP_ID
    assert beat(broker) is ErrorCode.UNKNOWN_MEMBER_ID
    member_id = broker.form_group("g").member_id
    assert beat(broker, member_id=member_id) is ErrorCode.NONE
    assert beat(broker, member_id=member_id, generation_id=2) is ErrorCode.ILLEGAL_GENERATION


def test_a_loading_group_says_yes(broker: GroupBroker) -> None:
    member_id = broker.form_group("g").member_id
    for number in range(2 + REPLAY_SLICE_BYTES // 4_000):
        broker.commit("g", orders=number, metadata="x" * 4_000, member_id=member_id)
    broker.restart()
    assert beat(broker, member_id="anybody") is ErrorCode.NONE
    broker.loop.turn()
    assert beat(broker, member_id="anybody") is ErrorCode.UNKNOWN_MEMBER_ID
    assert beat(broker, member_id=member_id) is ErrorCode.NONE
