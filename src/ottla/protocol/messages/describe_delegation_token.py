"""DescribeDelegationToken (41), v1-3: the tokens of some owners (KIP-48, KIP-373)."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class DescribeDelegationTokenOwner:
    """An owner whose tokens are asked for."""

    principal_type: str = field(STRING)
    principal_name: str = field(STRING)


@message(key=41, versions="1-3", flexible="2+")
class DescribeDelegationTokenRequest:
    """Whose tokens are asked for."""

    owners: list[DescribeDelegationTokenOwner] | None = array_of(DescribeDelegationTokenOwner, nullable="0+")
    """Null for all."""


@struct
class DescribedDelegationTokenRenewer:
    """Who may renew a token."""

    principal_type: str = field(STRING)
    principal_name: str = field(STRING)


@struct
class DescribedDelegationToken:
    """One token."""

    principal_type: str = field(STRING)
    principal_name: str = field(STRING)
    """Its owner."""
    token_requester_principal_type: str = field(STRING, versions="3+")
    token_requester_principal_name: str = field(STRING, versions="3+")
    """Who asked for it."""
    issue_timestamp: int = field(INT64)
    """In ms, as the other times."""
    expiry_timestamp: int = field(INT64)
    max_timestamp: int = field(INT64)
    token_id: str = field(STRING)
    hmac: bytes = field(BYTES)
    """The secret."""
    renewers: list[DescribedDelegationTokenRenewer] = array_of(DescribedDelegationTokenRenewer)


@message(key=41, versions="1-3", flexible="2+")
class DescribeDelegationTokenResponse:
    """The tokens."""

    error_code: int = field(INT16)
    tokens: list[DescribedDelegationToken] = array_of(DescribedDelegationToken)
    throttle_time_ms: int = field(INT32)
