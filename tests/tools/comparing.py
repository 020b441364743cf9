"""What of a row's output has to be equal, and what is said of the rest.

The law: every difference is either explained in its row, by part and with a reason, or makes the run fail; and so does
an explanation where nothing differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import ndiff

import yaml

from tests.peers.tools import ToolResult
from tests.tools.case_files import FOLDER, PARTS, Mask, Row, Table, load_masks
from tests.tools.running import Outcome

_TRACE = re.compile(
    r"^(\s+at .+\(.*\)( ~?\[.*\])?|\s*\.\.\. \d+ (more|common frames omitted)|(Caused by|\s+Suppressed): .*)$"
)
_TABLE_HEADER = re.compile(r"^Option( \(\* = required\))? +Description *$")
_TABLE_LINE = re.compile(r"^(\* |-|\s|$)")
_USAGE = re.compile(r"^usage: (\S+)")
_ERROR = re.compile(r"^\S+:\s+error:\s")
_HELP = "<help>"


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of a row's output that differs once all is masked."""

    table: str
    row: Row
    part: str
    kafka: str
    ours: str

    def __str__(self) -> str:
        """Return the row and both texts, line by line."""
        lines = "\n".join("    " + line for line in ndiff(self.kafka.splitlines(), self.ours.splitlines()))
        return f"{self.table}: {self.row.run}\n  {self.part} (- Kafka's, + ours):\n{lines}"


@dataclass(slots=True)
class Verdict:
    """What the rows of a table, or of all, came to."""

    rows: int = 0
    as_processes: int = 0
    explained: int = 0
    unexplained: list[Difference] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        """Add the rows of another table."""
        self.rows += other.rows
        self.as_processes += other.as_processes
        self.explained += other.explained
        self.unexplained += other.unexplained
        self.stale += other.stale

    def summary(self) -> str:
        """Return the counts in a line."""
        return (
            f"{self.rows} rows ({self.as_processes} as processes), {self.explained} explained differences, "
            f"{len(self.unexplained)} unexplained"
        )


def load_common_masks() -> tuple[Mask, ...]:
    """Read the masks of all tables."""
    path = FOLDER / "masks.yaml"
    return load_masks(yaml.safe_load(path.read_text(encoding="utf-8"))["masks"], path.name)


def judge(table: Table, outcomes: Iterable[Outcome], common: Sequence[Mask]) -> Verdict:
    """Compare what both tools have left of each row."""
    verdict = Verdict()
    # Rows that one line of a table stands for share what explains them.
    stale = {(id(row.explained), part): row.run for row in table.rows for part in row.explained}
    for outcome in outcomes:
        row = outcome.row
        verdict.rows += 1
        verdict.as_processes += row.alone or bool(row.interrupt)
        if outcome.broken:
            verdict.unexplained.append(Difference(table.name, row, "nothing was left", outcome.broken, ""))
            continue
        masks = (*common, *table.masks, *row.masks)
        kafka, ours = (comparable(result, outcome, masks) for result in (outcome.kafka, outcome.ours))
        for part in PARTS:
            if kafka[part] == ours[part]:
                continue
            if part in row.explained:
                verdict.explained += 1
                stale.pop((id(row.explained), part), None)
            else:
                verdict.unexplained.append(Difference(table.name, row, part, kafka[part], ours[part]))
    verdict.stale = [f"{table.name}: {run}: {part} does not differ" for (_, part), run in stale.items()]
    return verdict


def comparable(result: ToolResult, outcome: Outcome, masks: Sequence[Mask]) -> dict[str, str]:
    """Return the parts of what a tool has left, as they are compared."""
    stdout, stderr = (_masked(text, outcome, masks) for text in (result.stdout, result.stderr))
    stdout = without_help(stdout)
    if outcome.row.sorted:
        stdout = "".join(sorted(stdout.splitlines(keepends=True)))
    return {
        "stdout": stdout,
        "stderr": shape_of_stderr(stderr),
        "exit_code": "" if outcome.row.interrupt else str(result.exit_code),
    }


def shape_of_stderr(text: str) -> str:
    """Return what is compared of standard error: no traces, no empty lines, no help."""
    lines = [line for line in without_help(text).splitlines() if line.strip() and not _TRACE.match(line)]
    return "\n".join(line.rstrip() for line in lines)


def without_help(text: str) -> str:
    """Put `<help>` where a table of options or a usage stands; the error behind a usage stays, without its spaces."""
    kept: list[str] = []
    lines = text.splitlines(keepends=True)
    position = 0
    while position < len(lines):
        line = lines[position]
        if _TABLE_HEADER.match(line):
            kept.append(_HELP + "\n")
            position += 1
            while position < len(lines) and _TABLE_LINE.match(lines[position]):
                position += 1
        elif usage := _USAGE.match(line):
            kept.append(f"{_HELP} {usage[1]}\n")
            while position < len(lines) and not _ERROR.match(lines[position]):
                position += 1
            # argparse4j fills up lines with spaces and breaks behind hyphens, so what remains is its letters.
            kept.append(re.sub(r"\s", "", "".join(lines[position:])))
            position = len(lines)
        else:
            kept.append(line)
            position += 1
    return "".join(kept)


def _masked(text: str, outcome: Outcome, masks: Sequence[Mask]) -> str:
    for name, shown in outcome.names.items():
        text = text.replace(name, shown)
    for mask in masks:
        text = mask.pattern.sub(mask.shown, text)
    return text
