"""AlterUserScramCredentials (51), v0: set and delete SCRAM credentials of users (KIP-554).

A password never travels: the client salts and hashes it (RFC 5802's SaltedPassword).
"""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class ScramCredentialDeletion:
    """A credential to delete."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    """1: SCRAM-SHA-256; 2: SCRAM-SHA-512."""


@struct
class ScramCredentialUpsertion:
    """A credential to set, whether it was there or not."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    """1: SCRAM-SHA-256; 2: SCRAM-SHA-512."""
    iterations: int = field(INT32)
    """How often the password was hashed."""
    salt: bytes = field(BYTES)
    salted_password: bytes = field(BYTES)


@message(key=51, versions="0", flexible="0+")
class AlterUserScramCredentialsRequest:
    """What to delete and what to set; a user may occur once in both together."""

    deletions: list[ScramCredentialDeletion] = array_of(ScramCredentialDeletion)
    upsertions: list[ScramCredentialUpsertion] = array_of(ScramCredentialUpsertion)


@struct
class AlterUserScramCredentialsResult:
    """What became of one user's credential."""

    user: str = field(STRING)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error, or the code says it all."""


@message(key=51, versions="0", flexible="0+")
class AlterUserScramCredentialsResponse:
    """One answer per user."""

    throttle_time_ms: int = field(INT32)
    results: list[AlterUserScramCredentialsResult] = array_of(AlterUserScramCredentialsResult)
