"""One run: a broker on a new directory, two lives of it under fire, and a look at what is left after each."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.aftermath import judge_directory
from tests.fuzz.fuzzer import Corpus, Counts, FoundError, Fuzzer
from tests.fuzz.ledger import Ledger
from tests.fuzz.line_coverage import LineCoverage
from tests.fuzz.witness import Witness
from tests.peers.tools import KafkaTools
from tests.support.live_broker import LiveBroker

_OFFSETS_FOLLOW = re.compile(r"\s*-?\d+ is followed by -?\d+")
LIVES = 2
SUFFIXES = (".log", ".index", ".timeindex", ".snapshot")
FILES_OF_ONE_DUMP = 200
PROPERTIES = {
    # Retention and deletion are met within a run.
    "log.retention.check.interval.ms": "2000",
    "log.segment.delete.delay.ms": "500",
    "log.initial.task.delay.ms": "500",
    "group.min.session.timeout.ms": "100",
    "log.flush.interval.messages": "50",
}


@dataclass(frozen=True, slots=True)
class Judge:
    """Apache Kafka's own opinion about log files."""

    tools: KafkaTools

    def judge(self, directory: Path) -> None:
        """Have every file of a data directory read. Raises FoundError."""
        files = [
            str(path)
            for path in sorted(directory.rglob("*"))
            if path.suffix in SUFFIXES
            and path.parent.suffix != ".checkpoint"
            and "-delete" not in path.parent.name
        ]
        for start in range(0, len(files), FILES_OF_ONE_DUMP):
            some = ",".join(files[start : start + FILES_OF_ONE_DUMP])
            dump = self.tools.run(
                "DumpLogSegments", ["--deep-iteration", "--index-sanity-check", "--files", some]
            )
            wrong = [
                line for line in dump.stdout.splitlines() if "isvalid: false" in line or "ismatch" in line
            ]
            said = [line for line in dump.stderr.splitlines() if line and not _is_meant(line)]
            if dump.exit_code or said or wrong:
                raise FoundError(f"DumpLogSegments: {said[:10]} {wrong[:10]}")


def _is_meant(line: str) -> bool:
    """An uncompressed batch is stored with the offset deltas that it came with; by Apache Kafka too, which says so."""
    return line.startswith("Non-consecutive offsets in ") or _OFFSETS_FOLLOW.fullmatch(line) is not None


@contextmanager
def only_warnings() -> Iterator[None]:
    """Have the broker log no more than warnings: it is told too much nonsense."""
    broker = logging.getLogger("ottla")
    before = broker.level
    broker.setLevel(logging.WARNING)
    try:
        yield
    finally:
        broker.setLevel(before)


@only_warnings()
def fuzz_run(
    directory: Path, seed: str, rounds: int, coverage: LineCoverage, corpus: Corpus, judge: Judge | None
) -> Counts:
    """Hold `rounds` rounds, the broker being restarted in the middle; raises FoundError and AftermathError.

    What reached something new is added to the corpus. The directory is removed when nothing was found.
    """
    ledger, counts = Ledger(), Counts()
    next_offset = 0
    for life in range(LIVES):
        with coverage.watching():
            broker = LiveBroker(directory, properties=PROPERTIES)
            broker.__enter__()
        try:
            witness = Witness.arrive(broker, ledger, next_offset)
            fuzzer = Fuzzer(broker, f"{seed}/{life}", coverage, witness, ledger, corpus)
            fuzzer.run(rounds // LIVES)
            witness.leave()
        finally:
            broker.stop()
        next_offset = witness.next_offset
        if broker.bugs.lines:
            raise FoundError(f"{seed}: the stop logged {broker.bugs.lines}")
        judge_directory(directory, ledger)
        counts.add(fuzzer.counts)
    if judge is not None:
        judge.judge(directory)
    shutil.rmtree(directory)
    return counts
