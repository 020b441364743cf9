"""RenewDelegationToken (39), v1-2: refused, since every listener is PLAINTEXT."""

from __future__ import annotations

from ottla.handlers.context import RequestContext
from ottla.handlers.delegation_tokens import NO_TIMESTAMP, NOT_ALLOWED
from ottla.protocol.messages.renew_delegation_token import (
    RenewDelegationTokenRequest,
    RenewDelegationTokenResponse,
)


def handle(
    _request: RenewDelegationTokenRequest,
    _context: RequestContext,
) -> RenewDelegationTokenResponse:
    """Refuse whatever token it is."""
    return RenewDelegationTokenResponse(error_code=NOT_ALLOWED, expiry_timestamp_ms=NO_TIMESTAMP)
