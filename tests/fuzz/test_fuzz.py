"""A bounded run of the fuzzer: past findings first, then rounds of one seed, which is printed.

`python -m tests.fuzz` is the long form.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.findings import FINDINGS, Finding, send
from tests.fuzz.fuzzer import new_corpus
from tests.fuzz.ledger import Ledger
from tests.fuzz.line_coverage import LineCoverage
from tests.fuzz.run import Judge, fuzz_run
from tests.fuzz.witness import Witness
from tests.peers.tools import KafkaTools
from tests.support.live_broker import LiveBroker

SEED = os.environ.get("FUZZ_SEED", "ci")
# Together half a minute on a machine that does other things too.
ROUNDS = 2000
ROUNDS_TO_DUMP = 500
# Less than this, and the requests no longer get to where there is something to decide.
LEAST_LINES = 10_000


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.name)
def test_a_past_finding(tmp_path: Path, finding: Finding) -> None:
    with LiveBroker(tmp_path) as broker:
        Witness.arrive(broker, Ledger()).leave()
        with broker.client() as client:
            assert send(finding, client) == finding.error_code
        assert broker.bugs.lines == []


def test_whatever_it_is_sent(tmp_path: Path) -> None:
    _run(tmp_path, SEED, ROUNDS, None)


@pytest.mark.java
def test_kafkas_own_tool_reads_what_is_left(tmp_path: Path, kafka_tools: KafkaTools) -> None:
    _run(tmp_path, f"{SEED}-dump", ROUNDS_TO_DUMP, Judge(kafka_tools))


def _run(directory: Path, seed: str, rounds: int, judge: Judge | None) -> None:
    coverage = LineCoverage()
    counts = fuzz_run(directory, seed, rounds, coverage, new_corpus(), judge)
    print(f"seed {seed}: {counts}, {coverage.found} lines")
    assert coverage.found > LEAST_LINES
    assert counts.answers > counts.connections
