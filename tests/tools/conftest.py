"""One broker for all tables, our launchers, and the lines that a run shows in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ottla.cli.install_scripts import main as install_scripts
from tests.peers.kafka_broker import start_kafka
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla
from tests.tools.comparing import Verdict
from tests.tools.running import Terminal

VERDICTS = pytest.StashKey[dict[str, Verdict]]()

PROPERTIES = {
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Groups are formed in many rows; nobody else will join them.
    "group.initial.rebalance.delay.ms": "0",
    # A busy machine must not have the real broker fenced.
    "broker.session.timeout.ms": "30000",
}

KAFKA_PROPERTIES = {
    # An Apache Kafka keeps ACLs, and refuses nobody anything.
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}


def properties_for(broker: str) -> dict[str, str]:
    """Return the settings of the broker that both tools are pointed at."""
    return PROPERTIES | (KAFKA_PROPERTIES if broker == "kafka" else {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show how many rows were compared, also when nothing failed."""
    verdicts = config.stash.get(VERDICTS, {})
    if verdicts:
        total = Verdict()
        for verdict in verdicts.values():
            total.add(verdict)
        terminalreporter.write_line(f"Kafka's tools and ours: {len(verdicts)} tables, {total.summary()}")


@pytest.fixture
def verdicts(request: pytest.FixtureRequest) -> dict[str, Verdict]:
    """Give what the tables have come to so far."""
    return request.config.stash.setdefault(VERDICTS, {})


@pytest.fixture(scope="session")
def broker(
    request: pytest.FixtureRequest, kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """Give the broker that both tools are pointed at; `kafka_jars` skips the test where there is no Java."""
    work_dir = tmp_path_factory.mktemp("broker")
    chosen = request.config.getoption("--broker")
    start = start_kafka if chosen == "kafka" else start_ottla
    running = start(BrokerSettings(work_dir / "data", work_dir, properties=properties_for(chosen)))
    yield running
    running.kill()


@pytest.fixture(scope="session")
def terminal(
    broker: RunningBroker, kafka_tools: KafkaTools, tmp_path_factory: pytest.TempPathFactory
) -> Terminal:
    """Give the place where command lines are typed."""
    launchers = tmp_path_factory.mktemp("bin")
    assert install_scripts([str(launchers), "--without-suffix"]) == 0
    return Terminal(kafka_tools, broker, tmp_path_factory.mktemp("files"), launchers)
