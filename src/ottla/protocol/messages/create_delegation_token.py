"""CreateDelegationToken (38), v1-3: a secret that stands for a user for a while (KIP-48, KIP-373)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class CreatableRenewers:
    """Who may renew the token besides its owner."""

    principal_type: str = field(STRING)
    """`User`."""
    principal_name: str = field(STRING)


@message(key=38, versions="1-3", flexible="2+")
class CreateDelegationTokenRequest:
    """The token to make."""

    owner_principal_type: str | None = field(STRING, versions="3+", nullable="3+")
    owner_principal_name: str | None = field(STRING, versions="3+", nullable="3+")
    """Null or empty for the one who asks."""
    renewers: list[CreatableRenewers] = array_of(CreatableRenewers)
    max_lifetime_ms: int = field(INT64)
    """0 or less for the broker's own limit."""


@message(key=38, versions="1-3", flexible="2+")
class CreateDelegationTokenResponse:
    """The token."""

    error_code: int = field(INT16)
    principal_type: str = field(STRING)
    principal_name: str = field(STRING)
    """Its owner."""
    token_requester_principal_type: str = field(STRING, versions="3+")
    token_requester_principal_name: str = field(STRING, versions="3+")
    """Who asked for it."""
    issue_timestamp_ms: int = field(INT64)
    """-1 beside an error, as the other times."""
    expiry_timestamp_ms: int = field(INT64)
    max_timestamp_ms: int = field(INT64)
    token_id: str = field(STRING)
    hmac: bytes = field(BYTES)
    """The secret."""
    throttle_time_ms: int = field(INT32)
