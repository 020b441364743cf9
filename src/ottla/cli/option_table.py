"""Lays out two columns as joptsimple's help does: 80 wide, long cells go on below, indented.

The break is at spaces and behind hyphens; Java's line breaking knows more rules, which English words do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WIDTH = 80
_GAP = 2
_INDENT = "  "
_BREAKABLE = re.compile(r"\S*?-+(?=\w)\s*|\S+\s*|\s+")


def two_columns(rows: Sequence[tuple[str, str]]) -> str:
    """Return the lines of a table without rules, every line filled up to the full width of its columns."""
    left_width = min((_WIDTH - _GAP) // 2, max(len(left) for left, _ in rows))
    right_width = min(_WIDTH - _GAP - left_width, max(len(right) for _, right in rows))
    fitted = [
        pair
        for left, right in rows
        for pair in _side_by_side(_wrap(left, left_width), _wrap(right, right_width))
    ]
    left_width = min(left_width, max(len(left) for left, _ in fitted))
    right_width = min(right_width, max(len(right) for _, right in fitted))
    return "".join(f"{left:<{left_width}}{' ' * _GAP}{right:<{right_width}}\n" for left, right in fitted)


def _side_by_side(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    height = max(len(left), len(right))
    return list(zip(left + [""] * (height - len(left)), right + [""] * (height - len(right)), strict=True))


def _wrap(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.strip().split("\n"):
        current = ""
        for word in _BREAKABLE.findall(line):
            if len(current) + len(word) > width:
                lines.append(current.rstrip())
                current = _INDENT + word
            else:
                current += word
        if current:
            lines.append(current)
    return lines
