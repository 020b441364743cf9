"""SaslHandshake (17), v0-1: choose the mechanism of an authentication (KIP-43)."""

from __future__ import annotations

from ottla.wire.schema import INT16, STRING, array_of, field, message


@message(key=17, versions="0-1", flexible="none")
class SaslHandshakeRequest:
    """The mechanism that the client wants."""

    mechanism: str = field(STRING)


@message(key=17, versions="0-1", flexible="none")
class SaslHandshakeResponse:
    """Whether it may go on."""

    error_code: int = field(INT16)
    mechanisms: list[str] = array_of(STRING)
    """Those that the listener has."""
