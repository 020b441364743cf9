"""What decoding and encoding cost, in microseconds per message: `python -m tests.benchmarks.codec` from the root.

Each figure is the best of several rounds, which is what the code costs when nothing else runs.
"""

import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from ottla.protocol.api import ApiKey
from ottla.protocol.headers import RequestHeader, decode_request_header, encode_request_header
from ottla.protocol.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from ottla.types import random_uuid
from ottla.wire.compiler import decoder, encode, encoder

ROUNDS = 7
ROUND_S = 0.05


def best_us(call: Callable[[], object]) -> float:
    """Return the microseconds of one call, the best of some rounds of a fixed length."""
    timer = timeit.Timer(call)
    count, taken = timer.autorange()
    count = max(1, int(count * ROUND_S / taken))
    return min(timer.repeat(ROUNDS, count)) / count * 1e6


def fetch_request(partitions: int) -> FetchRequest:
    topic = FetchTopic(
        topic_id=random_uuid(),
        partitions=[FetchPartition(partition=number, fetch_offset=number) for number in range(partitions)],
    )
    return FetchRequest(max_wait_ms=500, min_bytes=1, topics=[topic])


def fetch_response(partitions: int) -> FetchResponse:
    answers = [
        PartitionData(
            partition_index=number, high_watermark=number, aborted_transactions=None, records=b"x" * 100
        )
        for number in range(partitions)
    ]
    return FetchResponse(responses=[FetchableTopicResponse(topic_id=random_uuid(), partitions=answers)])


def produce_request(partitions: int) -> ProduceRequest:
    parts = [PartitionProduceData(index=number, records=b"x" * 16384) for number in range(partitions)]
    return ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=30000,
        topic_data=[TopicProduceData(topic_id=random_uuid(), partition_data=parts)],
    )


def produce_response(partitions: int) -> ProduceResponse:
    answers = [PartitionProduceResponse(index=number, base_offset=number) for number in range(partitions)]
    return ProduceResponse(
        responses=[TopicProduceResponse(topic_id=random_uuid(), partition_responses=answers)]
    )


def metadata_response(topics: int) -> MetadataResponse:
    partition = MetadataResponsePartition(leader_id=1, leader_epoch=0, replica_nodes=[1], isr_nodes=[1])
    rows = [
        MetadataResponseTopic(name=f"topic-{number}", topic_id=random_uuid(), partitions=[partition] * 3)
        for number in range(topics)
    ]
    broker = MetadataResponseBroker(node_id=1, host="localhost", port=9092)
    return MetadataResponse(brokers=[broker], cluster_id="c" * 22, controller_id=1, topics=rows)


def rows() -> list[tuple[str, Any, int]]:
    """Return what is measured: a label, a message and a version."""
    heartbeat = HeartbeatRequest(group_id="group", generation_id=3, member_id="member-" + "x" * 36)
    return [
        *[(f"FetchRequest v17, {count} partitions", fetch_request(count), 17) for count in (0, 1, 10, 100)],
        *[(f"FetchResponse v17, {count} partitions", fetch_response(count), 17) for count in (1, 10, 100)],
        *[(f"ProduceRequest v13, {count} partitions", produce_request(count), 13) for count in (1, 10)],
        *[(f"ProduceResponse v13, {count} partitions", produce_response(count), 13) for count in (1, 10)],
        *[(f"MetadataResponse v13, {count} topics of 3", metadata_response(count), 13) for count in (1, 100)],
        ("HeartbeatRequest v4", heartbeat, 4),
        ("HeartbeatResponse v4", HeartbeatResponse(), 4),
    ]


def main() -> None:
    """Print the table."""
    print(f"{'':38}{'bytes':>8}{'decode us':>12}{'encode us':>12}")
    header = encode_request_header(RequestHeader(ApiKey.FETCH, 17, 1, "consumer-1"))
    view = memoryview(header)
    print(f"{'request header':38}{len(header):8}{best_us(lambda: decode_request_header(view)):12.2f}")
    for label, message, version in rows():
        cls = type(message)
        content = memoryview(encode(message, version))
        decode, write = decoder(cls, version), encoder(cls, version)
        decode_us = best_us(lambda: decode(content, 0))  # noqa: B023
        encode_us = best_us(lambda: write(message, []))  # noqa: B023
        print(f"{label:38}{len(content):8}{decode_us:12.2f}{encode_us:12.2f}")


if __name__ == "__main__":
    main()
