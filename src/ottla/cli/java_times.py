"""Reads points in time and durations as the tools take them: `Utils.getDateTime` and Java's `Duration.parse`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from ottla.cli.failures import ToolError
from ottla.cli.java_failures import runtime_failure

_DATETIME = re.compile(
    r"([0-9]+)-([0-9]+)-([0-9]+)T([0-9]+):([0-9]+):([0-9]+)\.([0-9]+)(Z|[+-][0-9]{2}:[0-9]{2}|[+-][0-9]{1,2})"
)
_DURATION = re.compile(
    r"([-+]?)P(?:([-+]?[0-9]+)D)?"
    r"(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?",
    re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS = 1_000_000_000
_MOST_MS = 999


def parse_datetime(text: str) -> int:
    """Return the ms since the epoch of a text such as `2026-01-31T12:00:00.000`, UTC unless it says otherwise.

    Raises ToolError, a wrapper around Java's ParseException.
    """
    parts = text.split("T")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    if len(parts) < 2:
        raise _parse_failure("Error parsing timestamp. It does not contain a 'T' according to ISO8601 format")
    if not any(sign in parts[1] for sign in "+-Z"):
        text += "Z"
    found = _DATETIME.match(text)
    try:
        if found is None:
            raise ValueError(text)
        *numbers, milliseconds = map(int, found.groups()[:7])
        if milliseconds > _MOST_MS:
            raise ValueError(text)
        year, month, day, hour, minute, second = numbers
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[8]))
    except (ValueError, OverflowError) as error:
        raise _parse_failure(f'Unparseable date: "{text}"') from error
    return (moment - _EPOCH) // timedelta(milliseconds=1) + milliseconds


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, _, minutes = text[1:].partition(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if text.startswith("-") else offset)


def _parse_failure(message: str) -> ToolError:
    return runtime_failure(ToolError("java.text.ParseException", message))


def parse_duration_ns(text: str) -> int:
    """Return the nanoseconds in a text such as `P1DT2H30M`. Raises ToolError, Java's DateTimeParseException."""
    found = _DURATION.fullmatch(text)
    if found is None or found[3] in {"T", "t"} or not any(found.group(2, 4, 5, 6)):
        raise ToolError("java.time.format.DateTimeParseException", "Text cannot be parsed to a Duration")
    days, hours, minutes, seconds = (int(number or 0) for number in found.group(2, 4, 5, 6))
    fraction = int((found[7] or "").ljust(9, "0"))
    if (found[6] or "").startswith("-"):
        fraction = -fraction
    total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * _NANOSECONDS + fraction
    return -total if found[1] == "-" else total
