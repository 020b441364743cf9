"""Reads the arguments of tools with sub-commands as argparse4j does, the library behind Kafka's own.

Python's argparse is its model and differs where users see it: what is required is named one by one, unknown words are
quoted, abbreviations reach sub-commands, similar names are suggested, and the exit code is 1. The tables of options are
the truth; reading, the usage line and the help all follow them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ottla.cli.similar_names import similar_names

FILE_PREFIX = "@"
"""An argument that begins so names a file with more arguments, one a line."""

_SEPARATOR = "--"
_LINE_WIDTH = 75
_DOUBLE = r"[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?)"
"""What Java reads as a Double, hexadecimal notation left out."""
_FILE_LIMIT = 1000
"""How many files may stand for arguments; a file that names itself ends there."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An option of a command: its flags, the long one first, and what it does.

    Of the arguments of one `group` only one may be given, and where they are `required`, one has to be.
    """

    flags: tuple[str, ...]
    help: str
    takes_value: bool = True
    required: bool = False
    group: str = ""
    is_integer: bool = False
    """Whether its value has to be an integer of 32 bits."""
    number_class: str = ""
    """`Long` or `Double` where its value has to be such a number of Java's."""
    takes_many: bool = False
    """Whether all words up to the next option are its values; at least one has to be."""
    choices: tuple[str, ...] = ()
    """The values that it takes; any where there are none."""
    shown: str = ""
    """What the usage calls its value; by default the name in capitals."""
    synonyms: tuple[str, ...] = ()
    """Flags of later versions of Kafka that mean the same; nothing shows them."""
    is_later: bool = False
    """Whether only later versions of Kafka have it: it has no abbreviations, and is never suggested."""

    @property
    def name(self) -> str:
        """The name of its value: the first flag without dashes, those within turned to underscores."""
        return self.flags[0].lstrip("-").replace("-", "_")

    @property
    def full_name(self) -> str:
        """All flags, as messages name it."""
        return "/".join(self.flags)


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command with its options."""

    name: str
    help: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """What was asked for: the command, and every value given, by the names of the options."""

    name: str
    values: Mapping[str, list[str]]

    def value(self, name: str) -> str | None:
        """Return the last value of an option, None where there is none."""
        given = self.values.get(name)
        return given[-1] if given else None

    def all_values(self, name: str) -> tuple[str, ...]:
        """Return every value of an option that may be given several times."""
        return tuple(self.values.get(name, ()))

    def is_set(self, name: str) -> bool:
        """Tell whether an option was given."""
        return name in self.values


class ArgumentsError(Exception):
    """Arguments that cannot be read; `text` is what standard error gets, usage and suggestions included."""

    def __init__(self, usage: str, program: str, reason: str, similar: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.text = f"{usage}{program}: error: {reason}\n"
        if similar:
            self.text += "\nDid you mean:\n" + "".join(f"\t{name}\n" for name in similar)


class HelpRequestedError(Exception):
    """Somebody asked for help instead; `text` is what standard output gets."""

    def __init__(self, text: str) -> None:
        super().__init__("help was asked for")
        self.text = text


_HELP = Argument(("-h", "--help"), "show this help message and exit", takes_value=False)


@dataclass(slots=True)
class _Words:
    """The arguments, and how far they are read."""

    items: list[str]
    position: int = 0
    separator_seen: bool = False
    files_read: int = 0
    last_from_file: int = -1

    @property
    def available(self) -> bool:
        return self.position < len(self.items)

    @property
    def current(self) -> str:
        return self.items[self.position]

    @property
    def file_hint(self) -> str:
        """What to say of a word that came out of a file."""
        if self.position > self.last_from_file:
            return ""
        return f"\nChecking trailing white spaces or new lines in {FILE_PREFIX}file may help."


@dataclass(slots=True)
class _Parser:
    """A program, or one of its commands, while its arguments are read."""

    program: str
    description: str
    arguments: tuple[Argument, ...]
    commands: tuple[Command, ...] = ()
    values: dict[str, list[str]] = field(default_factory=dict)
    used: list[Argument] = field(default_factory=list)
    main_program: str = ""
    """The program that a command belongs to, and in whose name it complains."""

    def __post_init__(self) -> None:
        self.arguments = (_HELP, *self.arguments)

    def by_flag(self) -> dict[str, Argument]:
        """Return the options of Kafka 4.1 by their flags, for abbreviations and suggestions."""
        return {flag: each for each in self.arguments if not each.is_later for flag in each.flags}

    def error(
        self, reason: str, argument: Argument | None = None, similar: Sequence[str] = ()
    ) -> ArgumentsError:
        """Build the error of this parser."""
        where = f"argument {argument.full_name}: " if argument is not None else ""
        return ArgumentsError(self.usage(), self.main_program or self.program, where + reason, similar)

    def usage(self) -> str:
        """Return the usage lines."""
        words = _usage_words(self.arguments)
        if self.commands:
            words += [f"{{{','.join(command.name for command in self.commands)}}}", "..."]
        head = f"usage: {self.program} "
        body = textwrap.wrap(
            " ".join(word.replace(" ", "\0") for word in words),
            max(_LINE_WIDTH - len(head), 30),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines = "\n".join((" " * len(head)) * (index > 0) + line for index, line in enumerate(body))
        return head + lines.replace("\0", " ") + "\n"

    def help(self) -> str:
        """Return the whole help text."""
        parts = [self.usage(), self.description + "\n"]
        if self.commands:
            parts.append("commands:\n" + _help_lines((each.name, each.help) for each in self.commands))
        parts.append(
            "options:\n"
            + _help_lines(
                (", ".join(_shown(each, flag) for flag in each.flags), each.help) for each in self.arguments
            )
        )
        return "\n".join(parts)

    def run(self, argument: Argument, value: str | None) -> None:
        """Take an argument that was found, with its value."""
        if argument is _HELP:
            raise HelpRequestedError(self.help())
        if argument.group:
            for other in self.used:
                if other.group == argument.group and other is not argument:
                    raise self.error(f"not allowed with argument {other.full_name}", argument)
        wanted = "Integer" if argument.is_integer else argument.number_class
        if wanted and value is not None and not _is_number(wanted, value):
            why = "empty String" if wanted == "Double" and not value else f'For input string: "{value}"'
            raise self.error(f"could not convert '{value}' to {wanted} ({why})", argument)
        if argument.choices and value is not None and value not in argument.choices:
            choices = ",".join(argument.choices)
            raise self.error(f"invalid choice: '{value}' (choose from {{{choices}}})", argument)
        self.used.append(argument)
        self.values.setdefault(argument.name, []).extend([] if value is None else [value])

    def missing(self) -> ArgumentsError | None:
        """Return the error for the last argument that is missing: argparse4j overwrites its own finding.

        Where none is, that for the last group of which none was given.
        """
        for argument in reversed(self.arguments):
            if argument.required and not argument.group and argument not in self.used:
                return self.error(f"argument {argument.full_name} is required")
        given = {argument.group for argument in self.used}
        for group in reversed(
            dict.fromkeys(each.group for each in self.arguments if each.required and each.group)
        ):
            if group not in given:
                names = " ".join(each.full_name for each in self.arguments if each.group == group)
                return self.error(f"one of the arguments {names} is required")
        return None


def parse_program(
    program: str, description: str, options: tuple[Argument, ...], arguments: Sequence[str]
) -> ParsedCommand:
    """Read the arguments of a program without sub-commands. Raises ArgumentsError and HelpRequestedError."""
    words = _Words(list(arguments))
    top = _Parser(program, description, options)
    while _next_word(top, words):
        raise top.error(f"unrecognized arguments: '{_rest(words)}'{words.file_hint}")
    missing = top.missing()
    if missing is not None:
        raise missing
    return ParsedCommand("", top.values)


def program_error(
    program: str, description: str, options: tuple[Argument, ...], reason: str
) -> ArgumentsError:
    """Return the error for arguments that could be read and still cannot be."""
    return _Parser(program, description, options).error(reason)


def program_help(program: str, description: str, options: tuple[Argument, ...]) -> str:
    """Return the help text of a program without sub-commands."""
    return _Parser(program, description, options).help()


def parse_command(
    program: str,
    description: str,
    commands: tuple[Command, ...],
    arguments: Sequence[str],
    *,
    options: tuple[Argument, ...] = (),
) -> ParsedCommand:
    """Read the arguments of a program with sub-commands; `options` stand before the command.

    Raises ArgumentsError and HelpRequestedError.
    """
    words = _Words(list(arguments))
    top = _Parser(program, description, options, commands)
    while _next_word(top, words):
        if words.separator_seen:
            raise top.error(f"unrecognized arguments: '{_rest(words)}'{words.file_hint}")
        missing = top.missing()
        command = _find_command(top, words.current)
        words.position += 1
        below = _Parser(f"{program} {command.name}", command.help, command.arguments, main_program=program)
        while _next_word(below, words):
            raise below.error(f"unrecognized arguments: '{_rest(words)}'{words.file_hint}")
        missing = missing or below.missing()
        if missing is not None:
            raise missing
        return ParsedCommand(command.name, top.values | below.values)
    raise top.error("too few arguments")


def _next_word(parser: _Parser, words: _Words) -> bool:
    """Read options up to the next word that is none; tell whether there is one."""
    while True:
        is_flag = _is_flag(parser, words)
        if not words.available:
            return False
        if words.current == _SEPARATOR and not words.separator_seen:
            words.separator_seen = True
            words.position += 1
        elif is_flag:
            _read_option(parser, words)
        else:
            return True


def _rest(words: _Words) -> str:
    return " ".join(words.items[words.position :])


def _is_flag(parser: _Parser, words: _Words) -> bool:
    """Tell whether the current word is an option, after putting the lines of a file in the place of its name."""
    while words.available and words.current.startswith(FILE_PREFIX) and len(words.current) > 1:
        _insert_file(parser, words)
    if not words.available or words.separator_seen:
        return False
    word = words.current
    return word.startswith("-") and len(word) > 1 and not _is_negative_number(word)


def _is_negative_number(word: str) -> bool:
    whole, _, fraction = word[1:].partition(".")
    return (whole + fraction).isdecimal() and not word.endswith(".")


def _insert_file(parser: _Parser, words: _Words) -> None:
    name = words.current.removeprefix(FILE_PREFIX)
    words.files_read += 1
    try:
        if words.files_read > _FILE_LIMIT:
            raise OSError
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise parser.error(f"Could not read arguments from file '{name}'") from error
    behind = words.position + 1
    if words.last_from_file < behind:
        words.last_from_file = len(lines) - 1
    else:
        words.last_from_file += len(lines) - behind
    words.items = lines + words.items[behind:]
    words.position = 0


def _read_option(parser: _Parser, words: _Words) -> None:
    word = words.current
    flag, equals, tail = word.partition("=")
    argument = _find_argument(parser, flag)
    embedded = tail if equals else None
    if argument is None:
        argument, embedded = _read_short_flags(parser, words, word)
    words.position += 1
    if argument is None:
        return
    if not argument.takes_value:
        if embedded is not None:
            raise parser.error(f"ignore implicit argument '{embedded}'", argument)
        parser.run(argument, None)
        return
    if argument.takes_many:
        _read_many(parser, words, argument, embedded)
        return
    if embedded is None:
        if _is_flag(parser, words) or not words.available:
            raise parser.error("expected one argument", argument)
        embedded = words.current
        words.position += 1
    parser.run(argument, embedded)


def _read_many(parser: _Parser, words: _Words, argument: Argument, embedded: str | None) -> None:
    """Read all words up to the next option; they take the place of those of an earlier occurrence."""
    found = [] if embedded is None else [embedded]
    while embedded is None and not _is_flag(parser, words) and words.available:
        if words.current == _SEPARATOR:
            break
        found.append(words.current)
        words.position += 1
    if not found:
        raise parser.error("expected 1 argument(s)", argument)
    parser.values.pop(argument.name, None)
    for value in found:
        parser.run(argument, value)


def _find_argument(parser: _Parser, flag: str) -> Argument | None:
    """Return the argument that a flag names, in full or by its beginning; None where there is none."""
    for argument in parser.arguments:
        if flag in argument.flags or flag in argument.synonyms:
            return argument
    by_flag = parser.by_flag()
    found = [each for each in by_flag if each.startswith(flag)]
    if len(found) > 1:
        raise parser.error(f"ambiguous option: {flag} could match {', '.join(sorted(found))}")
    return by_flag[found[0]] if found else None


def _read_short_flags(parser: _Parser, words: _Words, word: str) -> tuple[Argument | None, str | None]:
    """Read `-abVALUE`: switches of one letter, and after them one option with what is left as its value."""
    by_flag = parser.by_flag()
    if not word.startswith(_SEPARATOR):
        for index, letter in enumerate(word[1:], start=1):
            argument = by_flag.get(f"-{letter}")
            if argument is None:
                break
            if argument.takes_value:
                return argument, word[index + 1 :] or None
            parser.run(argument, None)
        else:
            return None, None
    body = word.lstrip("-")
    longs = {each: each.lstrip("-") for each in by_flag if len(each.lstrip("-")) > 1}
    similar = similar_names(body, longs) if len(body) > 1 else []
    raise parser.error(f"unrecognized arguments: '{word}'{words.file_hint}", similar=similar)


def _find_command(parser: _Parser, name: str) -> Command:
    found = [each for each in parser.commands if each.name == name]
    if not found and name:
        found = [each for each in parser.commands if each.name.startswith(name)]
    if len(found) > 1:
        names = sorted(each.name for each in found)
        raise parser.error(f"ambiguous command: {name} could match {', '.join(names)}")
    if found:
        return found[0]
    names = [each.name for each in parser.commands]
    choices = ", ".join(f"'{each}'" for each in names)
    raise parser.error(
        f"invalid choice: '{name}' (choose from {choices})",
        similar=similar_names(name, dict(zip(names, names, strict=True))),
    )


def _is_number(number_class: str, text: str) -> bool:
    if number_class == "Double":
        return re.fullmatch(_DOUBLE, text.strip()) is not None
    digits = text[1:] if text[:1] in {"+", "-"} else text
    bits = 63 if number_class == "Long" else 31
    return digits.isdecimal() and -(1 << bits) <= int(text) < 1 << bits


def _usage_words(arguments: Iterable[Argument]) -> list[str]:
    """Return an argument a word; those of a group stand together."""
    groups: dict[str, list[str]] = {}
    needed = set()
    for argument in arguments:
        shown = _shown(argument, argument.flags[0])
        name = argument.group or argument.name
        groups.setdefault(name, []).append(shown)
        if argument.required:
            needed.add(name)
    return [_usage_word(words, is_needed=name in needed) for name, words in groups.items()]


def _usage_word(words: list[str], *, is_needed: bool) -> str:
    text = " | ".join(words)
    if not is_needed:
        return f"[{text}]"
    return text if len(words) == 1 else f"({text})"


def _shown(argument: Argument, flag: str) -> str:
    if not argument.takes_value:
        return flag
    value = argument.shown or argument.name.upper()
    return f"{flag} {value} [{value} ...]" if argument.takes_many else f"{flag} {value}"


def _help_lines(rows: Iterable[tuple[str, str]]) -> str:
    indent = " " * 25
    return "".join(
        f"  {name}\n" + textwrap.indent("\n".join(textwrap.wrap(text, 70)), indent) + "\n"
        for name, text in rows
    )
