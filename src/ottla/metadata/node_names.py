"""Names of resources that are the number of a node."""

from __future__ import annotations

import re

from ottla.errors import ErrorCode, KafkaError

_JAVA_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LONGEST = 64
"""Characters of a name that is read as a number; Python refuses to read thousands, and none so long is in range."""


def node_number(name: str, what: str) -> int:
    """Return the number that a resource's name is, as Java's `Integer.parseInt` reads it.

    Raises KafkaError INVALID_REQUEST that names `what` should have been a number.
    """
    if _JAVA_INTEGER.fullmatch(name) and len(name) <= _LONGEST:
        number = int(name)
        if -(1 << 31) <= number < 1 << 31:
            return number
    raise KafkaError(ErrorCode.INVALID_REQUEST, f"{what} must be an integer, but it is: {name}")
