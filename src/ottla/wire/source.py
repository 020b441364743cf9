"""Builds the source of one generated function and remembers which field each of its lines is about.

The map from lines to fields is what makes errors precise at no cost on the way of success: a generated
function has one try around its body, and only a failure asks which line it stood on
(`ottla.wire.compiler`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class RunField(NamedTuple):
    """One value of a run of fixed-size values: where it ends inside the run, and its path."""

    end: int
    path: str


@dataclass(slots=True)
class FunctionSource:
    """Lines of a function under construction, the names that they use, and the field path of each line.

    A path may hold `{i1}`-like names of loop variables, which are filled in from the failing frame.
    """

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    runs: dict[int, tuple[RunField, ...]] = field(default_factory=dict)
    path: str = ""
    indent: int = 0

    def line(self, text: str) -> None:
        """Add a line at the current indent, about the current path."""
        self.lines.append("    " * self.indent + text)
        if self.path:
            self.paths[len(self.lines)] = self.path

    def run_line(self, text: str, run: tuple[RunField, ...]) -> None:
        """Add a line that reads or writes several fixed-size values at once."""
        self.line(text)
        self.runs[len(self.lines)] = run

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Add a line that ends in a colon and indent what follows."""
        self.line(header)
        self.indent += 1
        yield
        self.indent -= 1

    @contextmanager
    def inside(self, path: str) -> Iterator[None]:
        """Attribute the lines that follow to this path."""
        outer = self.path
        self.path = path
        yield
        self.path = outer

    def name(self, prefix: str, value: Any) -> str:
        """Return the name by which the function reaches a value; the same value keeps its name."""
        for known, other in self.names.items():
            if other is value and known.startswith(prefix):
                return known
        name = f"{prefix}_{len(self.names)}"
        self.names[name] = value
        return name

    def struct(self, prefix: str, codes: str) -> tuple[str, int]:
        """Return the name of a big-endian `unpack_from` or `pack` for these codes, and their size."""
        name = f"{prefix}_{codes.replace('?', 'bool')}"
        layout = struct.Struct(f">{codes}")
        if name not in self.names:
            self.names[name] = layout.pack if prefix == "pack" else layout.unpack_from
        return name, layout.size


def join_path(parent: str, name: str) -> str:
    """Return the path of a field inside a parent, which is empty for the message itself."""
    return f"{parent}.{name}" if parent else name
