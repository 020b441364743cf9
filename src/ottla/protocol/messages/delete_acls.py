"""DeleteAcls (31), v1-3: remove the access control entries that filters fit (KIP-140).

The codes are those of DescribeAcls.
"""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class DeleteAclsFilter:
    """One filter: what is null or 1 (ANY) fits everything."""

    resource_type_filter: int = field(INT8)
    resource_name_filter: str | None = field(STRING, nullable="0+")
    pattern_type_filter: int = field(INT8, versions="1+", default=3)
    principal_filter: str | None = field(STRING, nullable="0+")
    host_filter: str | None = field(STRING, nullable="0+")
    operation: int = field(INT8)
    permission_type: int = field(INT8)


@message(key=31, versions="1-3", flexible="2+")
class DeleteAclsRequest:
    """The filters."""

    filters: list[DeleteAclsFilter] = array_of(DeleteAclsFilter)


@struct
class DeleteAclsMatchingAcl:
    """An entry that fitted, and whether it is gone."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    pattern_type: int = field(INT8, versions="1+", default=3)
    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


@struct
class DeleteAclsFilterResult:
    """What became of one filter."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    matching_acls: list[DeleteAclsMatchingAcl] = array_of(DeleteAclsMatchingAcl)


@message(key=31, versions="1-3", flexible="2+")
class DeleteAclsResponse:
    """One answer per filter, in the order of the request."""

    throttle_time_ms: int = field(INT32)
    filter_results: list[DeleteAclsFilterResult] = array_of(DeleteAclsFilterResult)
