"""How Ottla is started again: the command for a process of its own, and the text of the small files that start a tool.

Both name the interpreter and the folders of Ottla and what it needs, and start Python without its `site` module, whose
work a quick tool has no use for, and apart from the environment: PYTHONPATH of an application cannot harm.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

FLAGS = "-IS"
"""Python's flags for isolated, and without `site`."""

LONGEST_INTERPRETER = 120
"""Kernels before Linux 5.1 read 127 characters of a script's first line, flags included."""

_PACKAGES = ("ottla", "uvloop", "crc32c", "yaml", "cramjam", "xxhash", "prometheus_client")
"""Ottla, and all that it may load from outside of Python's own library."""


def package_folders() -> list[str]:
    """Return the folders in which Ottla and the packages that it needs are; what is not installed is left out."""
    folders: dict[str, None] = {}
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        file = Path(spec.origin)
        folders[str(file.parent.parent if spec.submodule_search_locations else file.parent)] = None
    return list(folders)


def ottla_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of a process that does what `ottla` with these arguments does."""
    code = f"import sys; sys.path += {package_folders()!r}; from ottla.cli.main import main; sys.exit(main())"
    return [sys.executable, FLAGS, "-c", code, *arguments]


def launcher_text(script: str) -> str:
    """Return the text of an executable file that does what a script of Kafka's does.

    Raises ValueError where no kernel would start the interpreter from a file's first line.
    """
    interpreter = sys.executable
    if len(interpreter) > LONGEST_INTERPRETER or any(letter.isspace() for letter in interpreter):
        raise ValueError(f"no script can name this interpreter in its first line: {interpreter}")
    return f"""\
#!{interpreter} {FLAGS}
import sys

sys.path += {package_folders()!r}
from ottla.cli.main import run_script

sys.exit(run_script({script!r}))
"""
