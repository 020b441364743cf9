"""AlterUserScramCredentials against the image, by the rules and texts of Kafka's ScramControlManager.

The client sends a salted password; what is stored is what RFC 5802 makes of it, from which no client can log in.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TypeAlias

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.scram_credentials import ScramMechanism
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.records import (
    MetadataRecord,
    RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
)
from ottla.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsResult,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)

MIN_ITERATIONS = 4096
MAX_ITERATIONS = 16384
"""How often a password has to be hashed (RFC 7677), and what a server would take too long for (ScramControlManager)."""

SCRAM_SINCE = 11
"""Metadata version 3.5-IV2, the first whose readers know the records (KIP-900)."""

_MECHANISMS = frozenset(ScramMechanism)
_Change: TypeAlias = ScramCredentialDeletion | ScramCredentialUpsertion


@dataclass(frozen=True, slots=True)
class AlterScramCredentialsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[AlterUserScramCredentialsResult]


def plan_alter_scram_credentials(
    image: ClusterImage,
    deletions: list[ScramCredentialDeletion],
    upsertions: list[ScramCredentialUpsertion],
) -> AlterScramCredentialsPlan:
    """Plan changes of credentials; a user that is named twice gets none of them.

    Raises KafkaError POLICY_VIOLATION for too many changes.
    """
    accepted: dict[str, _Change] = {}
    errors: dict[str, KafkaError] = {}
    changes: list[_Change] = [*deletions, *upsertions]
    for change in changes:
        user = change.name
        if user in errors:
            continue
        try:
            if accepted.pop(user, None) is not None:
                raise KafkaError(
                    ErrorCode.DUPLICATE_RESOURCE,
                    "A user credential cannot be altered twice in the same request",
                )
            _check_change(image, change)
        except KafkaError as error:
            errors[user] = error
        else:
            accepted[user] = change
        if len(accepted) > MAX_RECORDS_PER_OPERATION:
            raise excessive_operation()
    planned: dict[str, MetadataRecord] = {}
    for user, change in accepted.items():
        try:
            planned[user] = _record(change)
        except KafkaError as error:
            errors[user] = error
    results = [AlterUserScramCredentialsResult(user=user, error_message=None) for user in planned]
    results += [
        AlterUserScramCredentialsResult(user=user, error_code=error.code, error_message=error.message)
        for user, error in errors.items()
    ]
    return AlterScramCredentialsPlan(list(planned.values()), results)


def _check_change(image: ClusterImage, change: _Change) -> None:
    if image.features.metadata_version < SCRAM_SINCE:
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "The current metadata.version does not support SCRAM")
    if not change.name:
        raise KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty")
    if change.mechanism not in _MECHANISMS:
        raise KafkaError(ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism")
    if isinstance(change, ScramCredentialDeletion):
        if ScramMechanism(change.mechanism) not in image.scram_credentials.of(change.name):
            raise KafkaError(
                ErrorCode.RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist"
            )
    elif change.iterations < MIN_ITERATIONS:
        raise KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations")
    elif change.iterations > MAX_ITERATIONS:
        raise KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too many iterations")


def _record(change: _Change) -> MetadataRecord:
    """Return what a checked change writes. Raises KafkaError UNKNOWN_SERVER_ERROR for a password of no bytes."""
    mechanism = ScramMechanism(change.mechanism)
    if isinstance(change, ScramCredentialDeletion):
        return RemoveUserScramCredentialRecord(name=change.name, mechanism=mechanism)
    if not change.salted_password:
        # Java makes no key of no bytes, and Kafka answers its exception without a text.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return UserScramCredentialRecord(
        name=change.name,
        mechanism=mechanism,
        salt=bytes(change.salt),
        stored_key=stored_key(change.salted_password, mechanism),
        server_key=server_key(change.salted_password, mechanism),
        iterations=change.iterations,
    )


def stored_key(salted_password: bytes, mechanism: ScramMechanism) -> bytes:
    """Return RFC 5802's StoredKey, the hash of the key with which the client proves that it knows the password."""
    client_key = hmac.digest(salted_password, b"Client Key", mechanism.hash_name)
    return hashlib.new(mechanism.hash_name, client_key).digest()


def server_key(salted_password: bytes, mechanism: ScramMechanism) -> bytes:
    """Return RFC 5802's ServerKey, with which the server proves that it knows the credential."""
    return hmac.digest(salted_password, b"Server Key", mechanism.hash_name)
