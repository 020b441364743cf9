"""Reads identifiers as Kafka's tools do, with the words of Java's decoder for what is none."""

from __future__ import annotations

import base64
import re

from ottla.cli.failures import illegal_argument
from ottla.types import Uuid

_LONGEST = 24
_FOREIGN = re.compile(r"[^A-Za-z0-9_=-]")


def uuid_from_user(text: str) -> Uuid:
    """Return the identifier that a text of base64url stands for (`Uuid.fromString`). Raises ToolError."""
    if len(text) > _LONGEST:
        raise illegal_argument(
            f"Input string with prefix `{text[:_LONGEST]}` is too long to be decoded as a base64 UUID"
        )
    content = _decoded(text)
    if len(content) != 16:
        raise illegal_argument(
            f"Input string `{text}` decoded as {len(content)} bytes, which is not equal to the expected 16 bytes "
            "of a base64-encoded UUID"
        )
    return Uuid(content)


def _decoded(text: str) -> bytes:
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        raise illegal_argument(f"Illegal base64 character {ord(foreign[0]):x}")
    letters = text.rstrip("=")
    padding = len(text) - len(letters)
    if "=" in letters or padding not in {0, -len(letters) % 4}:
        raise illegal_argument("Input byte array has wrong 4-byte ending unit")
    if len(letters) % 4 == 1:
        if len(letters) == 1:
            raise illegal_argument("Input byte[] should at least have 2 bytes for base64 bytes")
        raise illegal_argument("Last unit does not have enough valid bits")
    return base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
