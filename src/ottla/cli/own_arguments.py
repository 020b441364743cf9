"""Reads the arguments of commands that only Ottla has: Python's argparse, with errors of one line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ottla.cli.common import CommandError


class OwnParser(argparse.ArgumentParser):
    """A parser without abbreviations, whose errors are this command line's own kind."""

    def __init__(self, program: str, description: str | None = None, *, add_help: bool = True) -> None:
        super().__init__(prog=program, description=description, add_help=add_help, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise CommandError."""
        raise CommandError(f"{message}; `{self.hint} --help` shows what there is")

    @property
    def hint(self) -> str:
        """The command whose help explains what was wrong."""
        return self.prog if self.add_help else "ottla"
