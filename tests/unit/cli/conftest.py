"""What the tools' tests share: a broker in this process, which they are pointed at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.live_broker import LiveBroker

from ottla.client.cluster import Cluster
from ottla.client.consumer import Consumer
from ottla.client.consumer_settings import ConsumerSettings, ResetPolicy


@pytest.fixture(scope="session")
def live_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBroker]:
    """Give a broker of our own with some topics: `one` with five records, `three` with three partitions."""
    with LiveBroker(tmp_path_factory.mktemp("broker")) as broker:
        with broker.client() as client:
            assert client.create_topic("one", retention_ms="-1") == 0
            assert client.create_topic("three", partitions=3) == 0
            client.produce("one", b"a", b"b", b"c", b"d", b"e")
        yield broker


@pytest.fixture(scope="session")
def bootstrap(live_broker: LiveBroker) -> str:
    """Give the address of the broker."""
    return f"127.0.0.1:{live_broker.port}"


@pytest.fixture
def cluster(bootstrap: str) -> Iterator[Cluster]:
    """Give a client of the broker."""
    with cluster_of(bootstrap) as cluster:
        yield cluster


@pytest.fixture
def member(bootstrap: str) -> Iterator[Callable[[str, str], None]]:
    """Give a way to have a consumer join a group and read a topic, until the end of the test."""
    with ExitStack() as stack:

        def join(group_id: str, topic: str) -> None:
            settings = ConsumerSettings(group_id=group_id, auto_offset_reset=ResetPolicy("earliest"))
            consumer = stack.enter_context(Consumer(stack.enter_context(cluster_of(bootstrap)), settings))
            consumer.subscribe([topic])
            while not consumer.assignment():
                consumer.poll(0.1)

        yield join
