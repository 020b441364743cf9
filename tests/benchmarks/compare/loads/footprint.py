"""What a broker needs to be there: the time of its start, and its memory."""

from __future__ import annotations

import time

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tests.benchmarks.compare.loads.java import consume, produce
from tests.benchmarks.compare.loads.names import (
    IDLE_MB,
    LOADED_MB,
    MANY_PARTITIONS_MB,
    START_CPU_MS,
    START_MS,
)
from tests.benchmarks.compare.loads.raw import check_produced, produce_frames
from tests.benchmarks.compare.pipelining import pipeline_on
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.topics import check_records, make_topics, random_batch, topic_id
from tests.benchmarks.processes import process_cpu_s
from tests.support.broker_process import START_TIMEOUT_S, RunningBroker
from tests.support.processes import FollowedProcess
from tests.support.raw_client import RawClient

ASK_AGAIN_S = 0.002
SETTLING_S = 2.0
"""A start is over before its last work is: both brokers are at rest after so long."""


def start(run: Run) -> dict[str, float]:
    """Start a broker on its new directory and produce a record as soon as it takes one. Raises RunFailedError."""
    broker = run.broker
    command = broker.compose(broker.settings)
    child = FollowedProcess(command, broker.settings.work_dir / "start.log", broker.environment)
    begun = time.monotonic()
    child.start()
    broker.child = child
    with _first_connection(broker, begun + START_TIMEOUT_S) as client:
        _first_record(client, begun + START_TIMEOUT_S)
        taken_s = time.monotonic() - begun
        used_s = process_cpu_s(child.process.pid)
    return {START_MS: taken_s * 1000, START_CPU_MS: used_s * 1000}


def memory(run: Run, *, records: int, record_bytes: int) -> dict[str, float]:
    """Take the memory of a broker at rest, then after records were written and read."""
    time.sleep(SETTLING_S)
    idle_mb = run.resident_mb()
    produce(run.named("written"), records=records, record_bytes=record_bytes)
    consume(run.named("read"), records=records, record_bytes=record_bytes)
    return {IDLE_MB: idle_mb, LOADED_MB: run.resident_mb()}


def memory_with_partitions(run: Run, *, partitions: int) -> dict[str, float]:
    """Take the memory of a broker with many partitions at rest, a record in each."""
    make_topics(run.port, [run.name], partitions)
    with RawClient(run.port) as client:
        frames = produce_frames(
            client, topic_id(client, run.name), list(range(partitions)), random_batch(1, 100)
        )
        check_produced(pipeline_on(client.socket, frames, partitions, 1))
    check_records(run.port, run.name, partitions, partitions)
    time.sleep(SETTLING_S)
    return {MANY_PARTITIONS_MB: run.resident_mb()}


def _first_connection(broker: RunningBroker, deadline: float) -> RawClient:
    while time.monotonic() < deadline:
        if not broker.running:
            break
        try:
            return RawClient(broker.port)
        except ConnectionRefusedError:
            time.sleep(ASK_AGAIN_S)
    raise RunFailedError("the broker has not listened:\n" + "\n".join(broker.log_lines()[-20:]))


def _first_record(client: RawClient, deadline: float) -> None:
    topic = CreatableTopic(name="first", num_partitions=1, replication_factor=1)
    created = client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=[topic], timeout_ms=30_000))
    if created.topics[0].error_code:
        raise RunFailedError(f"no topic could be made: error {created.topics[0].error_code}")
    data = PartitionProduceData(index=0, records=random_batch(1, 100))
    request = ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=30_000,
        topic_data=[TopicProduceData(name="first", partition_data=[data])],
    )
    while time.monotonic() < deadline:
        answer = client.ask(ApiKey.PRODUCE, 9, request).responses[0].partition_responses[0]
        if answer.error_code == 0:
            return
        time.sleep(ASK_AGAIN_S)  # a partition that has just been made is led soon
    raise RunFailedError(f"the first record was refused with error {answer.error_code}")
