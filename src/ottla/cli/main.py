"""The `ottla` command, and what stands behind a launcher of one of Kafka's scripts: finds the tool and runs it.

`--version` and `--help` load almost nothing, so that they answer at once. An error is one line on stderr
and exit code 1, as Kafka's tools have it; a traceback is a bug.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ottla.cli.common import CommandError, help_text
from ottla.cli.tools import DEFAULT_TOOL, Tool, tool_named, tool_of_script
from ottla.version import KAFKA_VERSION, OTTLA_VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 when all went well, 1 after an error.

    Without arguments given, those of the process are taken.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in {"--version", "version"}:
        print(f"ottla {OTTLA_VERSION} (Apache Kafka {KAFKA_VERSION})")
        return 0
    if given and given[0] in {"--help", "-h", "help"}:
        print(help_text(), end="")
        return 0
    name = DEFAULT_TOOL
    if given and not given[0].startswith("-"):
        name = given.pop(0)
    return _run(tool_named(name) or tool_of_script(name), name, given)


def run_script(path: str, arguments: Sequence[str] | None = None) -> int:
    """Do what one of Kafka's scripts does, by its name or path, and return its exit code.

    Without arguments given, those of the process are taken.
    """
    return _run(tool_of_script(path), path, sys.argv[1:] if arguments is None else arguments)


def _run(tool: Tool | None, name: str, arguments: Sequence[str]) -> int:
    try:
        if sys.platform == "win32":
            raise CommandError("Windows is not supported; run ottla under WSL 2 or in a container")
        if tool is None:
            raise CommandError(f"there is no command {name!r}; `ottla --help` lists them")
        from ottla.cli.frame import run_tool

        return run_tool(tool, arguments)
    except CommandError as error:
        print(f"ottla: {error}", file=sys.stderr)
        return 1
