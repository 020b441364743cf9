"""Log lines as Kafka writes them on stdout: `[2025-01-01 12:00:00,123] INFO message (logger)`.

Scripts, health checks and Testcontainers read these lines, so their form is a contract (container facts A.6). Levels
have Kafka's names; times are local, as log4j prints them.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from typing import TextIO

TRACE = 5
"""Below Python's DEBUG, as log4j has it."""

LEVELS: Mapping[str, int] = {
    "OFF": logging.CRITICAL + 1,
    "FATAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": TRACE,
    "ALL": 1,
}
"""Kafka's level names, the quietest first."""

_NAMES = {number: name for name, number in LEVELS.items()}


class KafkaFormatter(logging.Formatter):
    """Writes a record as one line of Kafka's; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, with the traceback of its exception below it."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        level = _NAMES.get(record.levelno, record.levelname)
        line = f"[{moment},{int(record.msecs):03d}] {level} {record.getMessage()} ({record.name})"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def configure_logging(
    level: str = "INFO", logger_levels: Mapping[str, str] | None = None, stream: TextIO | None = None
) -> None:
    """Send the log of the whole process to `stream`, stdout if none is given.

    `level` is the root's, `logger_levels` those of single loggers, both by Kafka's names in any case. Raises
    ValueError for a name that is no level. A second call replaces the first.
    """
    numbers = {name: level_number(text) for name, text in (logger_levels or {}).items()}
    root_number = level_number(level)
    handler = logging.StreamHandler(sys.stdout if stream is None else stream)
    handler.setFormatter(KafkaFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(root_number)
    for name, number in numbers.items():
        logging.getLogger(name).setLevel(number)


def level_number(text: str) -> int:
    """Return Python's number of a Kafka level name. Raises ValueError for a name that is no level."""
    number = LEVELS.get(text.upper())
    if number is None:
        raise ValueError(f"{text!r} is no log level; there are {', '.join(LEVELS)}")
    return number


def level_name(number: int) -> str:
    """Return Kafka's name of a level; a number between two names has that of the lower one."""
    return max((level, name) for name, level in LEVELS.items() if level <= max(number, 1))[1]


def set_level(name: str, level: str | None) -> None:
    """Set a logger's level by Kafka's name, the root's under the empty name; with None it follows the one above it."""
    logging.getLogger(name).setLevel(logging.NOTSET if level is None else level_number(level))


def level_in_effect(name: str) -> str:
    """Return Kafka's name of the level that a logger has, by itself or from above; the empty name is the root's."""
    return level_name(logging.getLogger(name).getEffectiveLevel())


def lowest_level() -> int:
    """Return the lowest level of the root logger and those with levels of their own: what any of them may want."""
    named = logging.Logger.manager.loggerDict.values()
    levels = [each.level for each in named if isinstance(each, logging.Logger) and each.level]
    return min(logging.getLogger().level, *levels) if levels else logging.getLogger().level


def log_for_other_process(name: str, level: int, text: str) -> None:
    """Log a line that a process of ours has told, as far as the level of its logger here lets it."""
    target = logging.getLogger(name)
    if target.isEnabledFor(level):
        target.handle(target.makeRecord(name, level, "", 0, text, (), None))
