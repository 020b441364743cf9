"""How groups look from outside."""

from __future__ import annotations

import pytest

from ottla.groups.classic_group import ClassicGroup, ClassicMember, GroupState
from ottla.groups.descriptions import describe_group, list_groups


def stable_group() -> ClassicGroup:
    group = ClassicGroup("g", GroupState.STABLE, protocol_type="consumer", protocol_name="range")
    group.members["m"] = ClassicMember("m", "i", "client", "/1.2.3.4", 1, 1, [("range", b"wish")], b"share")
    return group


def test_metadata_and_protocol_are_shown_only_of_a_stable_group() -> None:
    group = stable_group()
    described = describe_group(group)
    member = described.members[0]
    assert (described.protocol_data, member.member_metadata, member.member_assignment) == (
        "range",
        b"wish",
        b"share",
    )
    assert (member.client_host, member.group_instance_id) == ("/1.2.3.4", "i")
    group.state = GroupState.PREPARING_REBALANCE
    described = describe_group(group)
    member = described.members[0]
    assert (described.protocol_data, member.member_metadata, member.member_assignment) == ("", b"", b"share")


@pytest.mark.parametrize(
    ("states", "types", "found"),
    [
        ([], [], ["g", "s"]),
        ([" STABLE "], [], ["g"]),
        (["empty", "stable"], ["Classic", "share"], ["g", "s"]),
        (["Dead"], [], []),
        (["nonsense"], [], []),
        ([], ["consumer"], []),
        ([], ["nonsense"], []),
    ],
)
def test_filters(states: list[str], types: list[str], found: list[str]) -> None:
    groups = [stable_group(), ClassicGroup("s")]
    assert [group.group_id for group in list_groups(groups, states, types)] == found
