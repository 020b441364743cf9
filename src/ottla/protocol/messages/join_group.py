"""JoinGroup (11), v0-9: become, or stay, a member of a classic group.

Answered when the rebalance that it starts, or joins, is complete. From v4 a dynamic member first gets its id with
MEMBER_ID_REQUIRED and joins again with it (KIP-394).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, BYTES, INT16, INT32, STRING, array_of, field, message, struct


@struct
class JoinGroupRequestProtocol:
    """An assignment strategy that the member supports."""

    name: str = field(STRING)
    metadata: bytes = field(BYTES)
    """What the leader needs to know of the member; opaque here, for consumers a ConsumerProtocolSubscription with its
    version.
    """


@message(key=11, versions="0-9", flexible="6+")
class JoinGroupRequest:
    """A member that joins."""

    group_id: str = field(STRING)
    session_timeout_ms: int = field(INT32)
    """Time without a heartbeat after which the member is removed."""
    rebalance_timeout_ms: int = field(INT32, versions="1+", default=-1)
    """Longest wait for the other members to join again; v0 uses the session timeout."""
    member_id: str = field(STRING)
    """Empty for a new member."""
    group_instance_id: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """Name of a static member, which keeps its place over a restart (KIP-345); null for a dynamic one."""
    protocol_type: str = field(STRING)
    """What the group is for; `consumer` for consumers."""
    protocols: list[JoinGroupRequestProtocol] = array_of(JoinGroupRequestProtocol)
    """In order of preference."""
    reason: str | None = field(STRING, versions="8+", nullable="0+", default=None)
    """Why it joins, for the log (KIP-800)."""


@struct
class JoinGroupResponseMember:
    """A member, as its leader sees it."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    metadata: bytes = field(BYTES)
    """The member's metadata for the chosen protocol."""


@message(key=11, versions="0-9", flexible="6+")
class JoinGroupResponse:
    """The new generation."""

    throttle_time_ms: int = field(INT32, versions="2+")
    error_code: int = field(INT16)
    generation_id: int = field(INT32, default=-1)
    """-1 on error."""
    protocol_type: str | None = field(STRING, versions="7+", nullable="0+", default=None)
    """From v7; null on error (KIP-559)."""
    protocol_name: str | None = field(STRING, nullable="7+")
    """The chosen protocol; null on error from v7, empty before."""
    leader: str = field(STRING)
    """Member id of the leader, who assigns."""
    skip_assignment: bool = field(BOOL, versions="9+")
    """Tells a static leader that came back to keep the assignment as it is (KIP-814)."""
    member_id: str = field(STRING)
    """Also the id that MEMBER_ID_REQUIRED hands out."""
    members: list[JoinGroupResponseMember] = array_of(JoinGroupResponseMember)
    """Filled for the leader only."""
