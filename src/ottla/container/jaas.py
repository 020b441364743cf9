"""Login configurations in Java's form: a file of named entries, and the value of a `sasl.jaas.config`.

The grammar is that of `javax.security.auth.login.Configuration`: `Name { Module flag key="value" ...; ... };`. The
texts of refusals are those of Kafka's `JaasContext` and `JaasConfig`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CONTROL_FLAGS = ("required", "requisite", "sufficient", "optional")
SERVER_ENTRY = "KafkaServer"


class JaasError(Exception):
    """A login configuration that cannot be used."""


@dataclass(frozen=True, slots=True)
class LoginModule:
    """One module of an entry: its Java class, how much its success counts, and its options."""

    class_name: str
    control_flag: str
    options: Mapping[str, str]


_TOKEN = re.compile(
    r"""
    (?P<skipped>\s+|//[^\n]*|/\*.*?\*/)
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | (?P<sign>[{};=])
    | (?P<word>[^\s{};="']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_login_file(text: str) -> dict[str, tuple[LoginModule, ...]]:
    """Return the entries of a login file by name. Raises JaasError that names the line."""
    tokens = _Tokens(text)
    entries: dict[str, tuple[LoginModule, ...]] = {}
    while tokens.has_more:
        name = tokens.word("a name")
        if name in entries:
            raise JaasError(f"Configuration Error:\n\tCan not specify multiple entries for {name}")
        tokens.sign("{")
        modules = []
        while not tokens.takes("}"):
            modules.append(_module(tokens))
        tokens.sign(";")
        entries[name] = tuple(modules)
    return entries


def parse_login_value(text: str) -> tuple[LoginModule, ...]:
    """Return the modules that the value of a `sasl.jaas.config` names. Raises JaasError."""
    tokens = _Tokens(text)
    modules = []
    while tokens.has_more:
        modules.append(_module(tokens))
    if not modules:
        raise JaasError("Login module not specified in JAAS config")
    return tuple(modules)


def server_login(
    entries: Mapping[str, tuple[LoginModule, ...]], listener_name: str, path: str
) -> tuple[LoginModule, ...]:
    """Return the entry that counts for a listener of the broker: its own, else the one for all.

    Raises JaasError where there is neither.
    """
    own = f"{listener_name.lower()}.{SERVER_ENTRY}"
    modules = entries.get(own) or entries.get(SERVER_ENTRY)
    if not modules:
        raise JaasError(
            f"Could not find a '{SERVER_ENTRY}' or '{own}' entry in the JAAS configuration. System property "
            f"'java.security.auth.login.config' is {path}"
        )
    return modules


def _module(tokens: _Tokens) -> LoginModule:
    class_name = tokens.word("a login module")
    if tokens.takes(";") or not tokens.has_more:
        raise JaasError("Login module control flag not specified in JAAS config")
    flag = tokens.word("a control flag")
    if flag.lower() not in CONTROL_FLAGS:
        raise JaasError(f"Invalid login module control flag '{flag}' in JAAS config")
    options: dict[str, str] = {}
    while not tokens.takes(";"):
        if not tokens.has_more:
            raise JaasError("JAAS config entry not terminated by semi-colon")
        key = tokens.word("an option")
        if not tokens.takes("="):
            raise JaasError(f"Value not specified for key '{key}' in JAAS config")
        if tokens.takes(";") or not tokens.has_more:
            raise JaasError(f"Value not specified for key '{key}' in JAAS config")
        options[key] = tokens.value()
    return LoginModule(class_name, flag.lower(), options)


class _Tokens:
    """The words and signs of a configuration, from the first to the last."""

    def __init__(self, text: str) -> None:
        self._found: list[tuple[str, str, int]] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise JaasError(
                    f"Configuration Error:\n\tLine {_line(text, position)}: a quotation does not end"
                )
            kind = str(match.lastgroup)
            if kind != "skipped":
                content = match[kind]
                if kind in {"quoted", "single"}:
                    content = _ESCAPE.sub(r"\1", content)
                self._found.append((kind, content, _line(text, position)))
            position = match.end()
        self._next = 0

    @property
    def has_more(self) -> bool:
        return self._next < len(self._found)

    def takes(self, sign: str) -> bool:
        """Go past a sign if it is the next; tell whether it was."""
        if self.has_more and self._found[self._next][:2] == ("sign", sign):
            self._next += 1
            return True
        return False

    def sign(self, sign: str) -> None:
        if not self.takes(sign):
            raise self._unexpected(f"'{sign}'")

    def word(self, expected: str) -> str:
        if not self.has_more or self._found[self._next][0] == "sign":
            raise self._unexpected(expected)
        return self._take()

    def value(self) -> str:
        """Return the text of an option's value, quoted or not."""
        return self.word("a value")

    def _take(self) -> str:
        _, content, _ = self._found[self._next]
        self._next += 1
        return content

    def _unexpected(self, expected: str) -> JaasError:
        if not self.has_more:
            return JaasError(f"Configuration Error:\n\texpected {expected}, and the text ends")
        _, content, line = self._found[self._next]
        return JaasError(f"Configuration Error:\n\tLine {line}: expected {expected}, found '{content}'")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
