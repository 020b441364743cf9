"""FindCoordinator (10), v0-6: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@message(key=10, versions="0-6", flexible="3+")
class FindCoordinatorRequest:
    """FindCoordinatorRequest."""

    key: str = field(STRING, versions="0-3")
    key_type: int = field(INT8, versions="1+")
    coordinator_keys: list[str] = array_of(STRING, versions="4+")


@struct
class Coordinator:
    """Coordinator of FindCoordinatorResponse."""

    key: str = field(STRING)
    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")


@message(key=10, versions="0-6", flexible="3+")
class FindCoordinatorResponse:
    """FindCoordinatorResponse."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16, versions="0-3")
    error_message: str | None = field(STRING, versions="1-3", nullable="0+")
    node_id: int = field(INT32, versions="0-3")
    host: str = field(STRING, versions="0-3")
    port: int = field(INT32, versions="0-3")
    coordinators: list[Coordinator] = array_of(Coordinator, versions="4+")
