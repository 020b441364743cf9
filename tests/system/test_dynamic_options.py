"""Options that are changed by a request while the broker serves, seen by the clients that come after it.

`--broker=kafka` shows that Apache Kafka does the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ottla.config.alterations import AlterOperation
from ottla.errors import ErrorCode
from ottla.metadata.aspects.configs import ResourceType
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from tests.support.broker_process import RunningBroker
from tests.support.plain_client import PlainClient
from tests.support.waiting import eventually
from tests.system.conftest import StartBroker

MANY_BYTES = bytes(2000)
SOME_BYTES = "1000"


@pytest.fixture
def broker(start_broker: StartBroker) -> RunningBroker:
    """Give a broker of its own to each test: what is set holds for all clients."""
    return start_broker()


@pytest.fixture
def client(broker: RunningBroker) -> Iterator[PlainClient]:
    """Give a connection that was there before anything was changed."""
    with PlainClient(broker.port) as connected:
        yield connected


def alter(client: PlainClient, name: str, value: str | None, resource: str = "") -> None:
    """Set an option of brokers, or take a setting away."""
    operation = AlterOperation.DELETE if value is None else AlterOperation.SET
    change = AlterableConfig(name=name, config_operation=operation, value=value)
    asked = AlterConfigsResource(resource_type=ResourceType.BROKER, resource_name=resource, configs=[change])
    answer = client.ask(
        ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, IncrementalAlterConfigsRequest(resources=[asked])
    )
    (result,) = answer.responses
    assert result.error_code == ErrorCode.NONE, result.error_message


def is_served(client: PlainClient) -> bool:
    return client.metadata_codes("no-such-topic") == []


def is_refused(broker: RunningBroker) -> bool:
    """Tell whether a new connection is closed without an answer."""
    with PlainClient(broker.port) as late:
        try:
            return not is_served(late)
        except ConnectionError:
            return True


def test_the_largest_batch(client: PlainClient, broker: RunningBroker, name: str) -> None:
    assert client.create_topic(name) == ErrorCode.NONE
    eventually(lambda: client.produce(name, MANY_BYTES).error_code == ErrorCode.NONE)
    alter(client, "message.max.bytes", SOME_BYTES)
    eventually(lambda: client.produce(name, MANY_BYTES).error_code == ErrorCode.MESSAGE_TOO_LARGE)
    alter(client, "message.max.bytes", "1048588", "1")  # goes before that of all brokers
    eventually(lambda: client.produce(name, MANY_BYTES).error_code == ErrorCode.NONE)
    alter(client, "message.max.bytes", None, "1")
    eventually(lambda: client.produce(name, MANY_BYTES).error_code == ErrorCode.MESSAGE_TOO_LARGE)
    assert broker.running


def test_connections_from_one_address(client: PlainClient, broker: RunningBroker) -> None:
    assert is_served(client)
    alter(client, "max.connections.per.ip", "1")
    eventually(lambda: is_refused(broker))
    assert is_served(client)
    alter(client, "max.connections.per.ip.overrides", "127.0.0.1:5")
    eventually(lambda: not is_refused(broker))
    alter(client, "max.connections.per.ip.overrides", None)
    eventually(lambda: is_refused(broker))
    alter(client, "max.connections.per.ip", None)
    eventually(lambda: not is_refused(broker))


def test_fewer_connections_close_the_longest_idle_one(client: PlainClient, broker: RunningBroker) -> None:
    with PlainClient(broker.port) as idle:
        assert is_served(idle)
        assert is_served(client)
        alter(client, "max.connections", "1")
        assert idle.socket.recv(1) == b""
    assert is_served(client)


def test_what_was_set_survives_a_crash(client: PlainClient, broker: RunningBroker, name: str) -> None:
    assert client.create_topic(name) == ErrorCode.NONE
    alter(client, "message.max.bytes", SOME_BYTES)
    broker.kill()
    broker.start()
    with PlainClient(broker.port) as again:
        eventually(lambda: again.produce(name, MANY_BYTES).error_code == ErrorCode.MESSAGE_TOO_LARGE)
