"""Requests that go to the leaders of partitions: split by leader, asked, and asked again where a leader has moved.

The law: every partition that was asked for has an outcome, a value or an ApiError of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from ottla.client.backoff import backoff_ms
from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.failures import ApiError, RequestTimeoutError, UnsupportedVersionError, error_of
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.types import TopicPartition

T = TypeVar("T")

LATEST = -1
EARLIEST = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL = -4
LATEST_TIERED = -5

_VERSION_OF_NAME = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9}
"""The first version of ListOffsets that knows a name of an offset."""

Answered = tuple[TopicPartition, int, str | None, T]
"""Partition, error code, text and value, as they stand in an answer."""

_LEADER_MAY_TAKE_MS = 30_000
"""What a request lets the leader take where it has to wait for others, as long as a request may take by default."""


class FoundOffset(NamedTuple):
    """What ListOffsets found."""

    offset: int
    """-1 where there is none, such as for a timestamp that is later than all records."""
    timestamp_ms: int
    """-1 for offsets that have a name."""
    leader_epoch: int


def ask_leaders(
    cluster: Cluster,
    partitions: Iterable[TopicPartition],
    build: Callable[[list[TopicPartition], Connection], object],
    read: Callable[[Any], Iterable[Answered[T]]],
    *,
    timeout_s: float | None = None,
    call: str = "unnamed",
    known: TopicMetadata | None = None,
) -> dict[TopicPartition, T | ApiError]:
    """Ask the leader of each partition; `build` makes the request for some of them, `read` takes its answer apart.

    Retriable errors are asked again, with the leaders looked up anew, until the time is over; what is under way then
    may end, so that 0 is one attempt. What is `known` of the topics spares a lookup. Raises ApiError only where no
    node can be reached at all.
    """
    waiting = list(dict.fromkeys(partitions))
    outcomes: dict[TopicPartition, T | ApiError] = {}
    limit_s = cluster.config.default_api_timeout_ms / 1000 if timeout_s is None else timeout_s
    deadline_s = time.monotonic() + limit_s
    view = known or TopicMetadata(cluster, cluster.config.metadata_max_age_ms)
    attempts = 0
    while waiting:
        topics = sorted({partition.topic for partition in waiting})
        if view.is_stale or attempts or any(view.leader(partition) is None for partition in waiting):
            left_s = max(0.0, deadline_s - time.monotonic())
            cluster.retry(lambda _: view.refresh(topics), timeout_s=left_s, call=call)  # noqa: B023 - called here
        last: dict[TopicPartition, ApiError] = {}
        for node_id, led in _by_leader(view, waiting, last).items():
            _ask_one(cluster, node_id, led, build, read, outcomes, last)
        waiting = [partition for partition in waiting if partition not in outcomes]
        attempts += 1
        wait_s = (
            backoff_ms(attempts, cluster.config.retry_backoff_ms, cluster.config.retry_backoff_max_ms) / 1000
        )
        if waiting and time.monotonic() + wait_s >= deadline_s:
            for partition in waiting:
                outcomes[partition] = RequestTimeoutError(
                    f"Call {call} for {partition} timed out after {attempts} attempt(s): {last.get(partition)}"
                )
            break
        if waiting:
            time.sleep(wait_s)
    return outcomes


def _by_leader(
    view: TopicMetadata, partitions: Iterable[TopicPartition], failed: dict[TopicPartition, ApiError]
) -> dict[int, list[TopicPartition]]:
    """Group partitions by leader; those without one are noted as failed."""
    led: dict[int, list[TopicPartition]] = {}
    for partition in partitions:
        leader = view.leader(partition)
        if leader is not None:
            led.setdefault(leader.leader_id, []).append(partition)
            continue
        topic = view.topics.get(partition.topic)
        is_known = topic is not None and not topic.error_code and partition.partition in topic.partitions
        code = ErrorCode.LEADER_NOT_AVAILABLE if is_known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        named = error_of(topic.error_code) if topic is not None else None
        failed[partition] = ApiError(code) if named is None else named
    return led


def _ask_one(
    cluster: Cluster,
    node_id: int,
    partitions: list[TopicPartition],
    build: Callable[[list[TopicPartition], Connection], object],
    read: Callable[[Any], Iterable[Answered[T]]],
    outcomes: dict[TopicPartition, T | ApiError],
    failed: dict[TopicPartition, ApiError],
) -> None:
    try:
        connection = cluster.node(node_id)
        response = connection.ask(build(partitions, connection))
    except ApiError as error:
        if error.is_retriable:
            failed.update(dict.fromkeys(partitions, error))
        else:
            outcomes.update(dict.fromkeys(partitions, error))
        return
    for partition, code, text, value in read(response):
        refusal = error_of(code, text)
        if refusal is None:
            outcomes[partition] = value
        elif refusal.is_retriable:
            failed[partition] = refusal
        else:
            outcomes[partition] = refusal


def list_offsets(
    cluster: Cluster,
    wanted: Mapping[TopicPartition, int],
    *,
    isolation_level: int = 0,
    timeout_s: float | None = None,
    call: str = "listOffsets",
    known: TopicMetadata | None = None,
) -> dict[TopicPartition, FoundOffset | ApiError]:
    """Return the offset of each partition for a timestamp in ms, or for a name such as LATEST.

    With isolation level 1 the latest offset is the last stable one.
    """
    from ottla.protocol.messages import list_offsets as messages  # noqa: PLC0415 - one by one

    def build(partitions: list[TopicPartition], connection: Connection) -> object:
        version = connection.version_of(ApiKey.LIST_OFFSETS)
        for partition in partitions:
            if version < _VERSION_OF_NAME.get(wanted[partition], 0):
                raise UnsupportedVersionError(f"The broker does not support the offset {wanted[partition]}")
        topics: dict[str, list[Any]] = {}
        for partition in partitions:
            row = messages.ListOffsetsPartition(
                partition_index=partition.partition, timestamp=wanted[partition]
            )
            topics.setdefault(partition.topic, []).append(row)
        return messages.ListOffsetsRequest(
            replica_id=-1,
            isolation_level=isolation_level,
            timeout_ms=_LEADER_MAY_TAKE_MS,
            topics=[messages.ListOffsetsTopic(name=name, partitions=rows) for name, rows in topics.items()],
        )

    def read(response: Any) -> Iterable[Answered[FoundOffset]]:
        for topic in response.topics:
            for row in topic.partitions:
                found = FoundOffset(row.offset, row.timestamp, row.leader_epoch)
                yield TopicPartition(topic.name, row.partition_index), row.error_code, None, found

    return ask_leaders(cluster, wanted, build, read, timeout_s=timeout_s, call=call, known=known)
