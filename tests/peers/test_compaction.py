"""Apache Kafka as the judge of compaction: the same log, cleaned by its cleaner and by ours, holds the same batches.

Both begin with one data directory that Apache Kafka has written, with all codecs, tombstones, records without keys,
idempotent producers and transactions. Each cleaner is let loose at the same moments: ours by a restart, Kafka's by a
change of its pause, which begins its threads anew.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.record import RecordHeader
from tests.peers.kafka_broker import start_kafka
from tests.peers.pair import NOW_MS
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla
from tests.support.compacting import StoredBatch, batches_in
from tests.support.plain_client import PlainClient
from tests.support.waiting import eventually

pytestmark = pytest.mark.java

TIMEOUT_S = 60
# Every log of ours is cleaned by a new process that stands behind all others where processors are short.
CLEANING_TIMEOUT_S = 300
START_MS = NOW_MS
SEGMENT_MS = 60_000
LONG_PAUSE_MS = 3_600_000
HEADERS = (RecordHeader("trace", b"12"), RecordHeader("empty", None))
COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
    "segment.ms": str(SEGMENT_MS),
    "file.delete.delay.ms": "1000",
    "message.timestamp.after.max.ms": str(2**62),
}
DEDUPE_BUFFER_BYTES = 1_048_600
KEYS_OF_A_ROUND = int(DEDUPE_BUFFER_BYTES // 24 * 0.9)
# Whether each transaction is committed.
TRANSACTIONS = (True, False, True, False, True)
RECORDS_OF_A_TRANSACTION = 4
TOPICS = ("many", "values", "tombstones", "unkeyed", "producers", "stamped", "slow", "transactions")


@dataclass
class Writer:
    """Writes batches with times of its own, which decide where segments end."""

    port: int
    now_ms: int = START_MS

    def put(self, topic: str, *records: tuple[bytes | None, bytes | None], **fields: Any) -> None:
        """Append a batch one second after the last one."""
        self.now_ms += 1000
        new = [NewRecord(key, value, self.now_ms, fields.get("headers", ())) for key, value in records]
        numbers = {key: value for key, value in fields.items() if key != "headers"}
        batch = bytes(build_batch(new, now_ms=self.now_ms, **numbers))
        partition = PartitionProduceData(index=0, records=batch)
        content = [TopicProduceData(name=topic, partition_data=[partition])]
        with PlainClient(self.port) as client:
            answer = client.ask(
                ApiKey.PRODUCE, 9, ProduceRequest(acks=-1, timeout_ms=30_000, topic_data=content)
            )
        assert answer.responses[0].partition_responses[0].error_code == 0, answer

    def roll(self, topic: str) -> None:
        """Begin a segment, by a record that is much younger."""
        self.now_ms += 2 * SEGMENT_MS
        self.put(topic, (b"roll", b"%d" % self.now_ms))


def write_first(writer: Writer) -> None:
    """Write the part of every topic that both cleaners meet first."""
    for number, codec in enumerate(Codec):
        for part in range(3):
            records = [
                (b"key %d" % (7 * part + 3 * index + 11 * number), b"%d/%d" % (number, index))
                for index in range(20)
            ]
            writer.put("values", *records, codec=codec, headers=HEADERS if part else ())
        writer.roll("values")
    for key in (b"a", b"b", b"c", b"d"):
        writer.put("tombstones", (key, b"first"), (b"other " + key, b"stays"), (key, b"second"))
    writer.put("tombstones", (b"a", None), (b"e", b"beside"))
    writer.roll("tombstones")
    writer.put("tombstones", (b"b", None), (b"f", None), (b"g", b""), codec=Codec.ZSTD)
    writer.put("tombstones", (b"c", None))
    writer.roll("tombstones")
    for number in range(6):
        writer.put("unkeyed", (None, b"no key"), (b"k%d" % (number % 3), b"v"), (None, None))
    writer.put("unkeyed", (None, b"nothing else"))
    writer.roll("unkeyed")
    for sequence in range(4):
        for producer in (5001, 5002, 5003):
            fields = {"producer_id": producer, "producer_epoch": 1, "base_sequence": 2 * sequence}
            writer.put("producers", (b"same", b"1"), (b"p%d" % producer, b"2"), **fields)
    writer.put("producers", (b"p5001", b"3"), (b"p5002", b"3"), (b"p5003", b"3"))
    writer.roll("producers")
    # More keys than the memory holds: the first round ends in the middle of a batch with a tombstone in it.
    for part in range(KEYS_OF_A_ROUND // 1000 + 2):
        numbers = range(1000 * part, 1000 * part + 1000)
        writer.put("many", *((b"%d" % number, None if number % 50 == 0 else b"v") for number in numbers))
    writer.roll("many")
    for topic in ("stamped", "slow"):
        for number in range(6):
            writer.put(topic, (b"s%d" % (number % 2), b"v"), (b"s9", None if number == 4 else b"w"))
        writer.roll(topic)


def write_transactions(broker: RunningBroker, now_ms: int) -> None:
    """Commit and abort in turn, with keys that a later transaction takes over."""
    for number, is_kept in enumerate(TRANSACTIONS):
        producer = Producer(
            {"bootstrap.servers": broker.bootstrap, "transactional.id": f"t{number % 2}", "linger.ms": 50}
        )
        producer.init_transactions(TIMEOUT_S)
        producer.begin_transaction()
        for index in range(RECORDS_OF_A_TRANSACTION):
            key = f"k{index + number}".encode()
            producer.produce("transactions", b"%d" % number, key, timestamp=now_ms + number * 2 * SEGMENT_MS)
        producer.flush()
        if is_kept:
            producer.commit_transaction(TIMEOUT_S)
        else:
            producer.abort_transaction(TIMEOUT_S)
    with PlainClient(broker.port) as client:
        client.wait_until_decided("transactions", len(TRANSACTIONS) * (RECORDS_OF_A_TRANSACTION + 1))


def write_more(writer: Writer) -> None:
    """Finish a segment more, so that all is cleaned again.

    But no two brokers stamp the same time, and a large log is not worth it for so little.
    """
    for topic in [each for each in TOPICS if each not in {"stamped", "many"}]:
        writer.put(topic, (b"more", b"1"), (b"s1", b"again"))
        writer.roll(topic)


def wait_until_clean(data_dir: Path) -> None:
    """Return when the checkpoint says that every topic is clean up to its active segment."""

    def is_clean() -> bool:
        path = data_dir / "cleaner-offset-checkpoint"
        lines = set(path.read_text().splitlines()) if path.exists() else set()
        for topic in TOPICS:
            active = max(int(each.name[:20]) for each in (data_dir / f"{topic}-0").glob("*.log"))
            if f"{topic} 0 {active}" not in lines:
                return False
        return not list(data_dir.glob("*/*.cleaned"))

    eventually(is_clean, CLEANING_TIMEOUT_S)


def batches_of(data_dir: Path) -> dict[str, list[StoredBatch]]:
    """Return what both must have in common: everything but the times of the cleaning and what follows from them."""
    found = {}
    for topic in TOPICS:
        found[topic] = [
            batch._replace(
                header=batch.header._replace(
                    crc=0,
                    batch_length=0,
                    base_timestamp=0 if batch.header.has_delete_horizon else batch.header.base_timestamp,
                    # Each start of a broker begins an epoch.
                    leader_epoch=0,
                )
            )
            for batch in batches_in(data_dir / f"{topic}-0")
        ]
    return found


def consumed(bootstrap: str) -> dict[str, list[tuple[int, bytes | None, bytes | None]]]:
    """Return what a consumer reads of all topics, from their beginnings, of committed transactions only."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "nobody", "enable.partition.eof": True})
    read: dict[str, list[tuple[int, bytes | None, bytes | None]]] = {topic: [] for topic in TOPICS}
    consumer.assign([TopicPartition(topic, 0, 0) for topic in TOPICS])
    left = set(TOPICS)
    while left:
        message = consumer.poll(TIMEOUT_S)
        assert message is not None, f"nothing more comes of {left}"
        if message.error() is None:
            read[message.topic()].append((message.offset(), message.key(), message.value()))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            left.discard(message.topic())
        else:
            raise KafkaException(message.error())
    consumer.close()
    return read


def alter(bootstrap: str, kind: ResourceType, name: str, key: str, value: str) -> None:
    """Change one configuration."""
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    changes = admin.incremental_alter_configs([ConfigResource(kind, name, incremental_configs=[entry])])
    for change in changes.values():
        change.result(TIMEOUT_S)


def properties(pause_ms: int) -> dict[str, str]:
    return {
        "log.cleaner.backoff.ms": str(pause_ms),
        "log.cleaner.dedupe.buffer.size": str(DEDUPE_BUFFER_BYTES),
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.num.partitions": "1",
    }


class Cleaners:
    """Both brokers on data directories that began as one."""

    def __init__(self, work: Path) -> None:
        self.pause_ms = LONG_PAUSE_MS
        self.kafka = start_kafka(
            BrokerSettings(work / "kafka", work / "k", properties=properties(LONG_PAUSE_MS))
        )
        self.ottla: RunningBroker | None = None
        self.ottla_settings = BrokerSettings(work / "ottla", work / "o", properties=properties(LONG_PAUSE_MS))

    def write(self) -> int:
        """Write to Kafka what both shall clean, and copy its directory; return the time of the last record."""
        with PlainClient(self.kafka.port) as client:
            for topic in TOPICS:
                configs = dict(COMPACTED)
                if topic == "unkeyed":
                    configs["cleanup.policy"] = "delete"
                if topic == "stamped":
                    configs["message.timestamp.type"] = "LogAppendTime"
                    configs["segment.ms"] = "1"
                if topic == "slow":
                    configs["delete.retention.ms"] = "3600000"
                assert client.create_topic(topic, **{k.replace(".", "_"): v for k, v in configs.items()}) == 0
        writer = Writer(self.kafka.port)
        write_first(writer)
        write_transactions(self.kafka, writer.now_ms)
        writer.now_ms += 20 * SEGMENT_MS
        writer.roll("transactions")
        alter(self.kafka.bootstrap, ResourceType.TOPIC, "unkeyed", "cleanup.policy", "compact")
        shutil.copytree(self.kafka.data_dir, self.ottla_settings.data_dir)
        (self.ottla_settings.data_dir / ".lock").unlink()
        return writer.now_ms

    def clean(self) -> None:
        """Let both clean what they have, once."""
        self.pause_ms += 1
        alter(self.kafka.bootstrap, ResourceType.BROKER, "1", "log.cleaner.backoff.ms", str(self.pause_ms))
        self.stop_ottla()
        cleaning = BrokerSettings(
            self.ottla_settings.data_dir,
            self.ottla_settings.work_dir,
            self.ottla_settings.port,
            self.ottla_settings.controller_port,
            properties(50),
        )
        self.ottla = start_ottla(cleaning)
        wait_until_clean(self.ottla.data_dir)
        wait_until_clean(self.kafka.data_dir)
        self.stop_ottla()
        self.ottla = start_ottla(self.ottla_settings)

    def stop_ottla(self) -> None:
        if self.ottla is not None and self.ottla.running:
            assert self.ottla.stop() in {0, 143}

    def end(self) -> None:
        for broker in (self.kafka, self.ottla):
            if broker is not None and broker.running:
                broker.kill()


@pytest.fixture
def cleaners(kafka_jars: Path, tmp_path: Path) -> Iterator[Cleaners]:
    both = Cleaners(tmp_path)
    yield both
    both.end()


def test_both_cleaners_make_the_same_of_a_log_and_each_serves_what_the_other_has_made(
    cleaners: Cleaners, kafka_tools: KafkaTools
) -> None:
    now_ms = cleaners.write()
    before = {
        topic: sum(len(each.records) for each in found)
        for topic, found in batches_of(cleaners.kafka.data_dir).items()
    }
    for round_number in range(3):
        cleaners.clean()
        theirs, ours = batches_of(cleaners.kafka.data_dir), batches_of(cleaners.ottla_settings.data_dir)
        for topic in TOPICS:
            assert ours[topic] == theirs[topic], f"{topic} in round {round_number}"
            if round_number == 0 and topic != "many":
                assert sum(len(each.records) for each in ours[topic]) < before[topic], (
                    f"{topic} was not cleaned"
                )
        if round_number == 0:
            _assert_everything_was_met(ours)
        if round_number < 2:
            for broker in (cleaners.kafka, cleaners.ottla):
                write_more(Writer(broker.port, now_ms))
            now_ms += 100 * SEGMENT_MS
    keys = {record.key for batch in ours["tombstones"] for record in batch.records}
    assert keys >= {b"g", b"e", b"d"}
    assert not keys & {b"a", b"b", b"c", b"f"}
    _assert_kafkas_own_tool_finds_nothing_wrong(cleaners.ottla_settings.data_dir, kafka_tools)
    _exchange(cleaners)


def _assert_kafkas_own_tool_finds_nothing_wrong(data_dir: Path, kafka_tools: KafkaTools) -> None:
    logs = [str(path) for topic in TOPICS for path in sorted((data_dir / f"{topic}-0").glob("*.log"))]
    dump = kafka_tools.run("DumpLogSegments", ["--deep-iteration", "--files", ",".join(logs)]).checked()
    assert "isvalid: false" not in dump.stdout
    assert dump.stdout.count("isvalid: true") == sum(len(found) for found in batches_of(data_dir).values())
    indexes = ",".join(path.replace(".log", suffix) for path in logs for suffix in (".index", ".timeindex"))
    compared = kafka_tools.run("DumpLogSegments", ["--verify-index-only", "--files", indexes]).checked()
    assert "Mismatches" not in compared.stdout
    assert compared.stderr == ""  # the first one lists the offsets that are gone, as it should


def _assert_everything_was_met(found: dict[str, list[StoredBatch]]) -> None:
    """The cases that matter were really there after the first round."""
    headers = {topic: [batch.header for batch in batches] for topic, batches in found.items()}
    assert {each.codec for each in headers["values"]} == set(Codec)
    assert any(record.headers for batch in found["values"] for record in batch.records)
    assert any(each.has_delete_horizon for each in headers["tombstones"])
    assert [each.producer_id for each in headers["producers"] if not each.records_count] == [5001, 5002]
    assert all(each.is_log_append_time for each in headers["stamped"])
    assert any(each.is_control for each in headers["transactions"])


def _exchange(cleaners: Cleaners) -> None:
    """Each broker serves the directory of the other one."""
    assert cleaners.ottla is not None
    expected = consumed(cleaners.kafka.bootstrap)
    assert consumed(cleaners.ottla.bootstrap) == expected
    assert cleaners.kafka.stop() in {0, 143}
    cleaners.stop_ottla()
    theirs, ours = cleaners.kafka.settings, cleaners.ottla_settings
    theirs.data_dir, ours.data_dir = ours.data_dir, theirs.data_dir
    cleaners.kafka.start()
    cleaners.ottla = start_ottla(ours)
    assert consumed(cleaners.kafka.bootstrap) == expected
    assert consumed(cleaners.ottla.bootstrap) == expected
