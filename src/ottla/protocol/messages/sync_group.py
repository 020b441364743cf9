"""SyncGroup (14), v0-5: hand in, or wait for, the assignment of a generation of a classic group.

Answered when the leader has handed in its plan.
"""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, STRING, array_of, field, message, struct


@struct
class SyncGroupRequestAssignment:
    """The assignment of one member."""

    member_id: str = field(STRING)
    assignment: bytes = field(BYTES)
    """Opaque here; for consumers a ConsumerProtocolAssignment with its version."""


@message(key=14, versions="0-5", flexible="4+")
class SyncGroupRequest:
    """A member that waits; the leader brings the plan."""

    group_id: str = field(STRING)
    generation_id: int = field(INT32)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    """Null for a dynamic member (KIP-345)."""
    protocol_type: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """From v5 it must be that of the group (KIP-559); null skips the check."""
    protocol_name: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """From v5 it must be the one chosen for the generation (KIP-559); null skips the check."""
    assignments: list[SyncGroupRequestAssignment] = array_of(SyncGroupRequestAssignment)
    """One per member from the leader; empty from the others."""


@message(key=14, versions="0-5", flexible="4+")
class SyncGroupResponse:
    """The member's share of the plan."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    protocol_type: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """From v5; null on error."""
    protocol_name: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """From v5; null on error."""
    assignment: bytes = field(BYTES)
    """Empty where the leader gave the member nothing, and on error."""
