"""Runs a tool whose arguments Kafka reads with argparse4j: help and errors of its command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
    program_help,
)

Reading = TypeVar("Reading")


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
    return _run_read(lambda: parse_command(program, description, commands, arguments, options=options), run)


def run_program(
    program: str,
    description: str,
    options: tuple[Argument, ...],
    arguments: Sequence[str],
    read: Callable[[Sequence[str]], Reading],
    run: Callable[[Reading], int],
) -> int:
    """Run what the arguments of a tool without sub-commands ask for, or show its help where there are none.

    `read` raises ArgumentsError and HelpRequestedError. Return the exit code; what else is raised goes on.
    """
    if not arguments:
        print(program_help(program, description, options), end="")
        return 0
    return _run_read(lambda: read(arguments), run)


def _run_read(read: Callable[[], Reading], run: Callable[[Reading], int]) -> int:
    try:
        reading = read()
    except HelpRequestedError as requested:
        print(requested.text, end="")
        return 1  # as `parseArgsOrFail` of argparse4j, which the tools that come here call
    except ArgumentsError as error:
        print(error.text, end="", file=sys.stderr)
        return 1
    return run(reading)
