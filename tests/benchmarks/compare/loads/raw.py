"""Requests as bytes from a raw client: the processor time that one request of each kind takes of a broker."""

from __future__ import annotations

from typing import Any

from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.headers import decode_response_header
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.types import Uuid
from ottla.wire.compiler import decode_message
from tests.benchmarks.compare.loads.names import CPU_PER_REQUEST_US, REQUESTS_PER_S
from tests.benchmarks.compare.pipelining import pipeline, pipeline_on, take_turns
from tests.benchmarks.compare.run import Cost, Run, RunFailedError
from tests.benchmarks.compare.topics import check_records, make_topics, random_batch, topic_id
from tests.support.plain_client import PlainClient
from tests.support.raw_client import RawClient

PRODUCE_VERSION = 13
FETCH_VERSION = 17
METADATA_VERSION = 13
HEARTBEAT_VERSION = 4
OFFSET_COMMIT_VERSION = 9

BATCH_BYTES = 16_384
"""What a Java producer puts into a batch by default."""

RECORD_OVERHEAD_BYTES = 8
FILLING_IN_FLIGHT = 5


def produce(run: Run, *, requests: int, records: int, record_bytes: int, in_flight: int) -> dict[str, float]:
    """Append the same batch over and over to one partition."""
    count = run.scaled(requests)
    make_topics(run.port, [run.name])
    frame = produce_frame(run.port, run.name, 0, random_batch(records, record_bytes))
    figures, answer = _measure(run, frame, count, in_flight)
    check_produced(answer)
    check_records(run.port, run.name, count * records)
    return figures


def fetch(run: Run, *, requests: int, size_bytes: int, in_flight: int) -> dict[str, float]:
    """Read the same range of one partition over and over, without a session."""
    make_topics(run.port, [run.name])
    fill(run.port, run.name, 2 * size_bytes // 100, 100)
    with RawClient(run.port) as client:
        partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=size_bytes)
        request = FetchRequest(
            max_wait_ms=500,
            min_bytes=1,
            max_bytes=size_bytes,
            topics=[FetchTopic(topic_id=topic_id(client, run.name), partitions=[partition])],
        )
        frame = client.frame(ApiKey.FETCH, FETCH_VERSION, request)
    figures, answer = _measure(run, frame, run.scaled(requests), in_flight)
    found = decoded(ApiKey.FETCH, FETCH_VERSION, answer).responses[0].partitions[0]
    if found.error_code or len(found.records or b"") < size_bytes * 0.9:
        raise RunFailedError(f"Fetch brought {len(found.records or b'')} bytes, error {found.error_code}")
    return figures


def fetch_incrementally(run: Run, *, requests: int, partitions: int) -> dict[str, float]:
    """Ask for news of a session's partitions, all of which have been read to their end."""
    count = run.scaled(requests)
    make_topics(run.port, [run.name], partitions)
    with RawClient(run.port) as client:
        wishes = [
            FetchPartition(partition=index, fetch_offset=0, partition_max_bytes=1 << 20)
            for index in range(partitions)
        ]
        topics = [FetchTopic(topic_id=topic_id(client, run.name), partitions=wishes)]
        opened = client.ask(ApiKey.FETCH, FETCH_VERSION, _session_request(0, 0, topics))
        if opened.error_code or not opened.session_id:
            raise RunFailedError(f"no fetch session was opened, error {opened.error_code}")
        frames = [
            client.frame(ApiKey.FETCH, FETCH_VERSION, _session_request(opened.session_id, epoch, []))
            for epoch in range(1, count + 1)
        ]
        with run.measured() as cost:
            answer = pipeline_on(client.socket, frames, count, 1)
    if decoded(ApiKey.FETCH, FETCH_VERSION, answer).error_code:
        raise RunFailedError("an incremental Fetch was refused")
    return _request_figures(cost, count)


def metadata(run: Run, *, requests: int, topics: int, in_flight: int) -> dict[str, float]:
    """Ask for so many topics by their names, whatever others there are."""
    names = [f"{run.name}-{number}" for number in range(topics)]
    make_topics(run.port, names)
    wanted = [MetadataRequestTopic(name=name) for name in names]
    request = MetadataRequest(topics=wanted, allow_auto_topic_creation=False)
    frame = _frame(run.port, ApiKey.METADATA, METADATA_VERSION, request)
    figures, answer = _measure(run, frame, run.scaled(requests), in_flight)
    found = decoded(ApiKey.METADATA, METADATA_VERSION, answer).topics
    if len(found) != topics or any(topic.error_code for topic in found):
        raise RunFailedError(f"Metadata told of {len(found)} of {topics} topics")
    return figures


def heartbeat(run: Run, *, requests: int, in_flight: int) -> dict[str, float]:
    """Say that the only member of a group is alive."""
    with PlainClient(run.port) as client:
        member = client.join_alone(run.name)
    request = HeartbeatRequest(
        group_id=run.name, generation_id=member.generation_id, member_id=member.member_id
    )
    frame = _frame(run.port, ApiKey.HEARTBEAT, HEARTBEAT_VERSION, request)
    figures, answer = _measure(run, frame, run.scaled(requests), in_flight)
    if code := decoded(ApiKey.HEARTBEAT, HEARTBEAT_VERSION, answer).error_code:
        raise RunFailedError(f"Heartbeat was refused with error {code}")
    return figures


def offset_commit(run: Run, *, requests: int, connections: int) -> dict[str, float]:
    """Commit an offset of one partition for the only member of a group, on many connections in turn.

    Apache Kafka answers the requests of one connection one after another and gathers commits for 5 ms
    (group.coordinator.append.linger.ms), so that on a single connection it would mostly wait.
    """
    make_topics(run.port, [run.name])
    with PlainClient(run.port) as client:
        member = client.join_alone(run.name)
    partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=42, committed_metadata="")
    request = OffsetCommitRequest(
        group_id=run.name,
        generation_id_or_member_epoch=member.generation_id,
        member_id=member.member_id,
        topics=[OffsetCommitRequestTopic(name=run.name, partitions=[partition])],
    )
    frame = _frame(run.port, ApiKey.OFFSET_COMMIT, OFFSET_COMMIT_VERSION, request)
    turns = run.scaled(requests / connections)
    with run.measured() as cost:
        answer = take_turns(run.port, frame, turns, connections)
    found = decoded(ApiKey.OFFSET_COMMIT, OFFSET_COMMIT_VERSION, answer).topics[0].partitions[0]
    if found.error_code:
        raise RunFailedError(f"OffsetCommit was refused with error {found.error_code}")
    return _request_figures(cost, turns * connections)


def fill(port: int, topic: str, records: int, record_bytes: int) -> int:
    """Append at least so many records in batches as a Java producer makes them; return how many there are."""
    per_batch = max(1, min(records, BATCH_BYTES // (record_bytes + RECORD_OVERHEAD_BYTES)))
    batches = -(-records // per_batch)
    frame = produce_frame(port, topic, 0, random_batch(per_batch, record_bytes))
    check_produced(pipeline(port, frame, batches, FILLING_IN_FLIGHT))
    check_records(port, topic, batches * per_batch)
    return batches * per_batch


def produce_frame(port: int, topic: str, partition: int, batch: bytes) -> bytes:
    """Return the request that appends a batch, as the newest clients send it."""
    with RawClient(port) as client:
        return produce_frames(client, topic_id(client, topic), [partition], batch)[0]


def produce_frames(client: RawClient, topic: Uuid, partitions: list[int], batch: bytes) -> list[bytes]:
    """Return the requests that append a batch to each of some partitions."""
    return [
        client.frame(
            ApiKey.PRODUCE,
            PRODUCE_VERSION,
            ProduceRequest(
                transactional_id=None,
                acks=-1,
                timeout_ms=30_000,
                topic_data=[
                    TopicProduceData(
                        topic_id=topic, partition_data=[PartitionProduceData(index=index, records=batch)]
                    )
                ],
            ),
        )
        for index in partitions
    ]


def check_produced(answer: bytes | memoryview) -> None:
    """Raise RunFailedError when a Produce of one partition was refused."""
    found = decoded(ApiKey.PRODUCE, PRODUCE_VERSION, answer).responses[0].partition_responses[0]
    if found.error_code:
        raise RunFailedError(f"Produce was refused with error {found.error_code}: {found.error_message}")


def decoded(api_key: ApiKey, version: int, answer: bytes | memoryview) -> Any:
    """Return the answer in a frame's content."""
    _, position = decode_response_header(api_key, version, memoryview(answer))
    return decode_message(response_class(api_key), version, memoryview(answer)[position:])


def _measure(run: Run, frame: bytes, requests: int, in_flight: int) -> tuple[dict[str, float], bytes]:
    with run.measured() as cost:
        answer = pipeline(run.port, frame, requests, in_flight)
    return _request_figures(cost, requests), answer


def _request_figures(cost: Cost, requests: int) -> dict[str, float]:
    return {CPU_PER_REQUEST_US: cost.broker_cpu_s / requests * 1e6, REQUESTS_PER_S: requests / cost.wall_s}


def _frame(port: int, api_key: ApiKey, version: int, request: object) -> bytes:
    with RawClient(port) as client:
        return client.frame(api_key, version, request)


def _session_request(session_id: int, epoch: int, topics: list[FetchTopic]) -> FetchRequest:
    return FetchRequest(max_wait_ms=0, min_bytes=0, session_id=session_id, session_epoch=epoch, topics=topics)
