"""Runs a tool with sub-commands whose arguments Kafka reads with argparse4j: help and errors of the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
)


def run_command(
    program: str,
    description: str,
    commands: tuple[Command, ...],
    arguments: Sequence[str],
    run: Callable[[ParsedCommand], int],
    *,
    options: tuple[Argument, ...] = (),
) -> int:
    """Read the arguments and run what they ask for; return the exit code. What `run` raises goes on."""
    try:
        parsed = parse_command(program, description, commands, arguments, options=options)
    except HelpRequestedError as requested:
        print(requested.text, end="")
        return 1  # as `parseArgsOrFail` of argparse4j, which the tools that come here call
    except ArgumentsError as error:
        print(error.text, end="", file=sys.stderr)
        return 1
    return run(parsed)
