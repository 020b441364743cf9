"""CreateAcls (30), v1-3: SECURITY_DISABLED, as from every broker without an authorizer (facts 7.5)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.acl_codes import NO_AUTHORIZER, has_unknown
from ottla.handlers.context import RequestContext
from ottla.handlers.outcome import Outcome
from ottla.protocol.messages.create_acls import AclCreationResult, CreateAclsRequest, CreateAclsResponse


def handle(
    request: CreateAclsRequest,
    _context: RequestContext,
) -> CreateAclsResponse | Outcome:
    """Refuse every entry; one with a code that means unknown closes the connection."""
    if any(
        has_unknown(each.resource_type, each.resource_pattern_type, each.operation, each.permission_type)
        for each in request.creations
    ):
        return Outcome.CLOSE_CONNECTION
    refusal = AclCreationResult(error_code=ErrorCode.SECURITY_DISABLED, error_message=NO_AUTHORIZER)
    return CreateAclsResponse(results=[refusal] * len(request.creations))
