"""The levels of loggers while the broker runs: as the start set them, and as clients change them (KIP-412).

Changes last until the process ends. A level may be set under our own names and under Kafka's names for a part, as at
the start; what is set nearer to a logger wins over what is set further above it. Names and texts are those of Kafka's
`RuntimeLoggerManager`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ottla.telemetry.levels import DEFAULT_LEVEL, KAFKA_NAMES, OWN_NAMES, spread_levels
from ottla.telemetry.loggers import LOGGERS, is_within
from ottla.telemetry.logging import level_in_effect, set_level

ROOT = "root"
"""The root logger's name for clients, as in Log4j 1."""

SETTABLE_LEVELS = ("DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN")
"""The levels that clients may set, in the order in which Kafka lists them; case counts."""


class RunningLevels:
    """The levels that were asked for, by name, and the loggers that have them."""

    def __init__(self, asked: Mapping[str, str] | None = None) -> None:
        """Begin with the levels of the start, which the process has already; the root's is under `root`."""
        self._asked = {ROOT: DEFAULT_LEVEL, **(asked or {})}
        self._applied = spread_levels(self._set_below_root())
        self._when_changed: list[Callable[[], None]] = []

    def call_when_changed(self, callback: Callable[[], None]) -> None:
        """Call back after each change: whoever decides by a level what is to be told at all."""
        self._when_changed.append(callback)

    def by_logger(self) -> dict[str, str]:
        """Return the level in effect of every logger that can be set, in alphabetical order."""
        return {name: self._level_of(name) for name in sorted(self._names())}

    def has(self, name: str) -> bool:
        """Tell whether there is a logger of this name, ours or Kafka's for a part that we have."""
        return name in self._names()

    def change(self, levels: Mapping[str, str | None]) -> None:
        """Set the levels of some loggers; with None a logger follows the one above it again.

        The names and levels are taken to be valid, and the root to have a level.
        """
        for name, level in levels.items():
            if level is None:
                self._asked.pop(name, None)
            else:
                self._asked[name] = level
        wanted = spread_levels(self._set_below_root())
        for name in self._applied.keys() - wanted.keys():
            set_level(name, None)
        for name, level in wanted.items():
            set_level(name, level)
        set_level("", self._asked[ROOT])
        self._applied = wanted
        for callback in self._when_changed:
            callback()

    def _set_below_root(self) -> dict[str, str]:
        return {name: level for name, level in self._asked.items() if name != ROOT}

    def _names(self) -> set[str]:
        names = {ROOT, *OWN_NAMES, *KAFKA_NAMES, *self._asked}
        for row in LOGGERS:
            names.update((row.name, *row.kafka_names))
        running = logging.Logger.manager.loggerDict
        names.update(
            name
            for name, logger in running.items()
            if isinstance(logger, logging.Logger) and any(is_within(name, row.name) for row in LOGGERS)
        )
        return names

    def _level_of(self, name: str) -> str:
        if name == ROOT:
            return level_in_effect("")
        if any(is_within(name, row.name) for row in LOGGERS):
            return level_in_effect(name)
        above = [asked for asked in self._set_below_root() if is_within(name, asked)]
        return self._asked[max(above, key=len, default=ROOT)].upper()
