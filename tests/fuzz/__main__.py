"""The long forms: `python -m tests.fuzz --minutes 60 --seed 1`, and `--against-kafka` for a comparison.

Runs of a bounded number of rounds follow each other, each on a data directory and with a seed of its own; the corpus
goes on from run to run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.differential.__main__ import running
from tests.fuzz.against_kafka import Disagreement, compare
from tests.fuzz.fuzzer import Counts, new_corpus
from tests.fuzz.line_coverage import LineCoverage, coverage_of
from tests.fuzz.run import Judge, fuzz_run
from tests.peers.distribution import require_java
from tests.peers.tools import start_tools

ROUNDS = 2000
"""Of one run: about half a minute on an idle machine."""
COMPARED_REQUESTS = 5000
PLACES = (
    "server", "wire", "protocol", "records", "handlers", "groups", "partitions", "storage",
)  # fmt: skip
SHOWN_BYTES = 400


def main() -> int:
    """Fuzz for a time; return 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="no run begins after so many (60)")
    parser.add_argument("--seed", default=str(time.time_ns()), help="every run's seed begins with it")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of one run ({ROUNDS})")
    parser.add_argument("--only", metavar="SEED", help="the one run of this seed, as a finding names it")
    parser.add_argument(
        "--dump", action="store_true", help="let Apache Kafka's DumpLogSegments read what is left"
    )
    parser.add_argument(
        "--against-kafka", action="store_true", help="compare with Apache Kafka, request by request"
    )
    parser.add_argument("--requests", type=int, default=COMPARED_REQUESTS, help="how many to compare")
    options = parser.parse_args()
    print(f"seed {options.only or options.seed}", flush=True)
    if options.against_kafka:
        return _compare(options.seed, options.requests)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if not options.dump:
            return _fuzz(Path(folder), options, None)
        require_java()
        tools = start_tools(Path(folder))
        try:
            return _fuzz(Path(folder), options, Judge(tools))
        finally:
            tools.close()


def _fuzz(folder: Path, options: argparse.Namespace, judge: Judge | None) -> int:
    coverage, counts, corpus = LineCoverage(), Counts(), new_corpus()
    end = time.monotonic() + options.minutes * 60
    number = 0
    while time.monotonic() < end and not (options.only and number):
        seed = options.only or f"{options.seed}.{number}"
        started = time.monotonic()
        counts.add(fuzz_run(folder / str(number), seed, options.rounds, coverage, corpus, judge))
        print(f"{seed}: {time.monotonic() - started:.0f} s, {coverage.found} lines, {counts}", flush=True)
        number += 1
    for file in coverage_of(coverage.hit_lines(), *PLACES):
        if file.lines:
            share = 100 - 100 * len(file.missed) / file.lines
            missed = ", ".join(map(str, file.missed)) or "none"
            print(f"{file.path}: {share:.1f} % of {file.lines} lines, without {missed}")
    return 0


def _compare(seed: str, requests: int) -> int:
    found: list[Disagreement] = []
    with running("kafka", None) as kafka, running("ottla", None) as ottla:
        try:
            compare(kafka.port, ottla.port, seed, requests, found)
        finally:
            _show(found)
    print(f"{len(found)} of {requests} requests were answered differently")
    return 1 if found else 0


def _show(found: list[Disagreement]) -> None:
    alike: dict[tuple[str, str, str], list[Disagreement]] = defaultdict(list)
    for each in found:
        alike[each.api, each.kafka, each.ottla].append(each)
    for (api, theirs, ours), some in sorted(alike.items()):
        shortest = min(some, key=lambda each: len(each.content))
        print(f"{len(some)} times {api}, as v{shortest.version}:")
        print(f"    Kafka: {theirs}\n    Ottla: {ours}\n    {shortest.content[:SHOWN_BYTES].hex()}")


if __name__ == "__main__":
    sys.exit(main())
