"""How kafka-console-producer reads lines and takes records out of them, as Kafka's `LineMessageReader` does.

Lines end with LF, CR or both, and are UTF-8: bytes that are none become replacement characters. Input is taken in large
pieces, since a line at a time would cost more than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ottla.cli.failures import ToolError
from ottla.cli.tool_clients import KAFKA_EXCEPTION

LONGEST_LINE_BYTES = (1 << 31) - 1
"""As much as a Java string holds; no broker takes a record that is nearly as long."""

Headers: TypeAlias = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class LineRecord:
    """What a line says."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class LineFormat:
    """How a record is laid out in a line: headers, key and value with separators between them."""

    topic: str
    parses_key: bool = False
    key_separator: str = "\t"
    parses_headers: bool = False
    headers_delimiter: str = "\t"
    """Between the headers and what follows."""
    headers_separator: str = ","
    """A regular expression for what is between two headers."""
    headers_key_separator: str = ":"
    ignores_errors: bool = False
    null_marker: str | None = None
    """What stands for a null; None where nothing does."""

    @property
    def is_plain(self) -> bool:
        """Whether the whole line is the value."""
        return not self.parses_key and not self.parses_headers

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> LineFormat:
        """Return the format that the reader's properties describe. Raises ToolError for separators that collide."""
        found = cls(
            topic=properties["topic"],
            parses_key=_is_true(properties, "parse.key"),
            key_separator=properties.get("key.separator", "\t"),
            parses_headers=_is_true(properties, "parse.headers"),
            headers_delimiter=properties.get("headers.delimiter", "\t"),
            headers_separator=properties.get("headers.separator", ","),
            headers_key_separator=properties.get("headers.key.separator", ":"),
            ignores_errors=_is_true(properties, "ignore.error"),
            null_marker=properties.get("null.marker"),
        )
        _compiled(found.headers_separator)
        for one, other in _DIFFERENT:
            if getattr(found, _ATTRIBUTES[one]) == getattr(found, _ATTRIBUTES[other]):
                raise ToolError(KAFKA_EXCEPTION, f"{one} and {other} may not be equal")
        return found


_ATTRIBUTES = {
    "key.separator": "key_separator",
    "headers.delimiter": "headers_delimiter",
    "headers.separator": "headers_separator",
    "headers.key.separator": "headers_key_separator",
    "null.marker": "null_marker",
}

_DIFFERENT = (
    ("headers.delimiter", "headers.separator"),
    ("headers.delimiter", "headers.key.separator"),
    ("headers.separator", "headers.key.separator"),
    ("null.marker", "key.separator"),
    ("null.marker", "headers.separator"),
    ("null.marker", "headers.delimiter"),
    ("null.marker", "headers.key.separator"),
)
"""Which properties must not be equal, in the order in which Kafka's reader complains."""


class LineSplitter:
    """Cuts pieces of input into lines; what a piece ends with waits for the next one."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._skips_line_feed = False

    def lines_of(self, piece: bytes) -> list[bytes]:
        """Return the lines that end in a piece, without their ends. Raises ToolError for one that is too long."""
        if self._skips_line_feed and piece:
            # A CR has ended a line; an LF behind it belongs to that end.
            piece = piece.removeprefix(b"\n")
            self._skips_line_feed = False
        if not piece:
            return []
        is_ended = piece.endswith((b"\n", b"\r"))
        self._skips_line_feed = piece.endswith(b"\r")
        lines = piece.splitlines()
        if self._waiting and (is_ended or len(lines) > 1):
            lines[0] = b"".join([*self._waiting, lines[0]])
            self._waiting, self._waiting_bytes = [], 0
        if not is_ended:
            rest = lines.pop()
            self._waiting.append(rest)
            self._waiting_bytes += len(rest)
            if self._waiting_bytes > LONGEST_LINE_BYTES:
                raise ToolError("java.lang.OutOfMemoryError", "Required array size too large")
        return _as_utf8(lines)

    def last_line(self) -> list[bytes]:
        """Return the line that the end of the input ends, where there is one."""
        rest, self._waiting = b"".join(self._waiting), []
        return _as_utf8([rest]) if rest else []


def records_of(lines: list[bytes], layout: LineFormat, first_number: int) -> Iterator[LineRecord]:
    """Yield what lines say, which are counted from a number on. Raises ToolError where one does not fit the format."""
    null = None if layout.null_marker is None else _encoded(layout.null_marker)
    if layout.is_plain:
        for line in lines:
            yield LineRecord(None, None if line == null else line)
        return
    headers_delimiter, key_separator = _encoded(layout.headers_delimiter), _encoded(layout.key_separator)
    split_headers = _headers_reader(layout)
    for number, line in enumerate(lines, start=first_number):
        position = 0
        headers: Headers = ()
        if layout.parses_headers:
            found = _part(line, position, headers_delimiter, "headers delimiter", number, layout)
            if found is not None:
                position = len(found) + len(headers_delimiter)
                headers = () if found == null else split_headers(found.decode(), number)
        key = None
        if layout.parses_key:
            key = _part(line, position, key_separator, "key separator", number, layout)
            if key is not None:
                position += len(key) + len(key_separator)
        value = line[position:]
        yield LineRecord(None if key == null else key, None if value == null else value, headers)


def _part(
    line: bytes, start: int, separator: bytes, name: str, number: int, layout: LineFormat
) -> bytes | None:
    """Return what stands before a separator; None where it is missing and that is ignored."""
    end = line.find(separator, start)
    if end >= 0:
        return line[start:end]
    if layout.ignores_errors:
        return None
    raise ToolError(KAFKA_EXCEPTION, f"No {name} found on line number {number}: '{line.decode()}'")


def _headers_reader(layout: LineFormat) -> Callable[[str, int], Headers]:
    pattern = _compiled(layout.headers_separator)
    separator, marker = layout.headers_key_separator, layout.null_marker

    def read(text: str, number: int) -> Headers:
        headers: list[tuple[str, bytes | None]] = []
        for pair in _java_split(pattern, text):
            name, found, value = pair.partition(separator) if separator else ("", separator, pair)
            if not found and separator:
                if not layout.ignores_errors:
                    raise ToolError(
                        KAFKA_EXCEPTION,
                        f"No header key separator found in pair '{pair}' on line number {number}",
                    )
                headers.append((pair, None))
                continue
            if name == marker:
                raise ToolError(
                    KAFKA_EXCEPTION,
                    f"Header keys should not be equal to the null marker '{marker}' as they can't be null",
                )
            headers.append((name, None if value == marker else value.encode()))
        return tuple(headers)

    return read


def _java_split(pattern: re.Pattern[str], text: str) -> list[str]:
    """Split as Java's `Pattern.split`: no empty parts at the end, and none before a match of nothing at the start."""
    parts, start = [], 0
    for match in pattern.finditer(text):
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    if not parts and start == 0:
        return [text]
    parts.append(text[start:])
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise ToolError(
            "java.util.regex.PatternSyntaxException", f"{error.msg} near index {error.pos}"
        ) from error


def _as_utf8(lines: list[bytes]) -> list[bytes]:
    """Return lines of which all are UTF-8; where some bytes were not, they are replaced as Java replaces them."""
    try:
        b"\n".join(lines).decode()
    except UnicodeDecodeError:
        return [line.decode("utf-8", "replace").encode() for line in lines]
    return lines


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_true(properties: Mapping[str, str], name: str) -> bool:
    return properties.get(name, "").strip().lower() == "true"
