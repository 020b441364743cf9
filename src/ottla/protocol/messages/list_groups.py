"""ListGroups (16), v0-5: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@message(key=16, versions="0-5", flexible="3+")
class ListGroupsRequest:
    """ListGroupsRequest."""

    states_filter: list[str] = array_of(STRING, versions="4+")
    types_filter: list[str] = array_of(STRING, versions="5+")


@struct
class ListedGroup:
    """ListedGroup of ListGroupsResponse."""

    group_id: str = field(STRING)
    protocol_type: str = field(STRING)
    group_state: str = field(STRING, versions="4+")
    group_type: str = field(STRING, versions="5+")


@message(key=16, versions="0-5", flexible="3+")
class ListGroupsResponse:
    """ListGroupsResponse."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    groups: list[ListedGroup] = array_of(ListedGroup)
