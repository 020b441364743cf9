"""ExpireDelegationToken (40), v1-2: refused, since every listener is PLAINTEXT."""

from __future__ import annotations

from ottla.handlers.context import RequestContext
from ottla.handlers.delegation_tokens import NO_TIMESTAMP, NOT_ALLOWED
from ottla.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)


def handle(
    _request: ExpireDelegationTokenRequest,
    _context: RequestContext,
) -> ExpireDelegationTokenResponse:
    """Refuse whatever token it is."""
    return ExpireDelegationTokenResponse(error_code=NOT_ALLOWED, expiry_timestamp_ms=NO_TIMESTAMP)
