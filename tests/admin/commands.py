"""The table of command lines, and how they are run: as typed, in the warm JVM, until they say what is waited for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import Template
from time import monotonic, sleep
from typing import Any

import yaml

from tests.admin.brokers import Pair
from tests.admin.comparing import Masks, Symbols, addresses
from tests.admin.served import FOLDER, missing
from tests.differential.comparison import Difference, differences
from tests.peers.tools import KafkaTools, ToolResult
from tests.support.broker_process import RunningBroker

# A broker applies within milliseconds what it has answered; a loaded machine may take seconds.
UNTIL_TIMEOUT_S = 20.0
UNTIL_PAUSE_S = 0.05
# Where an exception was thrown says nothing about a broker.
_STACK_LINE = re.compile(r"^(\s+at .*|\s*\.\.\. \d+ (more|common frames omitted))$")

Words = Mapping[str, Mapping[str, Any]]
"""What each command has said: its exit code and the lines of its outputs."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of the table."""

    run: str
    needs: tuple[str, ...] = ()
    stdin: str | None = None
    until: str | None = None

    @property
    def waits_for(self) -> list[str]:
        """The APIs that Ottla does not serve yet, without which the command is left out."""
        return missing(self.needs)


@dataclass(frozen=True, slots=True)
class CommandTable:
    """All command lines in their order, and what they need."""

    scripts: Mapping[str, str]
    """Names of the tools in `tests.peers.tools.TOOLS` by those of the scripts that start them."""
    files: Mapping[str, str]
    commands: tuple[Command, ...]


def load_commands(path: Path = FOLDER / "tools.yaml") -> CommandTable:
    """Read the table of command lines."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = ({**row, "needs": tuple(row.get("needs", ()))} for row in table["commands"])
    return CommandTable(table["scripts"], table["files"], tuple(Command(**row) for row in rows))


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands are typed: the tools, and a folder with the files that commands name."""

    tools: KafkaTools
    table: CommandTable
    masks: Masks
    folder: Path

    def __post_init__(self) -> None:
        for name, content in self.table.files.items():
            (self.folder / name).write_text(content)

    def type_for_both(self, commands: Sequence[Command], pair: Pair) -> list[Words]:
        """Run commands one after the other, for both brokers at the same time."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda broker: self._type_all(commands, broker), (pair.kafka, pair.other)))

    def _type_all(self, commands: Sequence[Command], broker: RunningBroker) -> Words:
        symbols = Symbols({}, {**addresses(broker), str(self.folder): "<folder>"})
        return {
            f"{command.run} ({number})": self._comparable(self._type(command, broker), symbols)
            for number, command in enumerate(commands, start=1)
        }

    def _type(self, command: Command, broker: RunningBroker) -> ToolResult:
        """Run a command line; asks again while `until` is not found, and raises AssertionError when it never is."""
        script, *words = shlex.split(command.run)
        names = {
            "server": broker.bootstrap,
            "controller": f"localhost:{broker.controller_port}",
            "files": str(self.folder),
        }
        arguments = [Template(word).substitute(names) for word in words]
        deadline = monotonic() + UNTIL_TIMEOUT_S
        while True:
            result = self.tools.run(self.table.scripts[script], arguments, command.stdin)
            if command.until is None or re.search(command.until, result.stdout):
                return result
            assert monotonic() < deadline, (
                f"{command.run} with {broker.kind}: no {command.until!r} in {result}"
            )
            sleep(UNTIL_PAUSE_S)

    def _comparable(self, result: ToolResult, symbols: Symbols) -> Mapping[str, Any]:
        return {
            "exit_code": result.exit_code,
            "stdout": self._lines(symbols.replace(result.stdout)),
            "stderr": self._lines(symbols.replace(result.stderr)),
        }

    def _lines(self, text: str) -> list[str]:
        for pattern, words in self.masks.words:
            text = pattern.sub(words, text)
        return [line for line in text.splitlines() if not _STACK_LINE.match(line)]


def compare_words(kafka: Words, other: Words) -> Iterator[Difference]:
    """Yield each exit code and each line on which what was said of two brokers differs."""
    for name, output in kafka.items():
        for path, left, right in differences(output, other[name]):
            yield Difference(name, "words", path, left, right)
