"""LeaveGroup (13), v0-5: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class MemberIdentity:
    """MemberIdentity of LeaveGroupRequest."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, nullable="0+", default=None)
    reason: str | None = field(STRING, versions="5+", nullable="0+", default=None)


@message(key=13, versions="0-5", flexible="4+")
class LeaveGroupRequest:
    """LeaveGroupRequest."""

    group_id: str = field(STRING)
    member_id: str = field(STRING, versions="0-2")
    members: list[MemberIdentity] = array_of(MemberIdentity, versions="3+")


@struct
class MemberResponse:
    """MemberResponse of LeaveGroupResponse."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, nullable="0+")
    error_code: int = field(INT16)


@message(key=13, versions="0-5", flexible="4+")
class LeaveGroupResponse:
    """LeaveGroupResponse."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    members: list[MemberResponse] = array_of(MemberResponse, versions="3+")
