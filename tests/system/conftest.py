"""Brokers for the system tests: Ottla, or with `--broker=kafka` the real one, which proves the tests."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.peers.distribution import require_java
from tests.peers.kafka_broker import start_kafka
from tests.support import raw_wire
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla

STARTERS: Mapping[str, Callable[[BrokerSettings], RunningBroker]] = {
    "ottla": start_ottla,
    "kafka": start_kafka,
}

StartBroker = Callable[..., RunningBroker]
RequireApi = Callable[[int], None]

ANSWER_TIMEOUT_S = 10.0


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> str:
    """Give the name of the broker under test; where it cannot run the test is skipped and says so."""
    kind: str = request.config.getoption("--broker")
    if kind == "kafka":
        require_java()
    return kind


@pytest.fixture(scope="module")
def broker(
    request: pytest.FixtureRequest, broker_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """Give one running broker to all tests of a module; the module's BROKER_PROPERTIES are its options."""
    properties = getattr(request.module, "BROKER_PROPERTIES", {})
    work_dir = tmp_path_factory.mktemp(broker_kind)
    running = STARTERS[broker_kind](
        BrokerSettings(work_dir / "data", work_dir, properties=properties, watches_loop=True)
    )
    yield running
    if running.running:
        running.kill()
    assert not running.hold_ups()


@pytest.fixture
def require_api(broker: RunningBroker) -> RequireApi:
    """Give a function that skips the test where the broker says that it does not offer an API."""

    def require(api_key: int) -> None:
        if api_key not in raw_wire.offered_apis(broker.port, ANSWER_TIMEOUT_S):
            pytest.skip(f"{broker.kind} does not offer API {api_key}")

    return require


@pytest.fixture(params=["classic", "consumer"])
def group_protocol(request: pytest.FixtureRequest, require_api: RequireApi) -> str:
    """Give each group protocol that the broker offers: the classic one, and that of KIP-848."""
    protocol: str = request.param
    if protocol == "consumer":
        require_api(raw_wire.CONSUMER_GROUP_HEARTBEAT)
    return protocol


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give a name for the topics and groups of one test, so that tests can share a broker."""
    return re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")


@pytest.fixture
def start_broker(broker_kind: str, tmp_path: Path) -> Iterator[StartBroker]:
    """Give a function that starts brokers for one test, of the chosen kind or of the kind that it is told."""
    started: list[RunningBroker] = []

    def start(
        properties: Mapping[str, str] | None = None, *, data_dir: Path | None = None, kind: str = broker_kind
    ) -> RunningBroker:
        work_dir = tmp_path / f"{kind}-{len(started)}"
        settings = BrokerSettings(
            data_dir or work_dir / "data", work_dir, properties=properties or {}, watches_loop=True
        )
        running = STARTERS[kind](settings)
        started.append(running)
        return running

    yield start
    for running in started:
        if running.running:
            running.kill()
        assert not running.hold_ups()
