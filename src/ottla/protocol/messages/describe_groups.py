"""DescribeGroups (15), v0-6: the state and the members of classic groups.

A group of another type is not found: up to v5 it is `Dead` without an error, from v6 GROUP_ID_NOT_FOUND (KIP-1043).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, BYTES, INT16, INT32, STRING, array_of, field, message, struct


@message(key=15, versions="0-6", flexible="5+")
class DescribeGroupsRequest:
    """The groups that are asked for, by id."""

    groups: list[str] = array_of(STRING)
    include_authorized_operations: bool = field(BOOL, versions="3+")
    """Ask for `authorized_operations` (KIP-430)."""


@struct
class DescribedGroupMember:
    """One member."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="4+", nullable="0+", default=None)
    """Null for a dynamic member (KIP-345)."""
    client_id: str = field(STRING)
    """From the header of its JoinGroup."""
    client_host: str = field(STRING)
    """Its address as Java prints it: `/127.0.0.1`."""
    member_metadata: bytes = field(BYTES)
    """Its metadata for the chosen protocol; empty unless the group is stable."""
    member_assignment: bytes = field(BYTES)
    """Its assignment; empty unless the group is stable."""


@struct
class DescribedGroup:
    """One group."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="6+", nullable="0+", default=None)
    """From v6; null where there is no error."""
    group_id: str = field(STRING)
    group_state: str = field(STRING)
    """Empty, PreparingRebalance, CompletingRebalance, Stable or Dead."""
    protocol_type: str = field(STRING)
    """`consumer` for consumers; empty where offsets were committed without members."""
    protocol_data: str = field(STRING)
    """The chosen protocol; empty unless the group is stable."""
    members: list[DescribedGroupMember] = array_of(DescribedGroupMember)
    authorized_operations: int = field(INT32, versions="3+", default=-2147483648)
    """A bit field; -2147483648 when it was not asked for."""


@message(key=15, versions="0-6", flexible="5+")
class DescribeGroupsResponse:
    """One description per group."""

    throttle_time_ms: int = field(INT32, versions="1+")
    groups: list[DescribedGroup] = array_of(DescribedGroup)
