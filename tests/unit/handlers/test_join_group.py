"""JoinGroup's forms by version; what the group decides is shown by the scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, join_request, result_of

from ottla.errors import ErrorCode
from ottla.handlers.join_group import handle


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


@pytest.mark.parametrize("version", [0, 6, 7, 9])
@pytest.mark.parametrize(
    ("fields", "code", "member_id"),
    [
        ({"group_id": "", "member_id": "m"}, ErrorCode.INVALID_GROUP_ID, "m"),
        ({"session_timeout_ms": 5_999, "member_id": "m"}, ErrorCode.INVALID_SESSION_TIMEOUT, "m"),
        ({"session_timeout_ms": 1_800_001}, ErrorCode.INVALID_SESSION_TIMEOUT, ""),
        ({"member_id": "unknown"}, ErrorCode.UNKNOWN_MEMBER_ID, "unknown"),
        ({"protocols": []}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ""),
    ],
)
def test_refusals(
    broker: GroupBroker, version: int, fields: dict[str, object], code: ErrorCode, member_id: str
) -> None:
    response = result_of(handle(join_request(**fields), broker.context(version)))
    assert (response.error_code, response.member_id) == (code, member_id)
    assert (response.generation_id, response.leader, response.protocol_type) == (-1, "", None)
    assert response.protocol_name == (None if version >= 7 else "")


def test_from_v4_a_dynamic_member_first_gets_its_id(broker: GroupBroker) -> None:
    response = result_of(handle(join_request(), broker.context(4, "my-client")))
    assert response.error_code == ErrorCode.MEMBER_ID_REQUIRED
    assert response.member_id.startswith("my-client-")
    joined = handle(join_request(member_id=response.member_id), broker.context(4, "my-client"))
    broker.loop.advance()
    assert result_of(joined).error_code == ErrorCode.NONE


def test_v3_and_static_members_join_at_once(broker: GroupBroker) -> None:
    old = handle(join_request(), broker.context(3, "c"))
    static = handle(join_request(group_id="s", group_instance_id="inst"), broker.context(9, "c"))
    broker.loop.advance()
    assert result_of(old).member_id.startswith("c-")
    response = result_of(static)
    assert response.member_id.startswith("inst-")
    assert [member.group_instance_id for member in response.members] == ["inst"]


def test_before_v1_the_session_timeout_is_the_rebalance_timeout(broker: GroupBroker) -> None:
    request = join_request(session_timeout_ms=12_345, rebalance_timeout_ms=-1)
    handle(request, broker.context(0))
    assert request.rebalance_timeout_ms == 12_345


def test_the_address_of_a_member_has_a_slash(broker: GroupBroker) -> None:
    broker.form_group("g")
    described = broker.groups.describe_groups(["g"]).result()[0].members[0]
    assert (described.client_host, described.client_id) == ("/127.0.0.1", "test")


@pytest.mark.parametrize(("version", "skips"), [(8, False), (9, True)])
def test_a_leader_that_comes_back_need_not_assign_again(
    broker: GroupBroker, version: int, skips: bool
) -> None:
    first = broker.form_group("g", group_instance_id="inst")
    again = result_of(handle(join_request(group_instance_id="inst"), broker.context(version)))
    assert again.skip_assignment is skips
    assert (again.leader == first.member_id) is not skips
    assert len(again.members) == skips
