"""JoinGroup (11), v0-9: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, BYTES, INT16, INT32, STRING, array_of, field, message, struct


@struct
class JoinGroupRequestProtocol:
    """JoinGroupRequestProtocol of JoinGroupRequest."""

    name: str = field(STRING)
    metadata: bytes = field(BYTES)


@message(key=11, versions="0-9", flexible="6+")
class JoinGroupRequest:
    """JoinGroupRequest."""

    group_id: str = field(STRING)
    session_timeout_ms: int = field(INT32)
    rebalance_timeout_ms: int = field(INT32, versions="1+", default=-1)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    protocol_type: str = field(STRING)
    protocols: list[JoinGroupRequestProtocol] = array_of(JoinGroupRequestProtocol)
    reason: str | None = field(STRING, versions="8+", nullable="0+", default=None)


@struct
class JoinGroupResponseMember:
    """JoinGroupResponseMember of JoinGroupResponse."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    metadata: bytes = field(BYTES)


@message(key=11, versions="0-9", flexible="6+")
class JoinGroupResponse:
    """JoinGroupResponse."""

    throttle_time_ms: int = field(INT32, versions="2+")
    error_code: int = field(INT16)
    generation_id: int = field(INT32, default=-1)
    protocol_type: str | None = field(STRING, versions="7+", nullable="0+", default=None)
    protocol_name: str | None = field(STRING, nullable="7+")
    leader: str = field(STRING)
    skip_assignment: bool = field(BOOL, versions="9+")
    member_id: str = field(STRING)
    members: list[JoinGroupResponseMember] = array_of(JoinGroupResponseMember)
