"""Reads options as joptsimple 5.0.4 does, the library behind most of Apache Kafka's command-line tools.

A tool's rows of options are the truth: reading, checks and the table that goes with a usage error all follow them.
As there, a value is only converted when it is asked for, abbreviations are no options, and `-topic`, `--topic=x` and
`--topic x` are the same. What Kafka's `CommandLineUtils` adds, the checks and their messages, are methods of `Parsed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ottla.cli.failures import ToolError, UsageError, VersionRequestedError, illegal_argument
from ottla.cli.option_table import two_columns

REQUIRED = "required"
OPTIONAL = "optional"
"""What `Opt.takes` says of an option's value; the empty text stands for an option without one."""

_TERMINATOR = "--"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: how to read it (ValueError for what cannot be read), and what the table calls it."""

    shown: str
    read: Callable[[str], Any]
    is_number: bool = False


def _whole_number(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise ValueError(text)
        number = int(text)
        if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
            raise ValueError(text)
        return number

    return read


def _fraction(text: str) -> float:
    trimmed = text.strip()
    if re.fullmatch(r"[+-]?(NaN|Infinity)", trimmed):
        return float(trimmed)
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?", trimmed):
        raise ValueError(text)
    return float(trimmed.rstrip("dDfF"))


STRING = Kind("String", str)
INTEGER = Kind("Integer", _whole_number(32), is_number=True)
LONG = Kind("Long", _whole_number(64), is_number=True)
DOUBLE = Kind("Double", _fraction, is_number=True)
BOOLEAN = Kind("Boolean", lambda text: text.lower() == "true")


@dataclass(frozen=True, slots=True)
class Opt:
    """An option: its name without dashes, what it does, and what it takes."""

    name: str
    help: str
    takes: str = ""
    """REQUIRED or OPTIONAL for a value."""
    shown: str = ""
    """What the table calls the value."""
    kind: Kind = STRING
    default: Any = None
    """The value where none is given; None for none."""
    separator: str = ""
    """The character that values in one argument may be separated by."""
    synonyms: tuple[str, ...] = ()
    """Names that mean the same: those that later or earlier versions of Kafka have for it. No table shows them."""
    required: bool = False
    available_if: tuple[str, ...] = ()
    """The options of which one has to be given beside it, where there are any."""
    is_for_help: bool = False

    def tokens(self, text: str) -> list[str]:
        """Return the values that an argument stands for; none where it has nothing but separators."""
        return [token for token in (text.split(self.separator) if self.separator else [text]) if token]

    def can_read(self, text: str) -> bool:
        """Tell whether an argument can be converted."""
        try:
            for token in self.tokens(text):
                self.kind.read(token)
        except ValueError:
            return False
        return True


HELP = Opt("help", "Print this.", is_for_help=True)
VERSION = Opt("version", "Print the version of Apache Kafka that this tool is like.", is_for_help=True)


class OptionError(ToolError):
    """Options that joptsimple refuses. What a tool makes of it differs, as with every other failure."""

    def __init__(self, java_class: str, message: str) -> None:
        super().__init__(f"joptsimple.{java_class}", message)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The options that were given, by their names, and what is no option."""

    rows: Mapping[str, Opt]
    argument_count: int
    given: Mapping[str, list[str]]
    """The arguments of each option that was given; empty for one without a value."""
    operands: tuple[str, ...]
    occurrences: tuple[str, ...] = ()
    """The names of the options in the order given, each as often as it was given (`OptionSet.specs`)."""

    def has(self, name: str) -> bool:
        """Tell whether an option was given."""
        return self.rows[name].name in self.given

    def has_value(self, name: str) -> bool:
        """Tell whether an option was given with a value."""
        return bool(self.given.get(self.rows[name].name))

    def values(self, name: str) -> list[Any]:
        """Return all values of an option, or its default. Raises OptionError for what cannot be converted."""
        row = self.rows[name]
        texts = self.given.get(name)
        if not texts:
            return [] if row.default is None else [row.default]
        return [self._read(row, text) for text in texts]

    def value(self, name: str) -> Any:
        """Return the one value of an option, its default, or None. Raises OptionError where there are several."""
        found = self.values(name)
        if len(found) > 1:
            raise OptionError(
                "MultipleArgumentsForOptionException",
                f"Found multiple arguments for option {name}, but you asked for only one",
            )
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """Return `value` of an option that is a STRING."""
        found: str | None = self.value(name)
        return found

    def texts(self, name: str) -> list[str]:
        """Return `values` of an option that is a STRING."""
        return self.values(name)

    def number(self, name: str) -> int | None:
        """Return `value` of an option that is an INTEGER or LONG."""
        found: int | None = self.value(name)
        return found

    @staticmethod
    def _read(row: Opt, text: str) -> Any:
        try:
            return row.kind.read(text)
        except ValueError as error:
            raise OptionError(
                "OptionArgumentConversionException", f"Cannot parse argument '{text}' of option {row.name}"
            ) from error

    def usage_error(self, message: str) -> UsageError:
        """Return, to be raised, the error that prints a message and the table (`printUsageAndExit`)."""
        return UsageError(message, usage_table(self.rows.values()))

    def check_help_and_version(self, message: str) -> None:
        """Raise UsageError with `message`, what the tool is for, without arguments too; or VersionRequestedError."""
        if not self.argument_count or self.has("help"):
            raise self.usage_error(message)
        if self.has("version"):
            raise VersionRequestedError

    def check_required(self, *names: str) -> None:
        """Raise UsageError for the first option that is not given (`checkRequiredArgs`)."""
        for name in names:
            if not self.has(name):
                raise self.usage_error(f'Missing required argument "[{name}]"')

    def check_invalid(self, used: str, *invalid: str) -> None:
        """Raise UsageError for the first of `invalid` given beside `used` (`checkInvalidArgs`).

        Where the tool hands over a set, give `java_set_order` of the names.
        """
        if self.has(used):
            for name in invalid:
                if self.has(name):
                    raise self.usage_error(f'Option "[{used}]" can\'t be used with option "[{name}]"')

    def check_invalid_set(self, used: Iterable[str], invalid: Iterable[str], more: str = "") -> None:
        """Raise UsageError for the first of `invalid` given beside all of `used` (`checkInvalidArgsSet`)."""
        combination = self.java_set_order(used)
        if all(self.has(name) for name in combination):
            shown = ", ".join(f"[{name}]" for name in combination)
            for name in self.java_set_order(invalid):
                if self.has(name):
                    raise self.usage_error(
                        f'Option combination "[{shown}]" can\'t be used with option "[{name}]"{more}'
                    )

    def check_bootstrap(
        self, server: str = "bootstrap-server", controller: str = "bootstrap-controller"
    ) -> None:
        """Raise UsageError unless exactly one of both addresses is given (`initializeBootstrapProperties`)."""
        if self.has(server) and self.has(controller):
            raise self.usage_error("You cannot specify both --bootstrap-controller and --bootstrap-server.")
        if not self.has(server) and not self.has(controller):
            raise self.usage_error("You must specify either --bootstrap-controller or --bootstrap-server.")

    def java_set_order(self, names: Iterable[str]) -> list[str]:
        """Return names in the order in which Java's HashSet of their options yields them.

        That order decides which of several conflicts a tool reports.
        """
        rows = [self.rows[name] for name in dict.fromkeys(names)]
        capacity = 16
        while len(rows) > capacity * 3 // 4:
            capacity *= 2
        return [row.name for row in sorted(rows, key=lambda row: _bucket(row, capacity))]

    def merge_into(self, properties: dict[str, str], key: str, name: str) -> None:
        """Put an option's value into properties, its default only where they have none (`maybeMergeOptions`)."""
        if self.has(name) or key not in properties:
            value = self.value(name)
            if value is None:
                properties.pop(key, None)
            else:
                properties[key] = str(value).lower() if isinstance(value, bool) else str(value)


def parse(rows: Iterable[Opt], arguments: Sequence[str]) -> Parsed:
    """Read the arguments of a tool, which has --help and --version besides its own rows. Raises OptionError."""
    reading = _Reading({row.name: row for row in (HELP, VERSION, *rows)}, list(arguments))
    reading.read_all()
    parsed = Parsed(
        reading.rows, len(arguments), reading.given, tuple(reading.operands), tuple(reading.occurrences)
    )
    if not any(row.is_for_help and parsed.has(row.name) for row in parsed.rows.values()):
        _check_missing(parsed)
        _check_unavailable(parsed)
    return parsed


def parse_or_show_usage(rows: Iterable[Opt], arguments: Sequence[str]) -> Parsed:
    """Read the arguments of a tool that answers what joptsimple refuses with its table. Raises UsageError."""
    try:
        return parse(rows, arguments)
    except OptionError as error:
        raise UsageError(str(error), usage_table((HELP, VERSION, *rows))) from error


def usage_table(rows: Iterable[Opt]) -> str:
    """Return the table of options that stands behind every usage error, sorted by name."""
    shown = sorted(rows, key=lambda row: row.name)
    if any(row.required for row in shown):
        lines = [("Option (* = required)", "Description"), ("-" * 21, "-" * 11)]
    else:
        lines = [("Option", "Description"), ("-" * 6, "-" * 11)]
    lines += [(_left_column(row), _right_column(row)) for row in shown]
    return two_columns(lines)


def key_values(texts: Iterable[str], *, accepts_missing: bool = True) -> dict[str, str]:
    """Return the properties in texts such as `key=value` (`parseKeyValueArgs`). Raises ToolError without a value."""
    properties: dict[str, str] = {}
    for text in texts:
        key, _, value = text.partition("=")
        if not value and not accepts_missing:
            raise illegal_argument(f"Missing value for key {key}}}")
        properties[key] = value
    return properties


class _Reading:
    """The arguments of a tool while they are read."""

    def __init__(self, rows: dict[str, Opt], arguments: list[str]) -> None:
        self.rows = rows
        self.by_name = rows | {name: row for row in rows.values() for name in row.synonyms}
        self.arguments = arguments
        self.position = 0
        self.given: dict[str, list[str]] = {}
        self.operands: list[str] = []
        self.occurrences: list[str] = []

    def read_all(self) -> None:
        """Read everything; raises OptionError."""
        while self.position < len(self.arguments):
            argument = self._next()
            if argument == _TERMINATOR:
                self.operands += self.arguments[self.position :]
                return
            if argument.startswith("--"):
                self._read_long(argument[2:])
            elif _looks_like_option(argument):
                self._read_short(argument[1:])
            else:
                self.operands.append(argument)

    def _next(self) -> str:
        self.position += 1
        return self.arguments[self.position - 1]

    def _read_long(self, body: str) -> None:
        name, equals, value = body.partition("=")
        self._take(self._row(name), value if equals else None)

    def _read_short(self, body: str) -> None:
        """Read what follows one dash: a name in full, or letters of which the first with a value takes the rest."""
        name, equals, value = body.partition("=")
        if name in self.by_name:
            self._take(self.by_name[name], value if equals else None)
            return
        for letter in body:
            if self._row(letter).takes:
                break
        for index, letter in enumerate(body, start=1):
            row = self._row(letter)
            if row.takes:
                self._take(row, body[index:] or None)
                return
            self._take(row, None)

    def _row(self, name: str) -> Opt:
        row = self.by_name.get(name)
        if row is None:
            raise OptionError("UnrecognizedOptionException", f"{name} is not a recognized option")
        return row

    def _take(self, row: Opt, value: str | None) -> None:
        self.occurrences.append(row.name)
        texts = self.given.setdefault(row.name, [])
        if not row.takes:
            return
        if value is None:
            value = self._following_value(row)
        if value is not None:
            texts += row.tokens(value) or [value]

    def _following_value(self, row: Opt) -> str | None:
        """Return the argument behind an option that is its value; None where an optional value is not there."""
        if self.position == len(self.arguments):
            if row.takes == REQUIRED:
                raise OptionError(
                    "OptionMissingRequiredArgumentException", f"Option {row.name} requires an argument"
                )
            return None
        if row.takes == OPTIONAL:
            following = self.arguments[self.position]
            if not row.can_read(following) or (_looks_like_option(following) and not row.kind.is_number):
                return None
        return self._next()


def _looks_like_option(argument: str) -> bool:
    return argument.startswith("-") and argument not in {"-", _TERMINATOR}


def _check_missing(parsed: Parsed) -> None:
    missing = [row.name for row in parsed.rows.values() if row.required and not parsed.has(row.name)]
    if missing:
        raise OptionError(
            "MissingRequiredOptionsException", f"Missing required option(s) [{', '.join(missing)}]"
        )


def _check_unavailable(parsed: Parsed) -> None:
    unavailable = [
        row.name
        for row in parsed.rows.values()
        if row.available_if
        and parsed.has(row.name)
        and not any(parsed.has(other) for other in row.available_if)
    ]
    if unavailable:
        raise OptionError(
            "UnavailableOptionException",
            f"Option(s) [{', '.join(unavailable)}] are unavailable given other options on the command line",
        )


def _bucket(row: Opt, capacity: int) -> int:
    """Return where Java's HashSet of so many buckets puts an option."""
    hashed = 0
    for letter in row.name:
        hashed = (31 * hashed + ord(letter)) & 0xFFFFFFFF
    # The hash of a list of one name, which a spec with an optional value varies.
    hashed = ((31 + hashed) & 0xFFFFFFFF) ^ (row.takes == OPTIONAL)
    return (hashed ^ hashed >> 16) & (capacity - 1)


def _left_column(row: Opt) -> str:
    mark = "* " if row.required else ""
    name = f"{mark}--{row.name}" if len(row.name) > 1 else f"{mark}-{row.name}"
    if not row.takes:
        return name
    words = f"{row.kind.shown}: {row.shown}" if row.shown else row.kind.shown
    return f"{name} <{words}>" if row.takes == REQUIRED else f"{name} [{words}]"


def _right_column(row: Opt) -> str:
    if row.default is None:
        return row.help
    shown = str(row.default).lower() if isinstance(row.default, bool) else str(row.default)
    return f"{row.help} (default: {shown})".strip()
