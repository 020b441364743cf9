"""DescribeGroups by version: a missing group is dead without an error up to v5."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of

from ottla.errors import ErrorCode
from ottla.handlers.describe_groups import handle
from ottla.protocol.messages.describe_groups import DescribedGroup, DescribeGroupsRequest

NOT_ASKED = -2147483648
EVERYTHING = 3400


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def describe(
    broker: GroupBroker, version: int, *group_ids: str, operations: bool = False
) -> list[DescribedGroup]:
    request = DescribeGroupsRequest(groups=list(group_ids), include_authorized_operations=operations)
    groups: list[DescribedGroup] = result_of(handle(request, broker.context(version))).groups
    return sorted(groups, key=lambda group: group.group_id)


def test_a_missing_group(broker: GroupBroker) -> None:
    assert describe(broker, 5, "x") == [DescribedGroup(group_id="x", group_state="Dead")]
    assert describe(broker, 6, "x", "") == [
        DescribedGroup(
            group_id=name,
            group_state="Dead",
            error_code=ErrorCode.GROUP_ID_NOT_FOUND,
            error_message=f"Group {name} not found.",
        )
        for name in ("", "x")
    ]


def test_operations_are_told_when_asked_for_and_there_is_no_error(broker: GroupBroker) -> None:
    broker.form_group("g")
    assert [group.authorized_operations for group in describe(broker, 6, "g", "x")] == [NOT_ASKED, NOT_ASKED]
    asked = describe(broker, 6, "g", "x", operations=True)
    assert [group.authorized_operations for group in asked] == [EVERYTHING, NOT_ASKED]
    asked = describe(broker, 5, "g", "x", operations=True)
    assert [group.authorized_operations for group in asked] == [EVERYTHING, EVERYTHING]


def test_a_stable_group(broker: GroupBroker) -> None:
    broker.form_group("g")
    (group,) = describe(broker, 6, "g")
    assert (group.group_state, group.protocol_type, group.protocol_data) == ("Stable", "consumer", "range")
    assert [member.member_assignment for member in group.members] == [b"plan"]


def test_without_a_coordinator_each_group_says_so(broker: GroupBroker) -> None:
    broker.groups.stop()
    expected = DescribedGroup(group_id="g", error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
    assert describe(broker, 6, "g", operations=True) == [expected]
