"""SaslHandshake (17), v0-1: on a PLAINTEXT listener there is nothing to authenticate (facts 1.2)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse


def handle(
    _request: SaslHandshakeRequest,
    _context: RequestContext,
) -> SaslHandshakeResponse:
    """Refuse the mechanism, whichever it is, and name none; the connection goes on."""
    return SaslHandshakeResponse(error_code=ErrorCode.ILLEGAL_SASL_STATE)
