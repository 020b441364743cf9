"""Produce, Fetch, ListOffsets, DeleteRecords and OffsetForLeaderEpoch, answer by answer beside the real Apache Kafka.

Each case is a conversation with a topic of its own; both brokers must say the same, byte for byte where records come
back. Only times that each broker takes from its own clock are left out.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ottla.completion import Completion
from ottla.errors import KafkaError
from ottla.handlers.error_responses import error_response
from ottla.handlers.outcome import Outcome
from ottla.handlers.registry import load_handler
from ottla.metadata.records import ConfigRecord, PartitionRecord, TopicRecord
from ottla.protocol.api import ApiKey, request_class, response_class
from ottla.protocol.messages import create_topics
from ottla.protocol.messages import delete_records as d
from ottla.protocol.messages import fetch as f
from ottla.protocol.messages import list_offsets as lo
from ottla.protocol.messages import offset_for_leader_epoch as ofle
from ottla.protocol.messages import produce as p
from ottla.records.batch import HEADER_SIZE_BYTES, compute_crc, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_record
from ottla.records.compression import Codec, compress
from ottla.storage.files import FileRange
from ottla.types import ZERO_UUID, Uuid
from ottla.wire.compiler import decode_message, encode, encoder
from tests.peers.kafka_broker import start_kafka
from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.support.partitions import NODE_ID, DataDirectory
from tests.support.raw_client import RawClient

pytestmark = pytest.mark.java

HOUR_MS = 3_600_000
NO_LIMIT = 0x7FFFFFFF
NOW_MS = time.time_ns() // 1_000_000


class ClosedConnection:
    """What a client sees that is answered by the end of the connection."""


class Silence:
    """No answer at all."""


@dataclass
class Pair:
    """The real broker and this one, with the same topics."""

    kafka: RunningBroker
    ottla: DataDirectory

    def create_topic(self, name: str, configs: dict[str, str] | None = None, partitions: int = 1) -> Uuid:
        """Create a topic on both under the id that the real one has drawn."""
        wanted = create_topics.CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=1,
            configs=[
                create_topics.CreatableTopicConfig(name=key, value=value)
                for key, value in (configs or {}).items()
            ],
        )
        request = create_topics.CreateTopicsRequest(topics=[wanted], timeout_ms=30_000)
        with RawClient(self.kafka.port) as client:
            (created,) = client.ask(ApiKey.CREATE_TOPICS, 7, request).topics
        assert created.error_code == 0, created
        self.ottla.change(
            TopicRecord(name=name, topic_id=created.topic_id),
            *(
                ConfigRecord(resource_type=2, resource_name=name, name=key, value=value)
                for key, value in (configs or {}).items()
            ),
            *(
                PartitionRecord(
                    partition_id=index,
                    topic_id=created.topic_id,
                    replicas=[NODE_ID],
                    isr=[NODE_ID],
                    leader=NODE_ID,
                    leader_epoch=0,
                )
                for index in range(partitions)
            ),
        )
        topic_id: Uuid = created.topic_id
        self._wait_until_led(name, partitions)
        return topic_id

    def _wait_until_led(self, name: str, partitions: int) -> None:
        wishes = [lo.ListOffsetsPartition(partition_index=index, timestamp=-1) for index in range(partitions)]
        request = lo.ListOffsetsRequest(
            replica_id=-1, topics=[lo.ListOffsetsTopic(name=name, partitions=wishes)]
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with RawClient(self.kafka.port) as client:
                (topic,) = client.ask(ApiKey.LIST_OFFSETS, 9, request).topics
            if all(partition.error_code == 0 for partition in topic.partitions):
                return
        raise AssertionError(f"{name} has no leader")

    def ask_kafka(self, api_key: ApiKey, version: int, request: Any) -> Any:
        with RawClient(self.kafka.port, timeout_s=3) as client:
            try:
                return client.ask(api_key, version, request)
            except ConnectionError:
                return ClosedConnection
            except TimeoutError:
                return Silence

    def ask_ottla(self, api_key: ApiKey, version: int, request: Any) -> Any:
        decoded = decode_message(request_class(api_key), version, bytearray(encode(request, version)))
        try:
            response = load_handler(api_key)(decoded, self.ottla.context(version))
        except KafkaError as error:
            response = error_response(api_key, version, decoded, error.code, error.text)
        if isinstance(response, Completion):
            self.ottla.loop.advance(10)
            response = response.result()
        if response is Outcome.CLOSE_CONNECTION:
            return ClosedConnection
        pieces: list[Any] = [b""]
        encoder(response_class(api_key), version)(response, pieces)
        content = b"".join(piece.read() if isinstance(piece, FileRange) else piece for piece in pieces)
        return decode_message(response_class(api_key), version, content)

    def compare(self, api_key: ApiKey, version: int, request: Any) -> Any:
        """Ask both and return what both have said."""
        expected = normalised(self.ask_kafka(api_key, version, request))
        assert normalised(self.ask_ottla(api_key, version, request)) == expected
        return expected


def normalised(response: Any) -> Any:
    """Put what may differ into one form: the order of topics and partitions, and each broker's own time."""
    return response if isinstance(response, type) else _sorted(response)


def _sorted(response: Any) -> Any:
    for attribute in ("responses", "topics"):
        topics = getattr(response, attribute, None)
        if topics is not None:
            topics.sort(key=_topic_key)
            for topic in topics:
                partitions = (
                    topic.partition_responses if hasattr(topic, "partition_responses") else topic.partitions
                )
                partitions.sort(key=_index)
                for partition in partitions:
                    _strip(partition)
    return response


def _topic_key(topic: Any) -> tuple[str, bytes]:
    name = getattr(topic, "name", None) or getattr(topic, "topic", None) or ""
    return name, getattr(topic, "topic_id", b"")


def _index(partition: Any) -> int:
    for name in ("index", "partition_index", "partition"):
        if hasattr(partition, name):
            found: int = getattr(partition, name)
            return found
    raise AssertionError(partition)


def _strip(partition: Any) -> None:
    if isinstance(partition, p.PartitionProduceResponse):
        for error in partition.record_errors:
            error.batch_index_error_message = re.sub(
                r"within \[-?\d+, \d+\]", "within [A, B]", error.batch_index_error_message or ""
            )
        partition.log_append_time_ms = min(NOW_MS, partition.log_append_time_ms)
    if isinstance(partition, f.PartitionData) and partition.records is not None:
        partition.records = bytes(partition.records)


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


def records(count: int = 3, key: bytes | None = b"k", timestamp_ms: int = NOW_MS) -> list[NewRecord]:
    return [NewRecord(key, b"value-%d" % index, timestamp_ms + index) for index in range(count)]


def batch(**fields: Any) -> bytearray:
    return build_batch(records(), now_ms=NOW_MS, **fields)


def changed(original: bytearray, *, payload: bytes | None = None, **fields: Any) -> bytearray:
    """Return a batch with other header fields, or other records, and a right CRC."""
    header = read_header(original)._replace(**fields)._asdict()
    for name in ("batch_length", "magic", "crc"):
        del header[name]
    return assemble_batch(original[HEADER_SIZE_BYTES:] if payload is None else payload, **header)


def damaged(original: bytearray, at: int, value: int, *, fix_crc: bool = False) -> bytearray:
    original[at] = value
    if fix_crc:
        original[17:21] = compute_crc(original, 0, len(original)).to_bytes(4, "big")
    return original


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


def unsound_record() -> bytearray:
    payload = bytearray(batch()[HEADER_SIZE_BYTES:])
    payload[4] = 0x7E  # the length of the first key, said to be 63
    return changed(batch(), payload=bytes(payload))


def sparse(codec: Codec) -> bytearray:
    payload = b"".join(encode_record(record, 0, 0) for record in records())
    packed = compress(codec, payload) if codec else payload
    return changed(batch(codec=codec), payload=packed, attributes=int(codec))


PRODUCED: dict[str, Callable[[], bytes | bytearray | None]] = {
    "sound": batch,
    "gzip": lambda: batch(codec=Codec.GZIP),
    "snappy": lambda: batch(codec=Codec.SNAPPY),
    "lz4": lambda: batch(codec=Codec.LZ4),
    "zstd": lambda: batch(codec=Codec.ZSTD),
    "empty": lambda: b"",
    "torn": lambda: batch()[:-1],
    "torn-second": lambda: batch() + batch()[:-1],
    "two-batches": lambda: batch() + batch(),
    "magic-1": lambda: damaged(batch(), 16, 1),
    "magic-3": lambda: damaged(batch(), 16, 3),
    "tiny": lambda: bytes(8) + (5).to_bytes(4, "big") + bytes(20),
    "wrong-crc": lambda: damaged(batch(), 70, 0xFF),
    "base-offset": lambda: changed(batch(), base_offset=3),
    "too-many-counted": lambda: changed(batch(), records_count=4),
    "none-counted": lambda: changed(batch(), records_count=0),
    "last-delta-negative": lambda: changed(batch(), last_offset_delta=-1),
    "last-delta-too-large": lambda: changed(batch(), last_offset_delta=3, records_count=4),
    "last-delta-too-small": lambda: changed(batch(), last_offset_delta=1, records_count=2),
    "control": lambda: batch(control=True),
    "without-sequence": lambda: batch(producer_id=7, producer_epoch=0, base_sequence=-1),
    "codec-5": lambda: changed(batch(), attributes=5),
    "unsound-record": unsound_record,
    "unsound-block": lambda: damaged(batch(codec=Codec.LZ4), HEADER_SIZE_BYTES, 0, fix_crc=True),
    "sparse": lambda: sparse(Codec.NONE),
    "sparse-lz4": lambda: sparse(Codec.LZ4),
    "null-keys": lambda: build_batch(records(5, None), now_ms=NOW_MS),
    "null-keys-zstd": lambda: build_batch(records(5, None), now_ms=NOW_MS, codec=Codec.ZSTD),
    "future": lambda: build_batch(records(timestamp_ms=NOW_MS + 3 * HOUR_MS), now_ms=NOW_MS),
    "past": lambda: build_batch(records(timestamp_ms=1), now_ms=NOW_MS),
    "no-timestamps": lambda: build_batch([NewRecord(b"k", b"v", -1)], now_ms=NOW_MS),
    "wrong-max-timestamp": lambda: changed(batch(), max_timestamp=NOW_MS + 77),
    "log-append-time": lambda: batch(log_append_time=True),
    "log-append-time-lz4": lambda: batch(log_append_time=True, codec=Codec.LZ4),
    "large": lambda: build_batch([NewRecord(b"k", b"v" * 300_000)], now_ms=NOW_MS),
    "large-zeros-gzip": lambda: build_batch(
        [NewRecord(b"k", bytes(300_000))], now_ms=NOW_MS, codec=Codec.GZIP
    ),
    "transactional": lambda: batch(producer_id=7, producer_epoch=0, base_sequence=0, transactional=True),
}

TOPICS: dict[str, dict[str, str]] = {
    "plain": {"max.message.bytes": "200000"},
    "compacted": {"cleanup.policy": "compact"},
    "stamped": {"message.timestamp.type": "LogAppendTime"},
    "narrow": {"message.timestamp.before.max.ms": "60000", "message.timestamp.after.max.ms": "60000"},
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
