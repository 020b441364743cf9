"""FindCoordinator (10), v0-6: which node coordinates a group, a transactional id or a share partition.

One key up to v3, any number from v4 (KIP-699).
"""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@message(key=10, versions="0-6", flexible="3+")
class FindCoordinatorRequest:
    """The keys that are asked for."""

    key: str = field(STRING, versions="0-3")
    """Up to v3; `coordinator_keys` from v4."""
    key_type: int = field(INT8, versions="1+")
    """0: group id; 1: transactional id (v1); 2: `group:topic id:partition` of a share group (v6, KIP-932)."""
    coordinator_keys: list[str] = array_of(STRING, versions="4+")


@struct
class Coordinator:
    """The coordinator of one key."""

    key: str = field(STRING)
    node_id: int = field(INT32)
    """-1 on error."""
    host: str = field(STRING)
    """Empty on error."""
    port: int = field(INT32)
    """-1 on error."""
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")


@message(key=10, versions="0-6", flexible="3+")
class FindCoordinatorResponse:
    """The coordinators: the fields up to v3, or `coordinators`."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16, versions="0-3")
    error_message: str | None = field(STRING, versions="1-3", nullable="0+")
    """`NONE` where there is no error, as Kafka writes it."""
    node_id: int = field(INT32, versions="0-3")
    """-1 on error."""
    host: str = field(STRING, versions="0-3")
    """Empty on error."""
    port: int = field(INT32, versions="0-3")
    """-1 on error."""
    coordinators: list[Coordinator] = array_of(Coordinator, versions="4+")
    """One per key."""
