"""DescribeAcls (29), v1-3: the access control entries that a filter fits (KIP-140)."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@message(key=29, versions="1-3", flexible="2+")
class DescribeAclsRequest:
    """The filter: what is null or 1 (ANY) fits everything."""

    resource_type_filter: int = field(INT8)
    """Kafka's ResourceType. 1: any; 2: topic; 3: group; 4: cluster; 5: transactional id; 6: token; 7: user."""
    resource_name_filter: str | None = field(STRING, nullable="0+")
    pattern_type_filter: int = field(INT8, versions="1+", default=3)
    """Kafka's PatternType. 1: any; 2: match; 3: literal; 4: prefixed (KIP-290)."""
    principal_filter: str | None = field(STRING, nullable="0+")
    host_filter: str | None = field(STRING, nullable="0+")
    operation: int = field(INT8)
    """Kafka's AclOperation. 1: any; 2: all; from 3 the single ones."""
    permission_type: int = field(INT8)
    """1: any; 2: deny; 3: allow."""


@struct
class AclDescription:
    """One entry of a resource."""

    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


@struct
class DescribeAclsResource:
    """A resource and its entries."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    pattern_type: int = field(INT8, versions="1+", default=3)
    acls: list[AclDescription] = array_of(AclDescription)


@message(key=29, versions="1-3", flexible="2+")
class DescribeAclsResponse:
    """The entries that fit."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    resources: list[DescribeAclsResource] = array_of(DescribeAclsResource)
