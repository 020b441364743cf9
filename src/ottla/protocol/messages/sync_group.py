"""SyncGroup (14), v0-5: request and response."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, STRING, array_of, field, message, struct


@struct
class SyncGroupRequestAssignment:
    """SyncGroupRequestAssignment of SyncGroupRequest."""

    member_id: str = field(STRING)
    assignment: bytes = field(BYTES)


@message(key=14, versions="0-5", flexible="4+")
class SyncGroupRequest:
    """SyncGroupRequest."""

    group_id: str = field(STRING)
    generation_id: int = field(INT32)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    protocol_type: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    protocol_name: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    assignments: list[SyncGroupRequestAssignment] = array_of(SyncGroupRequestAssignment)


@message(key=14, versions="0-5", flexible="4+")
class SyncGroupResponse:
    """SyncGroupResponse."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    protocol_type: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    protocol_name: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    assignment: bytes = field(BYTES)
