"""Compiles the regular expressions of Java's `Pattern` that users write to choose topics.

Python's are nearly the same. What differs is translated where it can be, and refused where Java refuses it; unions and
intersections of character classes are refused too, since Python would read them as something else.
"""

from __future__ import annotations

import re

from ottla.cli.failures import ToolError

_NAMED_CLASSES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "XDigit": "0-9a-fA-F",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Space": r" \t\n\x0b\f\r",
    "Cntrl": r"\x00-\x1f\x7f",
    "ASCII": r"\x00-\x7f",
    "L": "a-zA-Z",
    "Ll": "a-z",
    "Lu": "A-Z",
    "N": "0-9",
    "Nd": "0-9",
    "IsAlphabetic": "a-zA-Z",
    "IsDigit": "0-9",
}
"""What `\\p{...}` stands for; names of topics are ASCII, so that more than ASCII is never asked for."""

_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|\\(?P<case>[pP])\{(?P<name>\w+)\}"
    r"|\\(?P<escape>.)"
    r"|(?P<repetition>\{[0-9]+(?:,[0-9]*)?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ESCAPES = {"z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[ \t]", "e": r"\x1b"}
_PYTHON_ONLY = re.compile(r"\(\?(?:P|#|\()")


def compile_java_regex(text: str) -> re.Pattern[str]:
    """Compile a regular expression that was written for Java. Raises ValueError where it is none.

    Raises ToolError for what Java knows and this cannot do.
    """
    if _PYTHON_ONLY.search(text):
        raise ValueError(text)
    parts: list[str] = []
    in_class = False
    for token in _TOKEN.finditer(text):
        letter = token["other"]
        if letter == "[" and in_class:
            raise _cannot_combine(text)
        if letter == "&" and in_class and parts[-1] == "&":
            raise _cannot_combine(text)
        if letter == "{" and not in_class:
            raise ValueError(text)
        parts.append(_translate(token, in_class=in_class))
        in_class = letter == "[" or (in_class and letter != "]")
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error as error:
        raise ValueError(text) from error


def _translate(token: re.Match[str], *, in_class: bool) -> str:
    if token["quoted"] is not None:
        return re.escape(token["quoted"])
    if token["name"] is not None:
        return _named_class(token["name"], is_negated=token["case"] == "P", in_class=in_class)
    if token["escape"] is not None:
        return _ESCAPES.get(token["escape"], token[0])
    return token[0]


def _named_class(name: str, *, is_negated: bool, in_class: bool) -> str:
    members = _NAMED_CLASSES.get(name)
    if members is None or (is_negated and in_class):
        raise ValueError(name)
    if in_class:
        return members
    return f"[^{members}]" if is_negated else f"[{members}]"


def _cannot_combine(text: str) -> ToolError:
    return ToolError(
        "java.lang.UnsupportedOperationException",
        f"{text}: a character class within another, or && between two, is not supported here",
    )
