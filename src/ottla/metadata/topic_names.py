"""Which names a topic may have, and which names would collide as metric names (Kafka's `Topic` class, facts 7.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ottla.errors import ErrorCode, KafkaError

MAX_TOPIC_NAME_LENGTH = 249
"""255, the longest file name, without room for the partition number and its dash."""

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)


def check_topic_name(name: str) -> None:
    """Raise KafkaError INVALID_TOPIC_EXCEPTION for a name that no topic can have."""
    reason = _illegality(name)
    if reason is not None:
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: {reason}")


def is_topic_name(name: str) -> bool:
    """Tell whether a topic can have this name."""
    return _illegality(name) is None


def has_collision_characters(name: str) -> bool:
    """Tell whether the name could be equal to another once dots are underscores."""
    return "." in name or "_" in name


def collision_index(names: Iterable[str]) -> dict[str, str]:
    """Return, by unified name, the first in order of the names that could collide."""
    index: dict[str, str] = {}
    for name in sorted(filter(has_collision_characters, names)):
        index.setdefault(_unify(name), name)
    return index


def colliding_name(name: str, index: Mapping[str, str]) -> str | None:
    """Return an existing name that is equal to this one once dots are underscores."""
    return index.get(_unify(name)) if has_collision_characters(name) else None


def _unify(name: str) -> str:
    return name.replace(".", "_")


def _illegality(name: str) -> str | None:
    if not name:
        return "the empty string is not allowed"
    if name in {".", ".."}:
        return f"'{name}' is not allowed"
    if len(name) > MAX_TOPIC_NAME_LENGTH:
        return f"the length of '{name}' is longer than the max allowed length {MAX_TOPIC_NAME_LENGTH}"
    if not _LEGAL.fullmatch(name):
        return f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    return None
