"""Runs one tool, and ends it as its Java original ends: what it died of on stderr, and the exit code.

A failure that the tool did not expect is printed by the tool's row in the table. Where the Java tool shows a stack
trace, ours shows the trace's first line: where in Kafka's source something was thrown has no counterpart here.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from ottla.cli.failures import TERSE, UsageError, VersionRequestedError
from ottla.cli.tools import MODULES, Tool
from ottla.version import KAFKA_VERSION

INTERRUPTED = 130
"""The exit code of a program that a terminal's interrupt has ended: 128 and the number of the signal."""


def run_tool(tool: Tool, arguments: Sequence[str]) -> int:
    """Run a tool and return its exit code. Raises CommandError, which is for the caller to print."""
    if not tool.is_there:
        print(f"{tool.script} {tool.absence}", file=sys.stderr)
        return 1
    module = importlib.import_module(MODULES + tool.module)
    try:
        exit_code: int = module.main(arguments)
        sys.stdout.flush()
    except UsageError as error:
        print(error.text, end="", file=sys.stderr)
        return 1
    except VersionRequestedError:
        print(KAFKA_VERSION)
        return 0
    except BrokenPipeError:
        # Whoever read the output has seen enough, as in `... | head`; Java's streams do not mind either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        text = failure_text(tool, error)
        if text is None:
            raise
        print(text, file=sys.stderr)
        return 1
    return exit_code


def failure_text(tool: Tool, error: Exception) -> str | None:
    """Return what a tool's original prints of a failure; None for what is no failure but a bug."""
    java_text = getattr(error, "java_text", None)
    if java_text is None:
        return None
    text: str = java_text()
    java_class, colon, message = text.partition(": ")
    # A terse failure is shown without its trace, where the tool has a line before the trace.
    pattern = tool.failure.partition("\n")[0] if java_class == TERSE else tool.failure
    return pattern.format(message=message if colon else "null", text=text)
