"""The source files of the project, as the tidy tests see them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules() -> list[Path]:
    """Return the paths of all modules of the broker, from the root of the repository."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / "src").rglob("*.py"))


def python_files() -> list[Path]:
    """Return the paths of all Python files that are ours, from the root of the repository; a cache is not."""
    folders = ("src", "tests", "docs")
    paths = (path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in paths if ".cache" not in path.parts)


@cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))
