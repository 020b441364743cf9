"""SCRAM users at format time: `SCRAM-SHA-256=[name=alice,password=secret]` as a record of the metadata log.

Kafka's `ScramParser` and `ScramFormatter`, with their texts; the arithmetic is RFC 5802's. The password goes in as its
UTF-8 bytes, without SASLprep, as Kafka's brokers and clients do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ottla.metadata.records import UserScramCredentialRecord

DEFAULT_ITERATIONS = 4096
SALT_BYTES = 20
"""More than the 16 bytes that RFC 5802's successors ask for."""


class ScramArgumentError(Exception):
    """An argument that makes no user; the text is Kafka's."""


class ScramMechanism(NamedTuple):
    """A mechanism with its number in records, and how often the password may be hashed."""

    name: str
    number: int
    digest: str
    minimum_iterations: int
    maximum_iterations: int


MECHANISMS = {
    mechanism.name: mechanism
    for mechanism in (
        ScramMechanism("SCRAM-SHA-256", 1, "sha256", 4096, 16384),
        ScramMechanism("SCRAM-SHA-512", 2, "sha512", 4096, 16384),
    )
}
"""Kafka's mechanisms by name."""


_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an argument says; either the password or the salted password is there."""

    name: str
    salt: bytes | None
    iterations: int
    password: str | None
    salted_password: bytes | None


def scram_records(
    arguments: Iterable[str], random_bytes: Callable[[int], bytes]
) -> list[UserScramCredentialRecord]:
    """Return the credentials that arguments ask for, with random salts where none is given.

    Raises ScramArgumentError.
    """
    return [_record(argument, random_bytes) for argument in arguments]


def _record(argument: str, random_bytes: Callable[[int], bytes]) -> UserScramCredentialRecord:
    mechanism, body = _split_argument(argument)
    wanted = _read_components(body)
    salt = random_bytes(SALT_BYTES) if wanted.salt is None else wanted.salt
    named = mechanism.name.replace("-", "_")  # as Kafka spells it there
    if wanted.iterations < mechanism.minimum_iterations:
        raise ScramArgumentError(
            f"The 'iterations' value must be >= {mechanism.minimum_iterations} for add-scram using {named}"
        )
    if wanted.iterations > mechanism.maximum_iterations:
        raise ScramArgumentError(
            f"The 'iterations' value must be <= {mechanism.maximum_iterations} for add-scram using {named}"
        )
    salted = wanted.salted_password
    if salted is None:
        assert wanted.password is not None
        salted = hashlib.pbkdf2_hmac(mechanism.digest, wanted.password.encode(), salt, wanted.iterations)
    client_key = hmac.digest(salted, b"Client Key", mechanism.digest)
    return UserScramCredentialRecord(
        name=wanted.name,
        mechanism=mechanism.number,
        salt=salt,
        stored_key=hashlib.new(mechanism.digest, client_key).digest(),
        server_key=hmac.digest(salted, b"Server Key", mechanism.digest),
        iterations=wanted.iterations,
    )


def _split_argument(argument: str) -> tuple[ScramMechanism, str]:
    text = argument.strip()
    name, equals, body = text.partition("=")
    if not equals:
        raise ScramArgumentError(f"Failed to find equals sign in SCRAM argument '{text}'")
    mechanism = MECHANISMS.get(name)
    if mechanism is None:
        raise ScramArgumentError(f"The add-scram mechanism {name} is not supported.")
    if not body.startswith("["):
        raise ScramArgumentError("Expected configuration string to start with [")
    if not body.endswith("]"):
        raise ScramArgumentError("Expected configuration string to end with ]")
    return mechanism, body[1:-1]


def _read_components(body: str) -> _Wanted:
    # Java's split drops what is empty at the end, not at the beginning or between.
    items = body.split(",")
    while len(items) > 1 and not items[-1]:
        items.pop()
    components = dict(_split_component(item) for item in items)
    name = components.pop("name", None)
    if name is None:
        raise ScramArgumentError("You must supply 'name' to add-scram")
    salt = _decode(components.pop("salt", None), "salt")
    iterations = _iterations(components.pop("iterations", None))
    password = components.pop("password", None)
    salted_text = components.pop("saltedpassword", None)
    if password is None and salted_text is None:
        raise ScramArgumentError("You must supply one of 'password' or 'saltedpassword' to add-scram")
    salted_password = None
    if password is None:
        if salt is None:
            raise ScramArgumentError("You must supply 'salt' with 'saltedpassword' to add-scram")
        salted_password = _decode(salted_text, "saltedPassword")
    if components:
        raise ScramArgumentError(f"Unknown SCRAM configurations: {', '.join(sorted(components))}")
    return _Wanted(name, salt, iterations, password, salted_password)


def _split_component(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ScramArgumentError(f"No equals sign found in SCRAM component: {text}")
    if len(value) >= 2 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    return key, value


def _iterations(text: str | None) -> int:
    if text is None:
        return DEFAULT_ITERATIONS
    if not _INTEGER.fullmatch(text) or not -(1 << 31) <= int(text) < 1 << 31:
        raise ScramArgumentError(f"Failed to parse iterations count: {text}")
    return int(text)


def _decode(text: str | None, what: str) -> bytes | None:
    """Decode base64 as Java does, which does not ask for the padding."""
    if text is None:
        return None
    try:
        if not _BASE64.fullmatch(text):
            raise ScramArgumentError(f"Failed to decode given {what}: {text}")
        body = text.rstrip("=")
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise ScramArgumentError(f"Failed to decode given {what}: {text}") from error
