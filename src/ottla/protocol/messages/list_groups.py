"""ListGroups (16), v0-5: the groups that this node coordinates."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@message(key=16, versions="0-5", flexible="3+")
class ListGroupsRequest:
    """Which groups are wanted."""

    states_filter: list[str] = array_of(STRING, versions="4+")
    """States, in any case, from v4 (KIP-518); empty for all."""
    types_filter: list[str] = array_of(STRING, versions="5+")
    """Types (`classic`, `consumer`, `share`, `streams`), from v5 (KIP-848); empty for all."""


@struct
class ListedGroup:
    """One group."""

    group_id: str = field(STRING)
    protocol_type: str = field(STRING)
    """Of a classic group its own, which may be empty; else the type of the group."""
    group_state: str = field(STRING, versions="4+")
    group_type: str = field(STRING, versions="5+")


@message(key=16, versions="0-5", flexible="3+")
class ListGroupsResponse:
    """The groups."""

    throttle_time_ms: int = field(INT32, versions="1+")
    error_code: int = field(INT16)
    """COORDINATOR_LOAD_IN_PROGRESS while not every partition of the offsets topic is loaded."""
    groups: list[ListedGroup] = array_of(ListedGroup)
