"""DeleteGroups (42), v0-2: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@message(key=42, versions="0-2", flexible="2+")
class DeleteGroupsRequest:
    """DeleteGroupsRequest."""

    groups_names: list[str] = array_of(STRING)


@struct
class DeletableGroupResult:
    """DeletableGroupResult of DeleteGroupsResponse."""

    group_id: str = field(STRING)
    error_code: int = field(INT16)


@message(key=42, versions="0-2", flexible="2+")
class DeleteGroupsResponse:
    """DeleteGroupsResponse."""

    throttle_time_ms: int = field(INT32)
    results: list[DeletableGroupResult] = array_of(DeletableGroupResult)
