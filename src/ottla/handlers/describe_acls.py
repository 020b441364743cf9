"""DescribeAcls (29), v1-3: SECURITY_DISABLED, as from every broker without an authorizer (facts 7.5)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.acl_codes import has_unknown
from ottla.handlers.context import RequestContext
from ottla.handlers.outcome import Outcome
from ottla.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse


def handle(
    request: DescribeAclsRequest,
    _context: RequestContext,
) -> DescribeAclsResponse | Outcome:
    """Say that there is no authorizer; a filter with a code that means unknown closes the connection."""
    if has_unknown(
        request.resource_type_filter, request.pattern_type_filter, request.operation, request.permission_type
    ):
        return Outcome.CLOSE_CONNECTION
    return DescribeAclsResponse(
        error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured on the broker"
    )
