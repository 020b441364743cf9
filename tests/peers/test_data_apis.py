"""Produce, Fetch, ListOffsets, DeleteRecords and OffsetForLeaderEpoch, answer by answer beside the real Apache Kafka.

Each case is a conversation with a topic of its own; both brokers must say the same, byte for byte where records come
back. Only times that each broker takes from its own clock are left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ottla.protocol.api import ApiKey
from ottla.protocol.messages import delete_records as d
from ottla.protocol.messages import fetch as f
from ottla.protocol.messages import list_offsets as lo
from ottla.protocol.messages import offset_for_leader_epoch as ofle
from ottla.protocol.messages import produce as p
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.types import ZERO_UUID, Uuid
from tests.peers.kafka_broker import start_kafka
from tests.peers.pair import NOW_MS, Pair, normalised
from tests.peers.produced_batches import PRODUCED, batch, damaged, records
from tests.support.broker_process import BrokerSettings
from tests.support.partitions import DataDirectory

pytestmark = pytest.mark.java

NO_LIMIT = 0x7FFFFFFF


@pytest.fixture(scope="module")
def pair(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    work_dir = tmp_path_factory.mktemp("kafka")
    kafka = start_kafka(BrokerSettings(work_dir / "data", work_dir))
    ottla = DataDirectory(tmp_path_factory.mktemp("ottla"))
    ottla.loop.advance(NOW_MS - ottla.loop.now_ms())
    yield Pair(kafka, ottla)
    kafka.kill()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")


def produce_request(
    topic: str,
    content: bytes | bytearray | None,
    *,
    topic_id: Uuid = ZERO_UUID,
    acks: int = -1,
    index: int = 0,
) -> p.ProduceRequest:
    partition = p.PartitionProduceData(index=index, records=None if content is None else bytes(content))
    data = p.TopicProduceData(name=topic, topic_id=topic_id, partition_data=[partition])
    return p.ProduceRequest(acks=acks, timeout_ms=5_000, topic_data=[data])


TOPICS: dict[str, dict[str, str]] = {
    "plain": {"max.message.bytes": "200000"},
    "compacted": {"cleanup.policy": "compact"},
    "stamped": {"message.timestamp.type": "LogAppendTime"},
    # An hour: the batches are as old as the whole run of the tests.
    "narrow": {"message.timestamp.before.max.ms": "3600000", "message.timestamp.after.max.ms": "3600000"},
    "uncompressed": {"compression.type": "uncompressed", "max.message.bytes": "200000"},
    "recompressed": {"compression.type": "zstd"},
}


def brief(response: p.ProduceResponse) -> str:
    return (
        str(response.responses[0].partition_responses)
        if isinstance(response, p.ProduceResponse)
        else str(response)
    )


@pytest.mark.parametrize("kind", TOPICS)
def test_every_kind_of_batch_gets_the_same_answer(pair: Pair, topic: str, kind: str) -> None:
    pair.create_topic(topic, TOPICS[kind])
    differing = {}
    for name, make in PRODUCED.items():
        request = produce_request(topic, make())
        expected = normalised(pair.ask_kafka(ApiKey.PRODUCE, 12, request))
        found = normalised(pair.ask_ottla(ApiKey.PRODUCE, 12, request))
        if found != expected:
            differing[name] = "\n  kafka ".join(["", *map(brief, (expected, found))])
    assert not differing, "\n".join(f"{name}: {text}" for name, text in differing.items())


def test_produce_requests_as_a_whole(pair: Pair, topic: str) -> None:
    topic_id = pair.create_topic(topic, partitions=2)
    by_id = produce_request("", batch(), topic_id=topic_id)
    pair.compare(ApiKey.PRODUCE, 13, by_id)
    pair.compare(ApiKey.PRODUCE, 13, produce_request("", batch(), topic_id=Uuid(bytes(15) + b"\x99")))
    pair.compare(ApiKey.PRODUCE, 13, produce_request("", batch()))
    for acks in (-2, 1, 2):
        pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch(), acks=acks))
    pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch(), index=2))
    pair.compare(ApiKey.PRODUCE, 12, produce_request("no-such-topic", batch()))
    for version in (3, 6, 7, 8, 9, 12):
        pair.compare(ApiKey.PRODUCE, version, produce_request(topic, batch(codec=Codec.ZSTD)))
        pair.compare(ApiKey.PRODUCE, version, produce_request(topic, damaged(batch(), 70, 0xFF)))
    several = produce_request(topic, batch())
    several.topic_data[0].partition_data += [
        p.PartitionProduceData(index=1, records=bytes(batch())),
        p.PartitionProduceData(index=9, records=bytes(batch())),
    ]
    pair.compare(ApiKey.PRODUCE, 12, several)
    pair.compare(ApiKey.PRODUCE, 12, p.ProduceRequest(acks=-1, timeout_ms=1000))


def test_idempotent_producers(pair: Pair, topic: str) -> None:
    pair.create_topic(topic)

    def send(sequence: int, epoch: int = 0, count: int = 2) -> None:
        content = build_batch(
            records(count), now_ms=NOW_MS, producer_id=1000, producer_epoch=epoch, base_sequence=sequence
        )
        pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, content))

    for sequence in (4, 6, 6, 4, 9, 8, 10, 12, 14, 16, 6, 8, 4):
        send(sequence)
    send(6, count=1)
    send(18, epoch=1)
    send(0, epoch=1)
    send(18)
    send(2, epoch=1)
    send(0, epoch=1)


def fetch_request(*wishes: f.FetchPartition, topic: str, topic_id: Uuid, **fields: Any) -> f.FetchRequest:
    fields = {"max_wait_ms": 10, "min_bytes": 1, "max_bytes": NO_LIMIT, **fields}
    topics = [f.FetchTopic(topic=topic, topic_id=topic_id, partitions=list(wishes))]
    return f.FetchRequest(topics=topics, **fields)


def wish(index: int = 0, offset: int = 0, max_bytes: int = 1 << 20, **fields: Any) -> f.FetchPartition:
    return f.FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=max_bytes, **fields)


@pytest.mark.parametrize("version", [4, 5, 9, 11, 12, 13, 15, 16, 17, 18])
def test_fetches(pair: Pair, topic: str, version: int) -> None:
    topic_id = pair.create_topic(topic, partitions=3)
    for index, count in ((0, 3), (1, 1)):
        for _ in range(count):
            pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch(), index=index))
    size = len(batch())

    def ask(*wishes: f.FetchPartition, **fields: Any) -> None:
        request = fetch_request(*wishes, topic=topic, topic_id=topic_id, **fields)
        pair.compare(ApiKey.FETCH, version, request)

    ask(wish())
    ask(wish(1), wish(0), wish(2))
    for offset in (1, 2, 3, 8, 9, 10, -1):
        ask(wish(offset=offset))
    for limit in (0, 1, size - 1, size, size + 1, 2 * size + 30):
        ask(wish(max_bytes=limit))
        ask(wish(2), wish(0), wish(1), max_bytes=limit)
    ask(wish(2), isolation_level=1)
    ask(wish(), isolation_level=1)
    ask(wish(7), wish())
    ask(wish(7))
    ask(wish(offset=99), wish(1), isolation_level=1)
    ask(wish(max_bytes=-1))
    ask(wish(), max_bytes=-1)
    if version >= 9:
        for epoch in (-1, 0, 1):
            ask(wish(current_leader_epoch=epoch))
    if version >= 12:
        for epoch, offset in ((0, 9), (0, 3), (0, 12), (1, 3)):
            ask(wish(offset=offset, last_fetched_epoch=epoch))
    unknown = fetch_request(wish(), topic="no-such-topic", topic_id=Uuid(bytes(15) + b"\x98"))
    pair.compare(ApiKey.FETCH, version, unknown)
    pair.compare(ApiKey.FETCH, version, f.FetchRequest(max_wait_ms=10, min_bytes=1, max_bytes=NO_LIMIT))


@pytest.mark.parametrize("version", [7, 12, 13, 18])
def test_fetch_sessions(pair: Pair, topic: str, version: int) -> None:
    """The ids differ, since each broker draws its own; everything else is compared."""
    topic_id = pair.create_topic(topic, partitions=3)
    sessions = {"kafka": 0, "ottla": 0}

    def ask(*wishes: f.FetchPartition, epoch: int, forgotten: tuple[int, ...] = (), off_by: int = 0) -> None:
        answers = {}
        for name, ask_broker in (("kafka", pair.ask_kafka), ("ottla", pair.ask_ottla)):
            request = fetch_request(*wishes, topic=topic, topic_id=topic_id, session_epoch=epoch)
            if not wishes:
                request.topics = []
            request.session_id = sessions[name] + off_by
            if forgotten:
                request.forgotten_topics_data = [
                    f.ForgottenTopic(topic=topic, topic_id=topic_id, partitions=list(forgotten))
                ]
            answer = normalised(ask_broker(ApiKey.FETCH, version, request))
            if epoch == 0:
                sessions[name] = answer.session_id
            assert answer.session_id in {0, sessions[name], request.session_id}
            answer.session_id = min(answer.session_id, 1)
            answers[name] = answer
        assert answers["ottla"] == answers["kafka"]

    def send(index: int) -> None:
        pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch(), index=index))

    ask(wish(0), wish(1), wish(2), wish(8), epoch=0)
    ask(epoch=1)
    send(1)
    ask(epoch=2)
    ask(wish(1, offset=3), epoch=3)
    ask(epoch=3)  # a wrong epoch
    send(0)
    send(2)
    ask(epoch=4, forgotten=(2, 8))
    ask(wish(0, offset=3), epoch=5)
    ask(wish(0, offset=99), epoch=6)
    ask(epoch=7)
    ask(wish(0, offset=3), epoch=8)
    ask(epoch=9, off_by=1)  # an unknown session
    ask(epoch=9, forgotten=(0, 1))
    ask(epoch=10)
    ask(wish(0), epoch=0)
    ask(wish(0), epoch=-1)
    ask(epoch=1)


@pytest.mark.parametrize("version", [1, 2, 4, 6, 7, 8, 9, 10])
def test_list_offsets(pair: Pair, topic: str, version: int) -> None:
    pair.create_topic(topic, partitions=2)
    for times in ([10, 30, 20], [30, 5, 30]):
        content = build_batch([NewRecord(b"k", b"v", NOW_MS + delta) for delta in times], now_ms=NOW_MS)
        pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, content))

    def ask(*wishes: tuple[int, int], name: str = topic, **fields: Any) -> None:
        partitions = [
            lo.ListOffsetsPartition(partition_index=index, timestamp=timestamp, **fields)
            for index, timestamp in wishes
        ]
        topics = [lo.ListOffsetsTopic(name=name, partitions=partitions)]
        for isolation_level in (0, 1) if version >= 2 else (0,):
            for replica_id in (-1, -2):
                request = lo.ListOffsetsRequest(
                    replica_id=replica_id, isolation_level=isolation_level, topics=topics
                )
                pair.compare(ApiKey.LIST_OFFSETS, version, request)

    deletion = d.DeleteRecordsPartition(partition_index=0, offset=2)
    delete = d.DeleteRecordsRequest(
        topics=[d.DeleteRecordsTopic(name=topic, partitions=[deletion])], timeout_ms=5_000
    )
    for _ in range(2):
        for timestamp in (*range(-7, 2), *(NOW_MS + delta for delta in (4, 5, 10, 11, 20, 21, 30, 31, 40))):
            ask((0, timestamp), (1, timestamp))
        pair.compare(ApiKey.DELETE_RECORDS, 2, delete)
    ask((0, -1), (0, -2), (1, -1))
    ask((9, -1))
    ask((0, -1), name="no-such-topic")
    if version >= 4:
        for epoch in (-1, 0, 1):
            ask((0, -1), current_leader_epoch=epoch)


def test_delete_records(pair: Pair, topic: str) -> None:
    pair.create_topic(topic, partitions=2)
    pair.create_topic(f"{topic}-compacted", {"cleanup.policy": "compact"})
    pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch()))
    for name in (topic, f"{topic}-compacted", "no-such-topic"):
        for offset in (0, 1, 0, 4, -2, 3, -1):
            partitions = [
                d.DeleteRecordsPartition(partition_index=index, offset=offset) for index in (0, 1, 9)
            ]
            topics = [d.DeleteRecordsTopic(name=name, partitions=partitions)]
            request = d.DeleteRecordsRequest(topics=topics, timeout_ms=5_000)
            pair.compare(ApiKey.DELETE_RECORDS, 2, request)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_offset_for_leader_epoch(pair: Pair, topic: str, version: int) -> None:
    pair.create_topic(topic)
    for _ in range(2):
        for epoch in (-1, 0, 1):
            for current in (-1, 0, 1):
                partitions = [
                    ofle.OffsetForLeaderPartition(
                        partition=index, current_leader_epoch=current, leader_epoch=epoch
                    )
                    for index in (0, 5)
                ]
                topics = [
                    ofle.OffsetForLeaderTopic(topic=name, partitions=partitions)
                    for name in (topic, "no-such-topic")
                ]
                request = ofle.OffsetForLeaderEpochRequest(topics=topics)
                pair.compare(ApiKey.OFFSET_FOR_LEADER_EPOCH, version, request)
        pair.compare(ApiKey.PRODUCE, 12, produce_request(topic, batch()))
