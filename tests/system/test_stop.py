"""A stop in order: what waits is answered, the data is said to be complete, and one signal is as good as two."""

import signal

import pytest

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.metadata import MetadataRequest
from tests.support.raw_client import RawClient
from tests.system.conftest import StartBroker

CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
STOP_TIMEOUT_S = 60


def parked_fetch(client: RawClient, topic: str) -> None:
    """Send a fetch that waits for a record which does not come."""
    client.ask(
        ApiKey.CREATE_TOPICS,
        7,
        CreateTopicsRequest(topics=[CreatableTopic(name=topic, num_partitions=1, replication_factor=1)]),
    )
    partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)
    client.send(
        ApiKey.FETCH,
        11,
        FetchRequest(
            max_wait_ms=600_000, min_bytes=1, topics=[FetchTopic(topic=topic, partitions=[partition])]
        ),
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_parked_fetch_is_answered_and_the_stop_is_clean(
    start_broker: StartBroker, number: signal.Signals
) -> None:
    broker = start_broker()
    assert broker.child is not None
    with RawClient(broker.port, timeout_s=STOP_TIMEOUT_S) as waiting, RawClient(broker.port) as other:
        parked_fetch(waiting, "parked")
        other.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
        broker.child.signal(number)
        (topic,) = waiting.receive().responses
        assert topic.topic == "parked"
        assert not bytes(topic.partitions[0].records or b"")
        with pytest.raises((ConnectionError, OSError)):
            waiting.receive_frame()
    assert broker.child.end(STOP_TIMEOUT_S) == 128 + number
    assert (broker.data_dir / CLEAN_SHUTDOWN).exists()


def test_a_second_signal_does_not_cut_the_stop_short(start_broker: StartBroker) -> None:
    broker = start_broker()
    assert broker.child is not None
    with RawClient(broker.port) as client:
        topics = [CreatableTopic(name="many", num_partitions=100, replication_factor=1)]
        client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics))
    for _ in range(3):
        broker.child.signal(signal.SIGTERM)
    assert broker.child.end(STOP_TIMEOUT_S) == 128 + signal.SIGTERM
    assert (broker.data_dir / CLEAN_SHUTDOWN).exists()
    assert any("shut down completed" in line for line in broker.log_lines())
