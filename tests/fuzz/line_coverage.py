"""Which lines of the broker have run: what tells the fuzzer that an input was new, and its report what it reached.

`sys.settrace` and not a coverage library: it is there on every Python, and a function whose lines have all been seen
costs one call event from then on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

SOURCE = Path(__file__).parents[2] / "src" / "ottla"
_OURS = str(SOURCE)
_GENERATED = "<ottla.wire "
"""Where the names of the compiled encoders and decoders begin."""


def lines_of(code: CodeType) -> set[int]:
    """Return the lines of a function's own statements, without the line of its `def` and without inner functions."""
    return {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}


@dataclass(slots=True)
class LineCoverage:
    """Sees the threads that start while it watches."""

    found: int = 0
    """Lines seen so far; it grows when an input reaches something new."""
    _unseen: dict[int, set[int]] = field(default_factory=dict)
    """By the id of the code object: hashing one is slow."""
    _codes: dict[int, CodeType] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Follow the threads that are started meanwhile."""
        threading.settrace(self._call)
        try:
            yield
        finally:
            threading.settrace(None)  # type: ignore[arg-type] # the documentation allows it

    def hit_lines(self) -> dict[str, set[int]]:
        """Return the lines that have run, by file."""
        hit: dict[str, set[int]] = {}
        for key, code in list(self._codes.items()):
            hit.setdefault(code.co_filename, set()).update(lines_of(code) - self._unseen[key])
        return hit

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        unseen = self._unseen.get(id(code))
        if unseen is None:
            unseen = self._take_in(code)
        return self._line if unseen else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        unseen = self._unseen[id(frame.f_code)]
        if event == "line" and frame.f_lineno in unseen:
            unseen.discard(frame.f_lineno)
            self.found += 1
        return self._line if unseen else None

    def _take_in(self, code: CodeType) -> set[int]:
        is_ours = code.co_filename.startswith((_OURS, _GENERATED)) and code.co_name != "<module>"
        unseen = self._unseen[id(code)] = lines_of(code) if is_ours else set()
        self._codes[id(code)] = code  # so that its id is not given to another
        return unseen


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What a run has reached of one file."""

    path: str
    lines: int
    missed: tuple[int, ...]


def coverage_of(hit: dict[str, set[int]], *places: str) -> list[FileCoverage]:
    """Compare with all lines of the files and folders below the source that are named."""
    found = []
    for place in places:
        root = SOURCE / place
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            wanted = set(_function_lines(compile(path.read_text(encoding="utf-8"), str(path), "exec")))
            missed = tuple(sorted(wanted - hit.get(str(path), set())))
            found.append(FileCoverage(str(path.relative_to(SOURCE)), len(wanted), missed))
    return found


def _function_lines(code: CodeType) -> Iterator[int]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            # A class body runs once, at the import; only what is called counts.
            if inner.co_flags & 0x2:  # CO_NEWLOCALS: a function
                yield from lines_of(inner)
            yield from _function_lines(inner)
