"""The SCRAM credentials of users, by user and mechanism (KIP-900).

What is kept is what a server needs to check a proof (RFC 5802): no password can be told from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from ottla.metadata.records import RemoveUserScramCredentialRecord, UserScramCredentialRecord


class ScramMechanism(IntEnum):
    """The mechanisms, by the codes of Kafka's `ScramMechanism`."""

    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2

    @property
    def hash_name(self) -> str:
        """The hash, as hashlib calls it."""
        return "sha256" if self is ScramMechanism.SCRAM_SHA_256 else "sha512"


@dataclass(frozen=True, slots=True)
class ScramCredential:
    """One credential; shown without its secrets."""

    iterations: int
    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


_NOTHING: Mapping[int, ScramCredential] = {}


@dataclass(frozen=True, slots=True)
class ScramCredentialsImage:
    """Credentials by user and code of the mechanism; a user without any is absent."""

    by_user: Mapping[str, Mapping[int, ScramCredential]] = field(default_factory=dict)

    def of(self, user: str) -> Mapping[int, ScramCredential]:
        """Return the credentials of a user by mechanism."""
        return self.by_user.get(user, _NOTHING)

    def to_records(self) -> Iterator[UserScramCredentialRecord]:
        """Yield the records that rebuild this image."""
        for user, credentials in self.by_user.items():
            for mechanism, credential in credentials.items():
                yield UserScramCredentialRecord(
                    name=user,
                    mechanism=mechanism,
                    salt=credential.salt,
                    stored_key=credential.stored_key,
                    server_key=credential.server_key,
                    iterations=credential.iterations,
                )


class ScramCredentialsDelta:
    """The credentials that one batch of records sets and removes."""

    def __init__(self, image: ScramCredentialsImage) -> None:
        self._image = image
        self._changed: dict[str, dict[int, ScramCredential]] = {}

    def replay_credential(self, record: UserScramCredentialRecord) -> None:
        """Set a credential."""
        self._credentials(record.name)[record.mechanism] = ScramCredential(
            iterations=record.iterations,
            salt=bytes(record.salt),
            stored_key=bytes(record.stored_key),
            server_key=bytes(record.server_key),
        )

    def replay_removal(self, record: RemoveUserScramCredentialRecord) -> None:
        """Remove a credential; one that is not there is already gone."""
        self._credentials(record.name).pop(record.mechanism, None)

    def apply(self) -> ScramCredentialsImage:
        """Return the image with the changes, or the same where there are none."""
        if not self._changed:
            return self._image
        by_user = dict(self._image.by_user)
        for user, credentials in self._changed.items():
            if credentials:
                by_user[user] = credentials
            else:
                by_user.pop(user, None)
        return ScramCredentialsImage(by_user)

    def _credentials(self, user: str) -> dict[int, ScramCredential]:
        credentials = self._changed.get(user)
        if credentials is None:
            credentials = self._changed[user] = dict(self._image.of(user))
        return credentials
