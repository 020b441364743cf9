"""Topics of a run: made and led before anything is measured, and their records counted after."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.records.builder import NewRecord, build_batch
from ottla.types import Uuid
from tests.benchmarks.compare.run import RunFailedError
from tests.benchmarks.partitions import PATIENCE_S, create_topics
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually

LATEST = -1
LEADERSHIP_TIMEOUT_S = 300.0
"""Ten thousand partitions take the slower of the brokers tens of seconds on two cores."""

PARTITIONS_AT_ONCE = 1_000


def make_topics(port: int, names: Iterable[str], partitions: int = 1) -> None:
    """Create topics and return when all their partitions are led. Raises AssertionError when they cannot be made."""
    wanted = list(names)
    with RawClient(port, timeout_s=PATIENCE_S) as client:
        create_topics(client, wanted, partitions)
        eventually(lambda: None not in end_offsets(client, wanted, partitions), LEADERSHIP_TIMEOUT_S)


def end_offsets(client: RawClient, names: list[str], partitions: int) -> list[int | None]:
    """Return the end of every partition, None where the broker cannot say it yet."""
    found: list[int | None] = []
    topics_at_once = max(1, PARTITIONS_AT_ONCE // partitions)
    for start in range(0, len(names), topics_at_once):
        wishes = [
            ListOffsetsPartition(partition_index=index, timestamp=LATEST) for index in range(partitions)
        ]
        topics = [
            ListOffsetsTopic(name=name, partitions=wishes) for name in names[start : start + topics_at_once]
        ]
        answer = client.ask(ApiKey.LIST_OFFSETS, 6, ListOffsetsRequest(replica_id=-1, topics=topics))
        found += [
            None if partition.error_code else partition.offset
            for topic in answer.topics
            for partition in topic.partitions
        ]
    return found


def check_records(port: int, name: str, records: int, partitions: int = 1) -> None:
    """Raise RunFailedError unless a topic holds exactly so many records."""
    with RawClient(port) as client:
        held = sum(end or 0 for end in end_offsets(client, [name], partitions))
    if held != records:
        raise RunFailedError(f"{name} holds {held} records and not {records}")


def topic_id(client: RawClient, name: str) -> Uuid:
    """Return the id of a topic."""
    asked = MetadataRequest(topics=[MetadataRequestTopic(name=name)], allow_auto_topic_creation=False)
    found: Uuid = client.ask(ApiKey.METADATA, 12, asked).topics[0].topic_id
    return found


def random_batch(records: int, value_bytes: int) -> bytes:
    """Return a batch of records with values that no two share, the same at each call."""
    source = random.Random(records)
    values = [NewRecord(key=None, value=source.randbytes(value_bytes)) for _ in range(records)]
    return bytes(build_batch(values, now_ms=time.time_ns() // 1_000_000))
