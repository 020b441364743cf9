"""The tables of command lines: what each row is, how it is written in YAML, and what its names stand for.

The law: rows are data. A key that a table or row does not have is an error, so that a slip of the pen is no pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import Any

import yaml

FOLDER = Path(__file__).parent
CASES = FOLDER / "cases"

PARTS = ("stdout", "stderr", "exit_code")
"""What is compared of a command line."""

JAVA_SIDE = "alfa"
OUR_SIDE = "beta"
BROKERS = ("ottla", "kafka")
NEUTRAL_SIDE = "side"
"""What `$side` stands for, and what is compared in its place: of one length, so that columns keep their widths."""


class TableError(Exception):
    """A table that cannot be: where, and why."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Words that need not be equal: a pattern, what is compared instead, and the reason."""

    pattern: re.Pattern[str]
    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command line that sets something up, or goes on beside a row."""

    run: str
    stdin: str = ""
    until: str = ""
    """A pattern that has to be in its standard output: a set-up is asked again until then, a neighbour waited for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A command line that both tools are given."""

    run: str
    stdin: str = ""
    before: tuple[Step, ...] = ()
    """What is run before each of both tools, by Kafka's own."""
    beside: Step | None = None
    """What goes on meanwhile, by Kafka's own tool, and is interrupted afterwards."""
    until: str = ""
    """A pattern that has to be in the standard output; asked again until then, for what takes its time."""
    interrupt: str = ""
    """Words in the standard output after which the command is interrupted; its exit code is not compared."""
    alone: bool = False
    """Whether both tools are processes of their own, as users start them."""
    sorted: bool = False
    """Whether the lines of the standard output may come in any order."""
    masks: tuple[Mask, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)
    """Reasons by the part that differs and may."""
    only: str = ""
    """The broker that the row is for, `ottla` or `kafka`; empty for both."""
    expected: Mapping[str, Any] | None = None
    """What has to be left instead of what Kafka's tool leaves: for scripts that are in none of Kafka's jars."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, and what they need."""

    name: str
    rows: tuple[Row, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts by the names under `$files`."""
    before: tuple[Step, ...] = ()
    """What is run once before all rows, by Kafka's own tools."""
    masks: tuple[Mask, ...] = ()


def load_tables(folder: Path = CASES) -> list[Table]:
    """Read all tables, in the order of their names. Raises TableError."""
    return [load_table(path) for path in sorted(folder.glob("*.yaml"))]


def load_table(path: Path) -> Table:
    """Read a table. Raises TableError for what it cannot hold."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise TableError(f"{path.name}: {error}") from error
    _check_keys(content, {"rows", "scripts", "files", "before", "masks", "only"}, path.name)
    scripts, only = content.get("scripts", ()), {"only": content.get("only", "")}
    rows = [row for written in content["rows"] for row in _rows(only | written, scripts, path.name)]
    return Table(
        path.stem,
        tuple(rows),
        content.get("files", {}),
        _steps(content.get("before", ()), path.name),
        load_masks(content.get("masks", ()), path.name),
    )


def rows_for(table: Table, broker: str) -> Table:
    """Return a table without the rows that are for the other broker; without any, nothing is set up either."""
    rows = tuple(row for row in table.rows if row.only in {"", broker})
    return replace(table, rows=rows, before=table.before if rows else ())


def load_masks(written: Sequence[Mapping[str, str]], where: str) -> tuple[Mask, ...]:
    """Read masks, each a pattern, what is shown instead and the reason."""
    for each in written:
        _check_keys(each, {"pattern", "shown", "reason"}, where)
    return tuple(
        Mask(re.compile(each["pattern"], re.MULTILINE), each["shown"], each["reason"]) for each in written
    )


def substitute(text: str, names: Mapping[str, str]) -> str:
    """Put what `$name` stands for into a text. Raises TableError for a name that there is not."""
    try:
        return Template(text).substitute(names)
    except (KeyError, ValueError) as error:
        raise TableError(f"{text}: {error}") from error


def _rows(written: Mapping[str, Any], scripts: Sequence[str], where: str) -> list[Row]:
    """Return a row, or one for each script where it begins with `$script`."""
    _check_keys(written, set(Row.__dataclass_fields__) | {"scripts"}, where)
    run = written["run"]
    if not run.startswith("$script"):
        return [_row(written, run, where)]
    named = written.get("scripts", scripts)
    if not named:
        raise TableError(f"{where}: {run}: there are no scripts to run it with")
    return [_row(written, script + run.removeprefix("$script"), where) for script in named]


def _row(written: Mapping[str, Any], run: str, where: str) -> Row:
    explained = written.get("explained", {})
    _check_keys(explained, set(PARTS), f"{where}: {run}")
    expected = written.get("expected")
    if expected is not None:
        _check_keys(expected, set(PARTS), f"{where}: {run}")
    only = written.get("only", "")
    if only not in {"", *BROKERS}:
        raise TableError(f"{where}: {run}: {only} is neither of {', '.join(BROKERS)}")
    beside = written.get("beside")
    return Row(
        run,
        written.get("stdin", ""),
        _steps(written.get("before", ()), where),
        None if beside is None else _steps((beside,), where)[0],
        written.get("until", ""),
        written.get("interrupt", ""),
        written.get("alone", False),
        written.get("sorted", False),
        load_masks(written.get("masks", ()), where),
        explained,
        only,
        expected,
    )


def _steps(written: Sequence[str | Mapping[str, str]], where: str) -> tuple[Step, ...]:
    steps = []
    for each in written:
        fields = {"run": each} if isinstance(each, str) else dict(each)
        _check_keys(fields, set(Step.__dataclass_fields__), where)
        steps.append(Step(**fields))
    return tuple(steps)


def _check_keys(written: Mapping[str, Any], known: set[str], where: str) -> None:
    if not isinstance(written, Mapping):
        raise TableError(f"{where}: {written!r} is no mapping")
    unknown = written.keys() - known
    if unknown:
        raise TableError(f"{where}: unknown keys {', '.join(sorted(unknown))} in {dict(written)}")
