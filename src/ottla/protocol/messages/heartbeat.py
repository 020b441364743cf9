"""Heartbeat (12), v0-4: a member of a classic group is alive.

The answer may be REBALANCE_IN_PROGRESS: join again.
"""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, field, message


@message(key=12, versions="0-4", flexible="4+")
class HeartbeatRequest:
    """A sign of life."""

    group_id: str = field(STRING)
    generation_id: int = field(INT32)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    """Null for a dynamic member (KIP-345)."""


@message(key=12, versions="0-4", flexible="4+")
class HeartbeatResponse:
    """Whether the generation still stands."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
