"""Idempotent producers that go on while the broker is killed again and again leave every number once, and in order.

A producer sends numbers to three partitions without pause. The broker is ended by SIGKILL and started on the same data
directory while many records are under way, in three ways: in the midst of its work; after its answers have been held
back until it had written more, so that clients must send again what it must recognise though it knows it from the log
only; and once more before any client could reach it after that. Segments are small, so that what is sent again lies on
both sides of a snapshot. In the end another client reads back what is there.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.init_producer_id import InitProducerIdRequest
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    TopicProduceData,
)
from ottla.records.batch import HEADER_SIZE_BYTES, read_header
from ottla.records.builder import NewRecord, build_batch
from tests.peers.tools import KafkaTools
from tests.support.answer_gate import AnswerGate
from tests.support.broker_process import RunningBroker
from tests.support.cached import PeerUnavailableError, skip_or_fail
from tests.support.processes import FollowedProcess
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually
from tests.system.clients.long_runs import PRODUCERS, started_producer
from tests.system.conftest import StartBroker

PARTITIONS = 3
WINDOW = 150
LINGER_MS = 10
# A segment has a hundred records or so: more than are under way in a partition, so that many crashes meet a new one.
SEGMENT_BYTES = 25_000
# How many requests each producer sends before it wants an answer; each has one record at least, and ten mostly.
WITHOUT_AN_ANSWER = {"librdkafka": 5, "Java": 5, "sarama": 1}
WAIT_S = 60.0


@dataclass(slots=True)
class Scene:
    """A broker behind a gate, and a producer that writes to a topic of it."""

    client: str
    broker: RunningBroker
    gate: AnswerGate
    topic: str
    producer: FollowedProcess

    def wait_for_more(self, count: int) -> None:
        """Wait until `count` more records were acknowledged; raises AssertionError."""
        wanted = len(self.producer.lines) + count
        self.producer.wait_until(lambda lines: len(lines) >= wanted, f"{count} more acknowledgements", WAIT_S)

    def unanswered(self) -> int:
        """Return how many records the broker has written that the producer has not told of."""
        partitions = (self.broker.data_dir / f"{self.topic}-{each}" for each in range(PARTITIONS))
        return sum(map(log_end_offset, partitions)) - len(self.producer.lines)


def log_end_offset(directory: Path) -> int:
    """Return the offset after the last whole batch in a partition's files."""
    newest = max(directory.glob("*.log"))
    content, position, end_offset = newest.read_bytes(), 0, int(newest.stem)
    while position + HEADER_SIZE_BYTES <= len(content):
        header = read_header(content, position)
        position += header.size_bytes
        if position <= len(content):
            end_offset = header.next_offset
    return end_offset


def kill_at_work(scene: Scene) -> None:
    """Kill the broker while requests come in and answers go out."""
    scene.broker.kill()
    scene.gate.drop()


def kill_with_answers_held_back(scene: Scene) -> None:
    """Kill the broker after it has written what no client was told of: all that one sends without an answer."""
    scene.gate.hold()
    scene.gate.wait_until_held(WAIT_S)
    eventually(lambda: scene.unanswered() >= WITHOUT_AN_ANSWER[scene.client], WAIT_S)
    scene.broker.kill()
    scene.gate.drop()


def kill_twice(scene: Scene) -> None:
    """Kill the broker with answers held back, and again after it has recovered, before any client has reached it."""
    kill_with_answers_held_back(scene)
    scene.gate.broker_port = 0
    scene.broker.start()
    scene.broker.kill()
    scene.gate.broker_port = scene.broker.port


KILLS: Mapping[str, Sequence[Callable[[Scene], None]]] = {
    "ottla": (kill_with_answers_held_back, kill_at_work, kill_twice, kill_with_answers_held_back),
    # It takes seconds to serve again after a crash, and remembers less of what was there before: see `REMEMBERED`.
    "kafka": (kill_with_answers_held_back, kill_at_work),
}
REMEMBERED = {"ottla": (2, 4, 6, 8, 10), "kafka": (10,)}
"""The first sequences of the batches that are recognised after a crash, of six batches of two records."""


def create(bootstrap: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    configs = {"internal.segment.bytes": str(SEGMENT_BYTES)}
    options = {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": configs}
    admin.create_topics({topic: options}, wait_for_metadata=True)
    admin.close()


def read_back(bootstrap: str, topic: str) -> dict[int, list[int]]:
    """Return the numbers that each partition holds, read by another client."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    consumer.assign(places)
    ends = consumer.end_offsets(places)
    found: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}

    def is_complete() -> bool:
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                assert record.offset == len(found[record.partition])
                found[record.partition].append(int(record.value.split()[0]))
        return all(consumer.position(place) >= ends[place] for place in places)

    eventually(is_complete, WAIT_S)
    consumer.close()
    return found


def misplaced(stored: Mapping[int, Sequence[int]]) -> list[str]:
    """Return the first place in each partition where not the number of its offset is; duplicates and gaps have one."""
    wrong = []
    for partition, numbers in stored.items():
        at = next((offset for offset, number in enumerate(numbers) if offset != number), None)
        if at is not None:
            wrong.append(
                f"partition {partition} has {list(numbers[max(at - 2, 0) : at + 12])} up to offset {at}"
            )
    return wrong


@pytest.fixture
def gate() -> Iterator[AnswerGate]:
    with AnswerGate() as gate:
        yield gate


@pytest.mark.java
@pytest.mark.parametrize("client", PRODUCERS)
def test_every_number_is_there_once_and_in_order(
    start_broker: StartBroker,
    broker_kind: str,
    kafka_tools: KafkaTools,
    gate: AnswerGate,
    client: str,
    name: str,
    tmp_path: Path,
) -> None:
    if (broker_kind, client) == ("kafka", "Java"):
        pytest.skip("Apache Kafka knows one batch again after a crash, and its client sends the others twice")
    broker = start_broker(gate.advertised)
    gate.broker_port = broker.port
    create(gate.address, name)
    chance = random.Random(client)
    try:
        producer = started_producer(
            client,
            gate.address,
            name,
            tmp_path / "producer.log",
            partitions=PARTITIONS,
            window=WINDOW,
            linger_ms=LINGER_MS,
        )
    except PeerUnavailableError as missing:
        skip_or_fail(client, missing)
    scene = Scene(client, broker, gate, name, producer)

    for kill in KILLS[broker.kind]:
        scene.wait_for_more(chance.randint(WINDOW, 5 * WINDOW))
        kill(scene)
        broker.start()
    scene.wait_for_more(WINDOW)
    producer.end_input()
    assert producer.end(WAIT_S) == 0, producer.tail()

    answers = [line.split() for line in producer.lines if line.startswith("acknowledged ")]
    stored = read_back(gate.address, name)
    broker.stop()
    assert misplaced(stored) == []
    (sent,) = {len(numbers) for numbers in stored.values()}
    places = sorted((int(partition), int(number), int(offset)) for _, partition, number, offset in answers)
    assert places == [(each, number, number) for each in range(PARTITIONS) for number in range(sent)]
    assert_snapshots_are_read(kafka_tools, broker.data_dir, name, last_sequence=sent - 1)


def assert_snapshots_are_read(
    kafka_tools: KafkaTools, data_dir: Path, topic: str, *, last_sequence: int
) -> None:
    """Let Kafka's own tool read the producers that the broker has noted down at each partition's end."""
    newest = [max(data_dir.glob(f"{topic}-{each}/*.snapshot")) for each in range(PARTITIONS)]
    printed = kafka_tools.run("DumpLogSegments", ["--files", ",".join(map(str, newest))]).checked().stdout
    producers = re.findall(r"producerId: \d+ producerEpoch: 0 .*lastSequence: (\d+)", printed)
    assert producers == [str(last_sequence)] * PARTITIONS


class RawProducer:
    """An idempotent producer of one partition that chooses its sequences itself."""

    def __init__(self, broker: RunningBroker, topic: str) -> None:
        self.broker = broker
        self.topic = topic
        self.producer_id = -1
        eventually(self._is_known, WAIT_S)

    def _is_known(self) -> bool:
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000)
        with RawClient(self.broker.port) as client:
            self.producer_id = client.ask(ApiKey.INIT_PRODUCER_ID, 4, request).producer_id
        return self.producer_id >= 0

    def send(self, sequence: int, count: int = 1) -> tuple[ErrorCode, int]:
        """Return the answer to a batch, an error and an offset, once the partition has its leader."""
        answers: list[PartitionProduceResponse] = []

        def is_served() -> bool:
            answers.append(self._ask(sequence, count))
            return answers[-1].error_code != ErrorCode.NOT_LEADER_OR_FOLLOWER

        eventually(is_served, WAIT_S)
        return ErrorCode(answers[-1].error_code), answers[-1].base_offset

    def _ask(self, sequence: int, count: int) -> PartitionProduceResponse:
        records = [NewRecord(None, str(number).encode()) for number in range(sequence, sequence + count)]
        # A producer whose last records are a day old is forgotten, and their time is what the batch says.
        now_ms = int(time() * 1000)
        batch = build_batch(
            records, now_ms=now_ms, producer_id=self.producer_id, producer_epoch=0, base_sequence=sequence
        )
        partition = PartitionProduceData(index=0, records=bytes(batch))
        topic = TopicProduceData(name=self.topic, partition_data=[partition])
        request = ProduceRequest(acks=-1, timeout_ms=30_000, topic_data=[topic])
        with RawClient(self.broker.port) as client:
            answer = client.ask(ApiKey.PRODUCE, 9, request)
        return answer.responses[0].partition_responses[0]


def test_a_killed_broker_knows_the_last_batches_of_a_producer_again(
    start_broker: StartBroker, name: str
) -> None:
    broker = start_broker()
    create(broker.bootstrap, name)
    producer = RawProducer(broker, name)
    for sequence in range(0, 12, 2):
        assert producer.send(sequence, count=2) == (ErrorCode.NONE, sequence)

    for _ in range(2):
        broker.kill()
        broker.start()
        assert producer.send(14) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
        repeated = {sequence: producer.send(sequence, count=2) for sequence in range(0, 12, 2)}
        known = {sequence: answer for sequence, answer in repeated.items() if answer[0] == ErrorCode.NONE}
        assert known == {sequence: (ErrorCode.NONE, sequence) for sequence in REMEMBERED[broker.kind]}
        unknown = {answer[0] for sequence, answer in repeated.items() if sequence not in known}
        assert unknown == {ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}
    assert producer.send(12) == (ErrorCode.NONE, 12)
