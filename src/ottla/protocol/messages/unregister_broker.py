"""UnregisterBroker (64), v0: a broker that will not come back (KIP-631)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, field, message


@message(key=64, versions="0", flexible="0+")
class UnregisterBrokerRequest:
    """The broker that is to be forgotten."""

    broker_id: int = field(INT32)


@message(key=64, versions="0", flexible="0+")
class UnregisterBrokerResponse:
    """Whether it was."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Empty where there is no error."""
