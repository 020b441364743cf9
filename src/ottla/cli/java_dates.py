"""Times as Java's `SimpleDateFormat` writes them in the English locale and the local time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from ottla.cli.failures import illegal_argument

DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss:SSS"

_PIECES = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'")
_SHORT_YEAR = 2


def date_formatter(pattern: str) -> Callable[[int], str]:
    """Return what writes times in ms as a pattern says. Raises ToolError for a letter that means nothing."""
    pieces: list[Callable[[datetime], str]] = []
    for match in _PIECES.finditer(pattern):
        if match[2]:
            field = _FIELDS.get(match[2])
            if field is None:
                raise illegal_argument(f"Illegal pattern character '{match[2]}'")
            pieces.append(_bound(field, len(match[0])))
        elif match[1] is not None:
            pieces.append(_constant(match[1].replace("''", "'") or "'"))
        elif match[0] == "'":
            raise illegal_argument("Unterminated quote")
        else:
            pieces.append(_constant(match[0]))

    def write(time_ms: int) -> str:
        moment = datetime.fromtimestamp(time_ms / 1000).astimezone()
        return "".join(piece(moment) for piece in pieces)

    return write


def _bound(field: Callable[[datetime, int], str], width: int) -> Callable[[datetime], str]:
    return lambda moment: field(moment, width)


def _constant(text: str) -> Callable[[datetime], str]:
    return lambda _moment: text


def _number(read: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: f"{read(moment):0{width}d}"


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02d}" if width == _SHORT_YEAR else f"{moment.year:0{width}d}"


def _month(moment: datetime, width: int) -> str:
    if width <= 2:
        return f"{moment.month:0{width}d}"
    return moment.strftime("%b" if width == 3 else "%B")


def _offset(moment: datetime, _width: int) -> str:
    return moment.strftime("%z")


def _iso_offset(moment: datetime, width: int) -> str:
    text = moment.strftime("%z")
    if text == "+0000":
        return "Z"
    return {1: text[:3], 2: text}.get(width, f"{text[:3]}:{text[3:]}")


_FIELDS: Mapping[str, Callable[[datetime, int], str]] = {
    "G": lambda _moment, _width: "AD",
    "y": _year,
    "M": _month,
    "L": _month,
    "d": _number(lambda moment: moment.day),
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "E": lambda moment, width: moment.strftime("%a" if width <= 3 else "%A"),
    "u": _number(lambda moment: moment.isoweekday()),
    "a": lambda moment, _width: moment.strftime("%p"),
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "K": _number(lambda moment: moment.hour % 12),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": _number(lambda moment: moment.microsecond // 1000),
    "z": lambda moment, _width: moment.strftime("%Z"),
    "Z": _offset,
    "X": _iso_offset,
}
"""The letters of a pattern; those of weeks of a year or month, which no log needs, are refused like unknown ones."""
