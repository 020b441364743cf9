"""DescribeUserScramCredentials (50), v0: which SCRAM credentials users have, never the credentials (KIP-554)."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class UserName:
    """One user that is asked for."""

    name: str = field(STRING)


@message(key=50, versions="0", flexible="0+")
class DescribeUserScramCredentialsRequest:
    """The users that are asked for."""

    users: list[UserName] | None = array_of(UserName, nullable="0+")
    """Null or empty for all."""


@struct
class CredentialInfo:
    """One credential of a user."""

    mechanism: int = field(INT8)
    """1: SCRAM-SHA-256; 2: SCRAM-SHA-512."""
    iterations: int = field(INT32)


@struct
class DescribeUserScramCredentialsResult:
    """The credentials of one user."""

    user: str = field(STRING)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    credential_infos: list[CredentialInfo] = array_of(CredentialInfo)


@message(key=50, versions="0", flexible="0+")
class DescribeUserScramCredentialsResponse:
    """One answer per user, however often it was named."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error, or the code says it all."""
    results: list[DescribeUserScramCredentialsResult] = array_of(DescribeUserScramCredentialsResult)
