"""SaslAuthenticate (36), v0-2: on a PLAINTEXT listener there is nothing to authenticate (facts 1.2)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse


def handle(
    _request: SaslAuthenticateRequest,
    _context: RequestContext,
) -> SaslAuthenticateResponse:
    """Refuse the turn, in the words that Kafka has for a client that is authenticated; the connection goes on."""
    return SaslAuthenticateResponse(
        error_code=ErrorCode.ILLEGAL_SASL_STATE,
        error_message="SaslAuthenticate request received after successful authentication",
    )
