"""Envelope (58), v0: a request that a broker forwards to the controller in its client's name (KIP-590)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, field, message


@message(key=58, versions="0", flexible="0+")
class EnvelopeRequest:
    """The request, and who has sent it."""

    request_data: bytes = field(BYTES)
    """The request with its header."""
    request_principal: bytes | None = field(BYTES, nullable="0+")
    client_host_address: bytes = field(BYTES)
    """The client's IP address, 4 or 16 bytes."""


@message(key=58, versions="0", flexible="0+")
class EnvelopeResponse:
    """The answer."""

    response_data: bytes | None = field(BYTES, nullable="0+", default=None)
    """The response with its header; null when the envelope itself was refused."""
    error_code: int = field(INT16)
