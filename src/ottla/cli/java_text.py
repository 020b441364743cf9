"""Texts as Java takes them apart and puts them together, where Python does otherwise."""

from __future__ import annotations

import re


def java_split(text: str, separator: str, *, keeps_trailing: bool = False) -> list[str]:
    """Split a text at a regular expression as `String.split` does: empty parts at its end are dropped.

    `keeps_trailing` is Java's limit of -1.
    """
    if re.search(separator, text) is None:
        return [text]
    parts = re.split(separator, text)
    while parts and not parts[-1] and not keeps_trailing:
        parts.pop()
    return parts
