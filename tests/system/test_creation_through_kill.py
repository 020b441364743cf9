"""A creation that was acknowledged survives a kill, whatever was made of its directories until then.

Many topics are answered before their directories are there, with Apache Kafka as with Ottla. The broker is ended by
SIGKILL right behind the answer, and once a part of them is there; after the next start all of them take records.
"""

from pathlib import Path

import pytest

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.metadata import MetadataRequest, MetadataResponse
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from ottla.records.builder import NewRecord, build_batch
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually
from tests.system.conftest import StartBroker

NAMES = [f"topic-{number:04}" for number in range(1000)]
TIMEOUT_MS = 30_000


def directories(data_dir: Path) -> list[str]:
    """Return the names of the partitions' directories, whatever has become of them."""
    return [path.name for path in data_dir.iterdir() if path.name.startswith("topic-")]


def create_all(client: RawClient) -> None:
    """Create the topics in one request."""
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in NAMES]
    answer = client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics, timeout_ms=TIMEOUT_MS))
    assert {each.error_code for each in answer.topics} == {0}


def appended(client: RawClient, names: list[str]) -> dict[str, int]:
    """Append a record to each topic; return the offsets of those that took it."""
    batch = build_batch([NewRecord(None, b"value")], now_ms=1_700_000_000_000)
    data = [
        TopicProduceData(name=name, partition_data=[PartitionProduceData(index=0, records=batch)])
        for name in names
    ]
    request = ProduceRequest(acks=-1, timeout_ms=TIMEOUT_MS, topic_data=data)
    answer: ProduceResponse = client.ask(ApiKey.PRODUCE, 9, request)
    partitions = [(topic.name, topic.partition_responses[0]) for topic in answer.responses]
    return {name: each.base_offset for name, each in partitions if each.error_code == 0}


@pytest.mark.parametrize("made_before_the_kill", [0, 1, 500])
def test_all_topics_are_there_after_a_kill(start_broker: StartBroker, made_before_the_kill: int) -> None:
    broker = start_broker()
    with RawClient(broker.port) as client:
        create_all(client)
    eventually(lambda: len(directories(broker.data_dir)) >= made_before_the_kill)
    broker.kill()
    broker.start()
    offsets: dict[str, int] = {}

    def all_take_records(client: RawClient) -> bool:
        offsets.update(appended(client, [name for name in NAMES if name not in offsets]))
        return len(offsets) == len(NAMES)

    with RawClient(broker.port) as client:
        answer: MetadataResponse = client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
        assert sorted(topic.name or "" for topic in answer.topics) == NAMES
        eventually(lambda: all_take_records(client))
    assert set(offsets.values()) == {0}
    if broker.kind == "ottla":  # Apache Kafka puts aside what it had not given its topic id yet
        assert sorted(directories(broker.data_dir)) == [f"{name}-0" for name in NAMES]
