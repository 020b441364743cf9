"""What an environment comes to: the broker's configuration file, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration file that is still to be written."""

    path: str
    """Where the original image has it."""
    text: str
    environment: Mapping[str, str]
    """The variables as the original's scripts leave them: with defaults, and with what they work out."""
    other_files: Mapping[str, str] = field(default_factory=dict)
    """More files that go with it, by path."""


def properties_text(properties: Mapping[str, str]) -> str:
    """Return properties as lines of a `.properties` file.

    Values are written as they are, as all three images do: an escape in one is Java's to read.
    """
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def first_set(environment: Mapping[str, str], name: str, default: str = "") -> str:
    """Return the value of a variable, or the default where it is missing or empty: the shell's `${name:-default}`."""
    return environment.get(name) or default
