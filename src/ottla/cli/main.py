"""The `ottla` command: finds the tool that was named and runs it.

`--version` and `--help` load almost nothing, so that they answer at once. An error is one line on stderr
and exit code 1, as Kafka's tools have it; a traceback is a bug.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from ottla.cli.common import DEFAULT_TOOL, TOOLS, CommandError, help_text
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
    try:
        return _run_tool(given)
    except CommandError as error:
        print(f"ottla: {error}", file=sys.stderr)
        return 1


def _run_tool(arguments: list[str]) -> int:
    if sys.platform == "win32":
        raise CommandError("Windows is not supported; run ottla under WSL 2 or in a container")
    name = DEFAULT_TOOL
    if arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
    tool = TOOLS.get(name)
    if tool is None:
        raise CommandError(f"there is no command {name!r}; `ottla --help` lists them")
    module = importlib.import_module(tool.module)
    exit_code: int = module.run(arguments)
    return exit_code
