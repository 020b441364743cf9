"""Compiles the regular expressions of Java's `Pattern` that users write to choose topics and clients.

Python's are nearly the same. What differs is translated where it can be, and refused where Java refuses it; unions and
intersections of character classes, and some flags, are refused too, since Python would read them as something else.
"""

from __future__ import annotations

import re

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
"""What `\\p{...}` stands for; names of topics, and nearly all of clients, are ASCII."""

_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|\\(?P<case>[pP])(?:\{(?P<name>[\w=]+)\}|(?P<letter>\w))"
    r"|\\k<(?P<reference>[a-zA-Z][a-zA-Z0-9]*)>"
    r"|\\(?P<escape>.)"
    r"|\(\?<(?P<group>[a-zA-Z][a-zA-Z0-9]*)>"
    r"|\(\?(?P<flags>[a-zA-Z]*(?:-[a-zA-Z]+)?)(?P<flags_end>[:)])"
    r"|(?P<repetition>\{[0-9]+(?:,[0-9]*)?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ESCAPES = {"z": r"\Z", "Z": r"(?=\n?\Z)", "e": r"\x1b"}
_ESCAPES_OUTSIDE = {
    "h": r"[ \t]",
    "H": r"[^ \t]",
    "v": r"[\n\x0b\f\r]",
    "V": r"[^\n\x0b\f\r]",
    "R": r"(?:\r\n|[\n\x0b\f\r])",
}
_ONLY_JAVAS_ESCAPES = frozenset("hHVGNRX")
_ONLY_JAVAS_CLASSES = re.compile(
    r"(?:Is|In|java)\w+|[LMNZCPS][a-zC]?|L1|(?:sc|script|blk|block|gc|general_category)=\w+"
)
"""Names of classes that Java may know: scripts, blocks, categories and its own properties."""
_PYTHON_ONLY = re.compile(r"\(\?(?:P|#|\()")
_FLAGS = frozenset("idmsuxU-")
_FLAGS_OF_BOTH = frozenset("imsx-")


class UnsupportedRegexError(Exception):
    """An expression that Java knows and this cannot do."""


def compile_java_regex(text: str) -> re.Pattern[str]:
    """Compile a regular expression that was written for Java.

    Raises ValueError where it is none, and UnsupportedRegexError for what Java knows and this cannot do.
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
        if token["flags"] and not in_class:
            _check_flags(text, token)
        parts.append(_translate(text, token, in_class=in_class))
        in_class = letter == "[" or (in_class and letter != "]")
    try:
        return re.compile("".join(parts), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(text) from error


def _translate(text: str, token: re.Match[str], *, in_class: bool) -> str:
    if token["quoted"] is not None:
        return re.escape(token["quoted"])
    if token["case"] is not None:
        return _named_class(text, token["name"] or token["letter"], token["case"] == "P", in_class)
    if token["group"] is not None and not in_class:
        return f"(?P<{token['group']}>"
    if token["reference"] is not None and not in_class:
        return f"(?P={token['reference']})"
    if token["escape"] is not None:
        return _escape(text, token["escape"], in_class)
    return token[0]


def _escape(text: str, letter: str, in_class: bool) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter in _ESCAPES_OUTSIDE and not in_class:
        return _ESCAPES_OUTSIDE[letter]
    if letter in _ONLY_JAVAS_ESCAPES:
        raise UnsupportedRegexError(f"{text}: \\{letter} is not supported here")
    return f"\\{letter}"


def _named_class(text: str, name: str, is_negated: bool, in_class: bool) -> str:
    members = _NAMED_CLASSES.get(name)
    if members is None and not _ONLY_JAVAS_CLASSES.fullmatch(name):
        raise ValueError(text)
    if members is None or (is_negated and in_class):
        raise UnsupportedRegexError(f"{text}: the class {name} is not supported here")
    if in_class:
        return members
    return f"[^{members}]" if is_negated else f"[{members}]"


def _check_flags(text: str, token: re.Match[str]) -> None:
    """Let flags pass that mean the same to Python: Java's may begin anywhere, and end with the group around them."""
    letters = set(token["flags"])
    if letters - _FLAGS:
        raise ValueError(text)
    is_for_all = token["flags_end"] == ")"
    if letters - _FLAGS_OF_BOTH or (is_for_all and (token.start() > 0 or "-" in letters)):
        raise UnsupportedRegexError(f"{text}: the flags {token[0]} are not supported here")


def _cannot_combine(text: str) -> UnsupportedRegexError:
    return UnsupportedRegexError(
        f"{text}: a character class within another, or && between two, is not supported here"
    )
