"""Reads the JSON files that tools are given, with the words of Kafka's reader and of Jackson below it.

As there, a number is an integer only where it is written as one and fits, and what follows the first value is ignored.
"""

from __future__ import annotations

import json
from typing import Any

from ottla.cli.failures import ToolError
from ottla.cli.java_failures import Failure

JsonNode = Any
"""A value as Python's `json` reads it."""

_JACKSON = "com.fasterxml.jackson"
_SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_PARSE_FAILURE = f"{_JACKSON}.core.JsonParseException"
_EARLY_END = f"{_JACKSON}.core.io.JsonEOFException"
_PARSE_FAILURES = frozenset({_PARSE_FAILURE, _EARLY_END})
_CLOSERS = {"{": "}", "[": "]"}
_KINDS = {"{": "Object", "[": "Array"}
_MISSING = object()
"""What blank text holds: a node that prints as nothing."""


def parse_json(text: str) -> JsonNode:
    """Read a text (`Json.tryParseFull`). Raises ToolError with Jackson's words where it is no JSON."""
    if not text:
        raise _parse_failure(
            "The input string shouldn't be empty\n at [Source: UNKNOWN; byte offset: #UNKNOWN]"
        )
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        return _MISSING
    try:
        node, _ = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _syntax_failure(error.msg, text, error.pos) from error
    except _ConstantError as error:
        place = text.index(str(error), start)
        raise _syntax_failure("Expecting value", text, place) from error
    return node


def print_json(value: JsonNode) -> str:
    """Return a value as Jackson prints it: on one line, without spaces."""
    if value is _MISSING:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_object(node: JsonNode) -> dict[str, JsonNode]:
    """Return a node that is an object; raises ToolError for any other."""
    if not isinstance(node, dict):
        raise _mapping_failure(f"Expected JSON object, received {print_json(node)}")
    return node


def as_array(node: JsonNode) -> list[JsonNode]:
    """Return a node that is an array; raises ToolError for any other."""
    if not isinstance(node, list):
        raise _mapping_failure(f"Expected JSON array, received {print_json(node)}")
    return node


def member(node: dict[str, JsonNode], name: str) -> JsonNode:
    """Return a field of an object; raises ToolError where it is missing."""
    if name not in node:
        raise _mapping_failure(f"No such field exists: `{name}`")
    return node[name]


def as_integer(node: JsonNode) -> int:
    """Return a node that is an integer of 32 bits; raises ToolError for any other."""
    if not isinstance(node, int) or isinstance(node, bool) or not -(1 << 31) <= node < 1 << 31:
        raise _unexpected("Integer", node)
    return node


def as_long(node: JsonNode) -> int:
    """Return a node that is an integer of 64 bits; raises ToolError for any other."""
    if not isinstance(node, int) or isinstance(node, bool) or not -(1 << 63) <= node < 1 << 63:
        raise _unexpected("Long", node)
    return node


def as_string(node: JsonNode) -> str:
    """Return a node that is a text; raises ToolError for any other."""
    if not isinstance(node, str):
        raise _unexpected("String", node)
    return node


def as_integers(node: JsonNode) -> list[int]:
    """Return a node that is an array of integers; raises ToolError for any other."""
    return [as_integer(each) for each in _as_list(node)]


def as_strings(node: JsonNode) -> list[str]:
    """Return a node that is an array of texts; raises ToolError for any other."""
    return [as_string(each) for each in _as_list(node)]


def is_parse_failure(failure: Failure) -> bool:
    """Tell whether a failure is that of a text that is no JSON."""
    return isinstance(failure, ToolError) and failure.java_class in _PARSE_FAILURES


def _as_list(node: JsonNode) -> list[JsonNode]:
    if not isinstance(node, list):
        raise _unexpected("JSON array", node)
    return node


def _unexpected(wanted: str, node: JsonNode) -> ToolError:
    return _mapping_failure(f"Expected `{wanted}` value, received {print_json(node)}")


def _mapping_failure(message: str) -> ToolError:
    return ToolError(f"{_JACKSON}.databind.JsonMappingException", message)


def _parse_failure(message: str) -> ToolError:
    return ToolError(_PARSE_FAILURE, message)


class _ConstantError(Exception):
    """A number such as NaN, which Python reads and JSON does not have."""


def _refuse_constant(name: str) -> None:
    raise _ConstantError(name)


def _syntax_failure(problem: str, text: str, place: int) -> ToolError:
    """Return Jackson's failure for the problem that Python has found at a place of the text."""
    opened = _open_brackets(text, place)
    if place >= len(text) or problem.startswith("Unterminated string"):
        return ToolError(_EARLY_END, _end_words(problem, text, opened))
    kind = _KINDS[text[opened[-1]]] if opened else ""
    return _parse_failure(_syntax_words(problem, text, place, kind))


def _syntax_words(problem: str, text: str, place: int, kind: str) -> str:
    letter = text[place]
    if problem == "Expecting value" and (letter.isalnum() or letter in "_$"):
        end = place
        while end < len(text) and (text[end].isalnum() or text[end] in "_$"):
            end += 1
        return _at(f"Unrecognized token '{text[place:end]}': was expecting {_VALUES}", text, end)
    expectations = {
        "Expecting value": f"expected a valid value {_VALUES}",
        "Expecting ',' delimiter": f"was expecting comma to separate {kind} entries",
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    }
    wanted = expectations.get(problem, "was expecting double-quote to start field name")
    return _at(f"Unexpected character ('{letter}' (code {ord(letter)})): {wanted}", text, place)


def _end_words(problem: str, text: str, opened: list[int]) -> str:
    if problem.startswith("Unterminated string"):
        in_name = opened and text[opened[-1]] == "{" and _awaits_name(text, opened[-1])
        wanted = " in field name" if in_name else ": was expecting closing quote for a string value"
        return _at(f"Unexpected end-of-input{wanted}", text, len(text))
    if not opened:
        return _at("Unexpected end-of-input", text, len(text))
    kind = _KINDS[text[opened[-1]]]
    marker = _source(text, opened[-1])
    return _at(
        f"Unexpected end-of-input: expected close marker for {kind} (start marker at {marker})",
        text,
        len(text),
    )


def _awaits_name(text: str, start: int) -> bool:
    """Tell whether the string that the text ends in is a name: no colon stands before it."""
    last_quote = text.rindex('"', start)
    return text[start:last_quote].rstrip()[-1:] in {"{", ","}


def _at(words: str, text: str, place: int) -> str:
    return f"{words}\n at {_source(text, place)}"


def _source(text: str, place: int) -> str:
    line = text.count("\n", 0, place) + 1
    column = place - (text.rfind("\n", 0, place) + 1) + 1
    return _SOURCE.format(line, column)


def _open_brackets(text: str, end: int) -> list[int]:
    """Return where the brackets stand that are open at a place of the text."""
    opened: list[int] = []
    position = 0
    while position < end:
        letter = text[position]
        if letter == '"':
            position = _string_end(text, position, end)
        elif letter in _CLOSERS:
            opened.append(position)
        elif opened and letter == _CLOSERS[text[opened[-1]]]:
            opened.pop()
        position += 1
    return opened


def _string_end(text: str, start: int, end: int) -> int:
    position = start + 1
    while position < end and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position
