"""The lines that Bitnami's scripts write: on standard error, with module, time of day and level, in colours.

Container facts B.8 have the form. `BITNAMI_COLOR`, `BITNAMI_QUIET`, `BITNAMI_DEBUG` and `MODULE` change it there and
here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ottla.container.configuration import first_set
from ottla.container.console import Console, RefusedError

_RESET = "\x1b[0m"
_CYAN = "\x1b[38;5;6m"
_MAGENTA = "\x1b[38;5;5m"
_COLOURS = {"INFO": "\x1b[38;5;2m", "WARN": "\x1b[38;5;3m", "ERROR": "\x1b[38;5;1m", "DEBUG": "\x1b[38;5;6m"}
_YES = re.compile("1|yes|true", re.IGNORECASE)


def is_yes(text: str) -> bool:
    """Tell whether a variable says yes as Bitnami's scripts read it."""
    return _YES.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class BitnamiLog:
    """Writes lines in Bitnami's form."""

    console: Console
    clock: Callable[[], str]
    """Tells the time as `HH:MM:SS.cc`."""
    module: str = "kafka"
    is_coloured: bool = True
    is_quiet: bool = False
    is_debugging: bool = False

    def info(self, text: str) -> None:
        """Tell what goes on."""
        self._write("INFO", text)

    def warning(self, text: str) -> None:
        """Tell what may not be meant so."""
        self._write("WARN", text)

    def error(self, text: str) -> None:
        """Tell what is wrong."""
        self._write("ERROR", text)

    def debug(self, text: str) -> None:
        """Tell more, where `BITNAMI_DEBUG` asks for it."""
        if self.is_debugging:
            self._write("DEBUG", text)

    def refuse(self, text: str) -> RefusedError:
        """Tell why the start ends, and return what to raise."""
        self.error(text)
        return RefusedError(text)

    def _write(self, level: str, text: str) -> None:
        if self.is_quiet:
            return
        shown = f"{level:<5}"
        if self.is_coloured:
            head = f"{_CYAN}{self.module} {_MAGENTA}{self.clock()} {_RESET}"
            self.console.complain(f"{head}{_COLOURS[level]}{shown}{_RESET} ==> {text}")
        else:
            self.console.complain(f"{self.module} {self.clock()} {shown} ==> {text}")


def time_of_day() -> str:
    """Return the local time as Bitnami's lines have it: `HH:MM:SS.cc`."""
    now = datetime.now(tz=UTC).astimezone()
    return f"{now:%H:%M:%S}.{now.microsecond // 10_000:02d}"


def bitnami_log(
    environment: Mapping[str, str], console: Console, clock: Callable[[], str] = time_of_day
) -> BitnamiLog:
    """Return the log as the variables ask for it."""
    return BitnamiLog(
        console,
        clock,
        module=first_set(environment, "MODULE", "kafka"),
        is_coloured=is_yes(first_set(environment, "BITNAMI_COLOR", "true")),
        is_quiet=is_yes(first_set(environment, "BITNAMI_QUIET", "false")),
        is_debugging=is_yes(first_set(environment, "BITNAMI_DEBUG", "false")),
    )
