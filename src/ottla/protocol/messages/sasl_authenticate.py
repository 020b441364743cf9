"""SaslAuthenticate (36), v0-2: one turn of an authentication (KIP-152, KIP-368)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT64, STRING, field, message


@message(key=36, versions="0-2", flexible="2+")
class SaslAuthenticateRequest:
    """What the client's side of the mechanism says."""

    auth_bytes: bytes = field(BYTES)


@message(key=36, versions="0-2", flexible="2+")
class SaslAuthenticateResponse:
    """What the broker's side says to it."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    auth_bytes: bytes = field(BYTES)
    session_lifetime_ms: int = field(INT64, versions="1+")
    """How long the connection stays open without a new authentication; 0 for ever."""
