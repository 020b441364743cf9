"""DeleteGroups (42), v0-2: delete groups that have no members, with their offsets (KIP-229)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@message(key=42, versions="0-2", flexible="2+")
class DeleteGroupsRequest:
    """The groups to delete, by id."""

    groups_names: list[str] = array_of(STRING)


@struct
class DeletableGroupResult:
    """Whether one group was deleted."""

    group_id: str = field(STRING)
    error_code: int = field(INT16)


@message(key=42, versions="0-2", flexible="2+")
class DeleteGroupsResponse:
    """One answer per group."""

    throttle_time_ms: int = field(INT32)
    results: list[DeletableGroupResult] = array_of(DeletableGroupResult)
