"""RenewDelegationToken (39), v1-2: move the end of a token's life (KIP-48)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, INT64, field, message


@message(key=39, versions="1-2", flexible="2+")
class RenewDelegationTokenRequest:
    """The token to renew."""

    hmac: bytes = field(BYTES)
    """The token's secret, which is its name here."""
    renew_period_ms: int = field(INT64)
    """How long from now; 0 or less for the broker's own period."""


@message(key=39, versions="1-2", flexible="2+")
class RenewDelegationTokenResponse:
    """When the token ends now."""

    error_code: int = field(INT16)
    expiry_timestamp_ms: int = field(INT64)
    """-1 beside an error."""
    throttle_time_ms: int = field(INT32)
