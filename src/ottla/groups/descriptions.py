"""How groups look to administrators: DescribeGroups and ListGroups (facts 4.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ottla.errors import ErrorCode
from ottla.groups.classic_group import ClassicGroup, ClassicMember, GroupState
from ottla.protocol.messages.describe_groups import DescribedGroup, DescribedGroupMember
from ottla.protocol.messages.list_groups import ListedGroup

CLASSIC_TYPE = "classic"


def describe_group(group: ClassicGroup) -> DescribedGroup:
    """Return a group with its members. Their metadata and the protocol are shown only while it is stable."""
    is_stable = group.is_in(GroupState.STABLE)
    return DescribedGroup(
        group_id=group.group_id,
        group_state=group.state.value,
        protocol_type=group.protocol_type or "",
        protocol_data=(group.protocol_name or "") if is_stable else "",
        members=[_describe_member(group, member, is_stable) for member in group.members.values()],
    )


def _describe_member(group: ClassicGroup, member: ClassicMember, is_stable: bool) -> DescribedGroupMember:
    return DescribedGroupMember(
        member_id=member.member_id,
        group_instance_id=member.group_instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=member.metadata_for(group.protocol_name) if is_stable else b"",
        member_assignment=member.assignment,
    )


def describe_missing(group_id: str, foreign_type: str | None) -> DescribedGroup:
    """Return what stands for a group that is not there, or is of another type (KIP-1043)."""
    message = (
        f"Group {group_id} not found."
        if foreign_type is None
        else f"Group {group_id} is not a classic group."
    )
    return DescribedGroup(
        group_id=group_id,
        group_state=GroupState.DEAD.value,
        error_code=ErrorCode.GROUP_ID_NOT_FOUND,
        error_message=message,
    )


def list_groups(
    groups: Iterable[ClassicGroup], states: Collection[str], types: Collection[str]
) -> list[ListedGroup]:
    """Return the groups that pass both filters. Case does not matter; what is unknown matches nothing."""
    wanted_states = {state.strip().lower() for state in states}
    if types and CLASSIC_TYPE not in {name.lower() for name in types}:
        return []
    return [
        ListedGroup(
            group_id=group.group_id,
            protocol_type=group.protocol_type or "",
            group_state=group.state.value,
            group_type=CLASSIC_TYPE,
        )
        for group in groups
        if not wanted_states or group.state.value.lower() in wanted_states
    ]
