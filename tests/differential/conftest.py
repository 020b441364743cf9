"""One pair of brokers for all cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.differential.case_files import load_cases
from tests.differential.comparison import load_explanations, load_rules
from tests.differential.coverage import load_coverage, reached_by, totals
from tests.differential.runner import PROPERTIES, Summary, judge_cases, target_of
from tests.peers.kafka_broker import start_kafka
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla

TOTALS = pytest.StashKey[str]()
ASKED_AGAIN = pytest.StashKey[tuple[str, ...]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the totals of the comparison, also when nothing failed."""
    if TOTALS in config.stash:
        terminalreporter.write_line(f"Apache Kafka and Ottla: {config.stash[TOTALS]}")
        for identifier in config.stash[ASKED_AGAIN]:
            terminalreporter.write_line(f"  asked again: {identifier}")


@pytest.fixture(scope="session")
def brokers(
    kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningBroker, RunningBroker]]:
    """Give Apache Kafka and Ottla with the same properties; `kafka_jars` skips the test where there is no Java."""
    started: list[RunningBroker] = []
    try:
        for kind, start in (("kafka", start_kafka), ("ottla", start_ottla)):
            work_dir = tmp_path_factory.mktemp(kind)
            started.append(start(BrokerSettings(work_dir / "data", work_dir, properties=PROPERTIES)))
        kafka, ottla = started
        yield kafka, ottla
    finally:
        for broker in started:
            broker.kill()


@pytest.fixture(scope="session")
def used_brokers(
    summary: Summary, brokers: tuple[RunningBroker, RunningBroker]
) -> tuple[RunningBroker, RunningBroker]:
    """Give both brokers once all cases have run, some of which want them new."""
    assert summary.verdicts
    return brokers


@pytest.fixture(scope="session")
def summary(request: pytest.FixtureRequest, brokers: tuple[RunningBroker, RunningBroker]) -> Summary:
    """Give what came of all cases."""
    kafka, ottla = (target_of(broker.port, broker.controller_port, broker.restart) for broker in brokers)
    found = judge_cases(load_cases(), kafka, ottla, load_rules(), load_explanations())
    reached = reached_by(verdict.kafka for verdict in found.verdicts)
    request.config.stash[ASKED_AGAIN] = found.asked_again
    request.config.stash[TOTALS] = f"{found}; {totals(load_coverage(), reached)}"
    return found
