"""Which level each logger has: put together from the configuration file, the environment and the command line.

Every source says the same thing in the same form, `LEVEL` for everything and `logger=LEVEL` for one logger and all
below it; the command line goes over the environment and the environment over the file, each logger by itself. A level
that there is not refuses the start. So does a logger that there is not, except in the environment, which compose files
fill with the names of a whole platform: there one warning is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ottla.telemetry.loggers import LOGGERS, is_within, loggers_for
from ottla.telemetry.logging import level_number

ROOT_VARIABLE = "KAFKA_LOG4J_ROOT_LOGLEVEL"
LOGGERS_VARIABLE = "KAFKA_LOG4J_LOGGERS"
"""The variables of Apache Kafka's and Confluent's images: a level, and `logger=LEVEL` with commas between."""

DEFAULT_LEVEL = "INFO"
ROOT_NAMES = frozenset({"", "root"})

QUIET = {"kafka.request.logger": "WARN"}
"""Loggers that only speak when they are named themselves, as in Kafka's own log4j2.yaml: a line for every request is
more than anybody means who asks for DEBUG."""

OWN_NAMES = ("ottla",)
KAFKA_NAMES = ("kafka", "org.apache.kafka", "state.change.logger")
"""Names under which Kafka has loggers; what is not here is taken for a part that we do not have."""


@dataclass(frozen=True, slots=True)
class LogLevels:
    """The levels in effect, by their names."""

    root: str = DEFAULT_LEVEL
    loggers: Mapping[str, str] = field(default_factory=dict)
    """Levels of loggers of this broker, by their own names."""
    warnings: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The levels as they were asked for, the root's under `root`, by our names and Kafka's."""


def resolve_levels(
    file_items: Iterable[str], environment: Mapping[str, str], arguments: Iterable[str]
) -> LogLevels:
    """Put the levels of all sources together. Raises ValueError that names the source, the mistake and the choices."""
    asked: dict[str, str] = {}
    for item in file_items:
        asked.update([_parse(item, "ottla.log.level", is_strict=True)])
    root_text = environment.get(ROOT_VARIABLE, "").strip()
    if root_text:
        asked.update([_parse(f"root={root_text}", ROOT_VARIABLE, is_strict=True)])
    for item in _items(environment.get(LOGGERS_VARIABLE, "")):
        asked.update([_parse(item, LOGGERS_VARIABLE, is_strict=False)])
    for argument in arguments:
        for item in _items(argument):
            asked.update([_parse(item, "--log-level", is_strict=True)])
    root = asked.pop("", DEFAULT_LEVEL)
    unused = sorted(name for name in asked if not any(loggers_for(name)))
    warnings = (f"Nothing here logs under these names: {', '.join(unused)}",) if unused else ()
    return LogLevels(root, spread_levels(asked), warnings, {"root": root, **asked})


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _parse(item: str, source: str, *, is_strict: bool) -> tuple[str, str]:
    """Return a logger's name, empty for the root, and its level."""
    name, equals, level = (part.strip() for part in item.rpartition("="))
    try:
        level_number(level)
    except ValueError as error:
        raise ValueError(f"{source} {item}: {error}") from error
    if equals and not name:
        raise ValueError(f"{source} {item}: expected LEVEL or logger=LEVEL")
    if name in ROOT_NAMES:
        return "", level
    is_ours = any(is_within(name, own) for own in OWN_NAMES)
    is_kafkas = any(is_within(name, kafka) for kafka in KAFKA_NAMES)
    if not any(loggers_for(name)) and (is_ours or (is_strict and not is_kafkas)):
        known = ", ".join(row.name for row in LOGGERS)
        raise ValueError(f"{source} {item}: there is no logger {name!r}; there are {known}")
    return name, level


def spread_levels(asked: Mapping[str, str]) -> dict[str, str]:
    """Return the levels by the names of our own loggers, of those that were asked for under any names.

    A logger follows the nearest of its own names; where none is set, the nearest of Kafka's names for its part.
    """
    levels = {name: level for name, level in asked.items() if any(loggers_for(name))}
    for row in LOGGERS:
        if row.name in QUIET:
            named = [asked[name] for name in (*row.kafka_names, row.name) if name in asked]
            levels[row.name] = named[-1] if named else QUIET[row.name]
            continue
        if any(is_within(row.name, name) for name in asked):
            continue
        above = [name for name in asked for kafka_name in row.kafka_names if is_within(kafka_name, name)]
        if above:
            levels[row.name] = asked[max(above, key=len)]
    return levels
