"""Runs the rows of a table: for each, Kafka's tool and then ours, against one broker, each with its side's names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from ottla.cli.tools import tool_of_script
from tests.peers.kafka_broker import run_alone
from tests.peers.tools import KafkaTools, ToolResult
from tests.support.broker_process import RunningBroker
from tests.support.ports import free_port
from tests.tools.case_files import (
    JAVA_SIDE,
    OUR_SIDE,
    Row,
    Step,
    Table,
    TableError,
    substitute,
)
from tests.tools.our_tool import run_as_process, run_in_process

# A broker applies within milliseconds what it has answered; a loaded machine may take seconds.
UNTIL_TIMEOUT_S = 20.0
UNTIL_PAUSE_S = 0.05

RUN_CLASS = "kafka-run-class"
NOTHING = ToolResult("", "", -1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both tools have left of a row."""

    row: Row
    kafka: ToolResult
    ours: ToolResult
    names: Mapping[str, str]
    """What was masked beside the masks of files: texts by what stands for them."""
    broken: str = ""
    """What kept a tool from leaving anything: a set-up that failed, an end that did not come, a bug."""


@dataclass(slots=True)
class Terminal:
    """Where command lines are typed: the tools, the broker, and a folder for files."""

    tools: KafkaTools
    broker: RunningBroker
    folder: Path
    launchers: Path
    """The folder with our launchers of all scripts."""
    closed_port: int = field(default_factory=free_port)

    def run_table(self, table: Table) -> Iterator[Outcome]:
        """Run all rows in their order."""
        sides = {side: self._prepare(table, side) for side in (JAVA_SIDE, OUR_SIDE)}
        for step in table.before:
            for names in sides.values() if "$side" in step.run else [sides[JAVA_SIDE]]:
                self._set_up(step, names)
        for row in table.rows:
            masked = {names["files"]: "<files>" for names in sides.values()}
            masked |= {names["side"]: "side" for names in sides.values()}
            masked |= self._broker_names()
            try:
                kafka = self._left_by_kafka(row, sides[JAVA_SIDE])
                ours = self._run_row(row, sides[OUR_SIDE], self._run_ours)
            except AssertionError as broken:
                yield Outcome(row, NOTHING, NOTHING, masked, str(broken))
            else:
                yield Outcome(row, kafka, ours, masked)

    def _prepare(self, table: Table, side: str) -> dict[str, str]:
        """Lay out a side's files, and return what its names stand for."""
        folder = self.folder / side / table.name
        folder.mkdir(parents=True)
        names = {
            "server": self.broker.bootstrap,
            "controller": f"localhost:{self.broker.controller_port}",
            "closed": f"localhost:{self.closed_port}",
            "data": str(self.broker.data_dir),
            "files": str(folder),
            "side": side,
        }
        for name, text in table.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(substitute(text, names))
        return names

    def _broker_names(self) -> dict[str, str]:
        return {
            str(self.broker.data_dir): "<data>",
            str(self.launchers): "<launchers>",
            f":{self.broker.port}": ":<port>",
            f":{self.broker.controller_port}": ":<controller port>",
            f":{self.closed_port}": ":<closed port>",
        }

    def _left_by_kafka(self, row: Row, names: Mapping[str, str]) -> ToolResult:
        if row.expected is None:
            return self._run_row(row, names, self._run_kafka)
        expected = row.expected
        return ToolResult(
            substitute(expected.get("stdout", ""), names),
            substitute(expected.get("stderr", ""), names),
            expected.get("exit_code", 0),
        )

    def _run_row(
        self,
        row: Row,
        names: Mapping[str, str],
        run: Callable[[Row, Sequence[str], str], ToolResult],
    ) -> ToolResult:
        """Run a row by one side's tool; asks again while `until` is not found, and AssertionError when it never is."""
        for step in row.before:
            self._set_up(step, names)
        with self._neighbour(row.beside, names):
            words, stdin = self._words(row.run, names), substitute(row.stdin, names)
            return _ask_until(row.until, row.run, lambda: run(row, words, stdin))

    def _run_kafka(self, row: Row, words: Sequence[str], stdin: str) -> ToolResult:
        java_class, arguments = _java_class(words)
        if row.alone and not row.interrupt:
            done = run_alone(java_class, arguments, stdin=stdin)
            return ToolResult(done.stdout, done.stderr, done.returncode)
        if not row.interrupt:
            return self.tools.run(java_class, arguments, stdin)
        with self.tools.start(java_class, arguments) as run:
            run.type(stdin)
            run.wait_for_output(row.interrupt)
            return run.interrupt()

    def _run_ours(self, row: Row, words: Sequence[str], stdin: str) -> ToolResult:
        script, *arguments = words
        if row.alone or row.interrupt:
            launcher = self.launchers / script
            return run_as_process(launcher, arguments, stdin, interrupt_after=row.interrupt)
        return run_in_process(script, arguments, stdin)

    def _set_up(self, step: Step, names: Mapping[str, str]) -> None:
        """Run a step by Kafka's tool; AssertionError with its words where it fails."""
        java_class, arguments = _java_class(self._words(step.run, names))
        stdin = substitute(step.stdin, names)
        _ask_until(step.until, step.run, lambda: self.tools.run(java_class, arguments, stdin).checked())

    @contextmanager
    def _neighbour(self, step: Step | None, names: Mapping[str, str]) -> Iterator[None]:
        """Let Kafka's tool go on beside what is done here."""
        if step is None:
            yield
            return
        java_class, arguments = _java_class(self._words(step.run, names))
        with self.tools.start(java_class, arguments) as run:
            run.type(substitute(step.stdin, names))
            if step.until:
                run.wait_for_output(step.until)
            yield
            run.interrupt()

    @staticmethod
    def _words(run: str, names: Mapping[str, str]) -> list[str]:
        return [substitute(word, names) for word in shlex.split(run)]


def _ask_until(pattern: str, command: str, ask: Callable[[], ToolResult]) -> ToolResult:
    deadline = monotonic() + UNTIL_TIMEOUT_S
    while True:
        result = ask()
        if not pattern or re.search(pattern, result.stdout):
            return result
        assert monotonic() < deadline, f"{command}: no {pattern!r} in {result}"
        sleep(UNTIL_PAUSE_S)


def _java_class(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the class that Kafka's script runs, and its arguments."""
    script = words[0]
    if script == RUN_CLASS:
        return words[1], words[2:]
    tool = tool_of_script(script)
    if tool is None or not tool.classes:
        raise TableError(f"{' '.join(words)}: no Java class is behind {script}")
    return tool.classes[0], words[1:]
