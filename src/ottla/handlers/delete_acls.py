"""DeleteAcls (31), v1-3: SECURITY_DISABLED, as from every broker without an authorizer (facts 7.5)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.acl_codes import NO_AUTHORIZER, has_unknown
from ottla.handlers.context import RequestContext
from ottla.handlers.outcome import Outcome
from ottla.protocol.messages.delete_acls import DeleteAclsFilterResult, DeleteAclsRequest, DeleteAclsResponse


def handle(
    request: DeleteAclsRequest,
    _context: RequestContext,
) -> DeleteAclsResponse | Outcome:
    """Refuse every filter; one with a code that means unknown closes the connection."""
    if any(
        has_unknown(each.resource_type_filter, each.pattern_type_filter, each.operation, each.permission_type)
        for each in request.filters
    ):
        return Outcome.CLOSE_CONNECTION
    refusal = DeleteAclsFilterResult(error_code=ErrorCode.SECURITY_DISABLED, error_message=NO_AUTHORIZER)
    return DeleteAclsResponse(filter_results=[refusal] * len(request.filters))
