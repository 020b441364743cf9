"""ExpireDelegationToken (40), v1-2: end a token's life, or set its end (KIP-48)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, INT64, field, message


@message(key=40, versions="1-2", flexible="2+")
class ExpireDelegationTokenRequest:
    """The token to end."""

    hmac: bytes = field(BYTES)
    """The token's secret, which is its name here."""
    expiry_time_period_ms: int = field(INT64)
    """How long from now; below 0 at once."""


@message(key=40, versions="1-2", flexible="2+")
class ExpireDelegationTokenResponse:
    """When the token ends now."""

    error_code: int = field(INT16)
    expiry_timestamp_ms: int = field(INT64)
    """-1 beside an error."""
    throttle_time_ms: int = field(INT32)
