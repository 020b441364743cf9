"""LeaveGroup (13), v0-5: members leave a classic group, or are removed from it.

One member up to v2, any number from v3 (KIP-345). A member of a consumer group may be removed in the same way.
"""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class MemberIdentity:
    """One member that leaves."""

    member_id: str = field(STRING)
    """Empty when an administrator removes a static member by its name."""
    group_instance_id: str | None = field(STRING, nullable="0+", default=None)
    """Null for a dynamic member."""
    reason: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """Why it leaves, for the log (KIP-800)."""


@message(key=13, versions="0-5", flexible="4+")
class LeaveGroupRequest:
    """The members that leave: `member_id` up to v2, or `members`."""

    group_id: str = field(STRING)
    member_id: str = field(STRING, versions="0-2")
    members: list[MemberIdentity] = array_of(MemberIdentity, versions="3+")


@struct
class MemberResponse:
    """Whether one member was removed."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, nullable="0+")
    """Null for a dynamic member."""
    error_code: int = field(INT16)


@message(key=13, versions="0-5", flexible="4+")
class LeaveGroupResponse:
    """One answer per member, from v3."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    """Of the group as a whole; up to v2 also the member's."""
    members: list[MemberResponse] = array_of(MemberResponse, versions="3+")
