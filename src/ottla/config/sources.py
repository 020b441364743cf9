"""Where settings come from: .properties and .yaml files, and `--override key=value`; each remembers its
place.

Files are parsed by Java's rules for .properties. A YAML file holds the same keys, flat or nested: nested
keys are joined with dots. `environment` reads the variables that go between file and `--override`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ottla.config.option import ConfigError
from ottla.config.setting import Setting, Settings

OVERRIDE_ORIGIN = "--override"
EMBEDDED_ORIGIN = "embedded default"

EMBEDDED_SETTINGS: Settings = {
    key: Setting(text, EMBEDDED_ORIGIN)
    for key, text in {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": "PLAINTEXT://localhost:9092",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": "./ottla-data",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
    }.items()
}
"""The settings of a start without a file: one node, reachable from this machine only."""


def read_settings(content: bytes, file_name: str) -> dict[str, Setting]:
    """Parse a configuration file by the ending of its name: .yaml and .yml as YAML, all else as .properties.

    A .properties file is Latin-1, as Java reads it; YAML is UTF-8. Raises ConfigError naming the file and the
    line where it cannot be read.
    """
    if not file_name.endswith((".yaml", ".yml")):
        return read_properties(content.decode("latin-1"), file_name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file_name}: not UTF-8 at byte {error.start}") from error
    # Loaded late: it is a twentieth of a start, and most configurations are .properties.
    from ottla.config.yaml_settings import read_yaml  # noqa: PLC0415

    return read_yaml(text, file_name)


def parse_overrides(arguments: Iterable[str]) -> dict[str, Setting]:
    """Parse `key=value` arguments; the last one of a key counts, and an empty value is allowed.

    Raises ConfigError for an argument without `=` or without a key.
    """
    settings = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--override {argument}: expected key=value")
        settings[key.strip()] = Setting(value.strip(), OVERRIDE_ORIGIN)
    return settings


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = " \t\f"


def read_properties(text: str, file_name: str) -> dict[str, Setting]:
    """Parse the text of a .properties file as `java.util.Properties.load` does; later lines win.

    A line that ends in an odd number of backslashes goes on in the next; `=`, `:` or blanks end the key;
    lines that start with `#` or `!` are comments. Raises ConfigError for a malformed `\\u` escape, as Java
    refuses it.
    """
    settings = {}
    for number, line in _logical_lines(text):
        key, value = _split_property(line)
        origin = f"{file_name}:{number}"
        settings[_unescape(key, origin)] = Setting(_unescape(value, origin), origin)
    return settings


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Join continued lines; return each with its first line's number, without comments and blank lines."""
    lines: list[tuple[int, str]] = []
    pending: tuple[int, str] | None = None
    for number, natural in enumerate(_LINE_END.split(text), start=1):
        stripped = natural.lstrip(_BLANKS)
        if pending is None and (not stripped or stripped[0] in "#!"):
            continue
        first, before = pending if pending is not None else (number, "")
        joined = before + stripped
        if _continues(stripped):
            pending = (first, joined[:-1])
        else:
            pending = None
            lines.append((first, joined))
    if pending is not None:
        lines.append(pending)
    return [(number, line) for number, line in lines if line]


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _split_property(line: str) -> tuple[str, str]:
    end = 0
    while end < len(line) and line[end] not in "=:" + _BLANKS:
        end += 2 if line[end] == "\\" else 1
    rest = line[end:].lstrip(_BLANKS)
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(_BLANKS)
    return line[:end], rest


def _unescape(text: str, origin: str) -> str:
    if "\\" not in text:
        return text
    parts = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character != "\\" or position == len(text):
            if character != "\\":
                parts.append(character)
            continue
        escape = text[position]
        position += 1
        if escape == "u":
            digits = text[position : position + 4]
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                raise ConfigError(f"{origin}: Malformed \\uxxxx encoding.")
            parts.append(chr(int(digits, 16)))
            position += 4
        else:
            parts.append(_ESCAPES.get(escape, escape))
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
