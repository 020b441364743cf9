"""SyncGroup's own checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of
from tests.support.partitions import error_of

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.sync_group import handle
from ottla.protocol.messages.sync_group import SyncGroupRequest


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def request(**fields: object) -> SyncGroupRequest:
    return SyncGroupRequest(**{"group_id": "g", "generation_id": 1, "member_id": "m", **fields})


@pytest.mark.parametrize("fields", [{}, {"protocol_type": "consumer"}, {"protocol_name": "range"}])
def test_from_v5_the_protocol_must_be_named(broker: GroupBroker, fields: dict[str, object]) -> None:
    response = result_of(handle(request(**fields), broker.context(5)))
    assert response.error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    earlier = handle(request(**fields), broker.context(4))
    assert isinstance(earlier, Completion)
    assert error_of(earlier).code is ErrorCode.UNKNOWN_MEMBER_ID


def test_an_empty_group_id_is_refused(broker: GroupBroker) -> None:
    assert result_of(handle(request(group_id=""), broker.context(3))).error_code == ErrorCode.INVALID_GROUP_ID


def test_a_member_of_a_stable_group_gets_its_assignment(broker: GroupBroker) -> None:
    joined = broker.form_group("g")
    response = result_of(
        handle(
            request(member_id=joined.member_id, protocol_type="consumer", protocol_name="range"),
            broker.context(5),
        )
    )
    assert (response.assignment, response.protocol_type, response.protocol_name) == (
        b"plan",
        "consumer",
        "range",
    )
