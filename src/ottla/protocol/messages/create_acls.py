"""CreateAcls (30), v1-3: add access control entries (KIP-140). The codes are those of DescribeAcls."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class AclCreation:
    """One entry to add."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    resource_pattern_type: int = field(INT8, versions="1+", default=3)
    """3: literal; 4: prefixed (KIP-290)."""
    principal: str = field(STRING)
    """Such as `User:alice`."""
    host: str = field(STRING)
    """An address, or `*`."""
    operation: int = field(INT8)
    permission_type: int = field(INT8)
    """2: deny; 3: allow."""


@message(key=30, versions="1-3", flexible="2+")
class CreateAclsRequest:
    """The entries to add."""

    creations: list[AclCreation] = array_of(AclCreation)


@struct
class AclCreationResult:
    """What became of one entry."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""


@message(key=30, versions="1-3", flexible="2+")
class CreateAclsResponse:
    """One answer per entry, in the order of the request."""

    throttle_time_ms: int = field(INT32)
    results: list[AclCreationResult] = array_of(AclCreationResult)
