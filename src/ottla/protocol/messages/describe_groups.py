"""DescribeGroups (15), v0-6: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, BYTES, INT16, INT32, STRING, array_of, field, message, struct


@message(key=15, versions="0-6", flexible="5+")
class DescribeGroupsRequest:
    """DescribeGroupsRequest."""

    groups: list[str] = array_of(STRING)
    include_authorized_operations: bool = field(BOOL, versions="3+")


@struct
class DescribedGroupMember:
    """DescribedGroupMember of DescribeGroupsResponse."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="4+", nullable="0+", default=None)
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    member_metadata: bytes = field(BYTES)
    member_assignment: bytes = field(BYTES)


@struct
class DescribedGroup:
    """DescribedGroup of DescribeGroupsResponse."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="6+", nullable="0+", default=None)
    group_id: str = field(STRING)
    group_state: str = field(STRING)
    protocol_type: str = field(STRING)
    protocol_data: str = field(STRING)
    members: list[DescribedGroupMember] = array_of(DescribedGroupMember)
    authorized_operations: int = field(INT32, versions="3+", default=-2147483648)


@message(key=15, versions="0-6", flexible="5+")
class DescribeGroupsResponse:
    """DescribeGroupsResponse."""

    throttle_time_ms: int = field(INT32, versions="1+")
    groups: list[DescribedGroup] = array_of(DescribedGroup)
