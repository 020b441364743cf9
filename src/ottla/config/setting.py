"""A value as the user wrote it, with its place, before anything is known about what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it was written, and where: a file with its line, an override, or the embedded default."""

    text: str
    origin: str


Settings: TypeAlias = Mapping[str, Setting]
