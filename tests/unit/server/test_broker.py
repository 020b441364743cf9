"""How a broker stops when its disk fails or does not answer: it ends, and says nothing that is not so."""

import threading
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem, is_below
from tests.support.live_broker import LiveBroker

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from ottla.records.builder import NewRecord, build_batch
from ottla.server import broker as broker_module

CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
NOW_MS = 1_700_000_000_000


def create(live: LiveBroker) -> None:
    with live.client() as client:
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        answer = client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=[topic], timeout_ms=30_000))
        assert answer.topics[0].error_code == 0


def produce(live: LiveBroker) -> int:
    """Append a record; return its offset."""
    batch = build_batch([NewRecord(None, b"value")], now_ms=NOW_MS)
    data = TopicProduceData(name="t", partition_data=[PartitionProduceData(index=0, records=batch)])
    with live.client() as client:
        answer: ProduceResponse = client.ask(
            ApiKey.PRODUCE, 9, ProduceRequest(acks=-1, timeout_ms=30_000, topic_data=[data])
        )
    (partition,) = answer.responses[0].partition_responses
    assert partition.error_code == 0
    return partition.base_offset


def test_a_stop_is_clean_when_everything_is_on_the_disk(tmp_path: Path) -> None:
    with LiveBroker(tmp_path) as live:
        create(live)
        assert produce(live) == 0
    assert (tmp_path / CLEAN_SHUTDOWN).exists()


@pytest.mark.parametrize("part", ["t-0", "__cluster_metadata", "recovery-point"])
def test_a_stop_that_cannot_flush_is_not_clean(tmp_path: Path, part: str) -> None:
    files = FaultyFileSystem()
    with LiveBroker(tmp_path, files) as live:
        create(live)
        produce(live)
        files.fail_below(part, "fsync")
    assert not (tmp_path / CLEAN_SHUTDOWN).exists()
    files.heal()
    with LiveBroker(tmp_path, files) as live:
        assert produce(live) == 1


@pytest.mark.parametrize("part", ["t-0", "__cluster_metadata", "recovery-point"])
def test_a_stop_ends_although_the_disk_does_not_answer(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "STOP_STEP_LIMIT_S", 0.2)
    files = FaultyFileSystem()
    answers = threading.Event()

    def stall(name: str, path: Path) -> None:
        if name == "fsync" and is_below(path, part):
            answers.wait(60)

    with LiveBroker(tmp_path, files) as live:
        create(live)
        produce(live)
        files.watch = stall
        live.stop()
        assert not (tmp_path / CLEAN_SHUTDOWN).exists()
    answers.set()
    files.heal()
    with LiveBroker(tmp_path, files) as live:
        assert produce(live) == 1
