"""What stands for something else in a case: `$name` for a value, and a few forms for what YAML cannot say.

$topic              the whole string: the value with its type; inside a longer string: its text (`${topic}_x` too)
$now + 3600000      a number and what is added to it or taken from it
{repeat: [x, 500]}  a text many times
{hex: 00ff}         bytes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ottla.types import uuid_to_text

_WHOLE = re.compile(r"^\$([A-Za-z_][\w.]*)$")
_SUM = re.compile(r"^\$([A-Za-z_][\w.]*) ([+-]) (\d+)$")
_INSIDE = re.compile(r"\$(?:\{([\w.]+)\}|([A-Za-z_]\w*(?:\.\w+)*))")


class UnknownNameError(Exception):
    """A `$name` that nothing has given a value."""


def resolve(value: Any, names: Mapping[str, Any]) -> Any:
    """Return a description with every name and form replaced; raises UnknownNameError."""
    if isinstance(value, str):
        return _resolve_text(value, names)
    if isinstance(value, list):
        return [resolve(item, names) for item in value]
    if isinstance(value, Mapping):
        if set(value) == {"repeat"}:
            text, count = resolve(value["repeat"], names)
            return str(text) * int(count)
        if set(value) == {"hex"}:
            return bytes.fromhex(str(resolve(value["hex"], names)))
        if set(value) == {"times"}:
            count, item = value["times"]
            return [resolve(item, {**names, "i": i}) for i in range(int(resolve(count, names)))]
        return {key: resolve(item, names) for key, item in value.items()}
    return value


def at_path(answer: Any, path: str) -> Any:
    """Return what lies at a dotted path of an answer; raises LookupError with the path where nothing does."""
    for part in path.split("."):
        try:
            answer = answer[int(part)] if isinstance(answer, list) else answer[part]
        except (LookupError, TypeError, ValueError):
            raise LookupError(f"nothing lies at {path!r} (stopped at {part!r})") from None
    return answer


def _resolve_text(text: str, names: Mapping[str, Any]) -> Any:
    whole = _WHOLE.match(text)
    if whole:
        return resolve(_named(whole[1], names), names)
    total = _SUM.match(text)
    if total:
        number = int(total[3])
        return _named(total[1], names) + (number if total[2] == "+" else -number)
    return _INSIDE.sub(lambda match: _as_text(_named(match[1] or match[2], names)), text).replace("$$", "$")


def _named(name: str, names: Mapping[str, Any]) -> Any:
    if name in names:
        return names[name]
    first, _, rest = name.partition(".")
    try:
        return at_path(names[first], rest)
    except LookupError:
        raise UnknownNameError(f"${name} has no value; known are {', '.join(sorted(names))}") from None


def _as_text(value: Any) -> str:
    return uuid_to_text(value) if isinstance(value, bytes) and len(value) == 16 else str(value)
