"""LeaveGroup's forms: one member up to v2, many from v3."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of
from tests.support.partitions import error_of

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.leave_group import handle
from ottla.protocol.messages.leave_group import (
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
)


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


@pytest.mark.parametrize("has_group", [False, True])
def test_unknown_members(broker: GroupBroker, has_group: bool) -> None:
    if has_group:
        broker.form_group("g")
    one = result_of(handle(LeaveGroupRequest(group_id="g", member_id="x"), broker.context(2)))
    assert one == LeaveGroupResponse(error_code=ErrorCode.UNKNOWN_MEMBER_ID)
    members = [MemberIdentity(member_id="x"), MemberIdentity(member_id="", group_instance_id="i")]
    many = result_of(handle(LeaveGroupRequest(group_id="g", members=members), broker.context(5)))
    unknown = ErrorCode.UNKNOWN_MEMBER_ID
    assert many == LeaveGroupResponse(
        members=[
            MemberResponse(member_id="x", group_instance_id=None, error_code=unknown),
            MemberResponse(member_id="", group_instance_id="i", error_code=unknown),
        ]
    )


def test_a_member_leaves_in_the_old_form(broker: GroupBroker) -> None:
    member_id = broker.form_group("g").member_id
    response = result_of(handle(LeaveGroupRequest(group_id="g", member_id=member_id), broker.context(0)))
    assert response == LeaveGroupResponse()
    assert broker.groups.describe_groups(["g"]).result()[0].group_state == "Empty"


def test_what_the_service_refuses_fails_as_a_whole(broker: GroupBroker) -> None:
    assert (
        result_of(handle(LeaveGroupRequest(group_id=""), broker.context(3))).error_code
        == ErrorCode.INVALID_GROUP_ID
    )
    broker.groups.stop()
    outcome = handle(
        LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id="x")]), broker.context(3)
    )
    assert isinstance(outcome, Completion)
    assert error_of(outcome).code is ErrorCode.COORDINATOR_NOT_AVAILABLE
