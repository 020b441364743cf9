"""ListOffsets (2), v1-10: the offset for a time, or for one of the named places of a partition.

Negative times are names; which of them a version knows is in the table below, others are UNSUPPORTED_VERSION. An
offset that consumers may not read yet is hidden (facts 3.5). Every partition is answered by itself, and once.
"""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.partitions.partition import Partition
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from ottla.storage.leader_epochs import NO_EPOCH

logger = logging.getLogger("ottla.handlers.list_offsets")

LATEST = -1
EARLIEST = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL = -4
LATEST_TIERED = -5

FIRST_VERSIONS = {LATEST: 1, EARLIEST: 1, MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9}
"""Named places and the first request version that may ask for them (ReplicaManager.timestampMinSupportedVersion)."""

_NEVER = 0x7FFF
"""Above every version: where a place that no version knows begins to be known."""

FIRST_VERSION_WITH_LEADER_EPOCH = 4

CONSUMER_REPLICA_ID = -1
READ_UNCOMMITTED = 0
READ_COMMITTED = 1

_Found = tuple[int, int, int]
"""Timestamp, offset and leader epoch, each -1 when there is none."""

_NOTHING: _Found = (-1, -1, NO_EPOCH)


def handle(request: ListOffsetsRequest, context: RequestContext) -> ListOffsetsResponse:
    """Look every partition up.

    Raises KafkaError UNKNOWN_SERVER_ERROR for an isolation level that there is not, as Kafka does.
    """
    if request.isolation_level not in (READ_UNCOMMITTED, READ_COMMITTED):
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    wishes: dict[str, dict[int, list[ListOffsetsPartition]]] = {}
    for topic in request.topics:
        for wish in topic.partitions:
            wishes.setdefault(topic.name, {}).setdefault(wish.partition_index, []).append(wish)
    response = ListOffsetsResponse()
    for name, partitions in wishes.items():
        answers: list[ListOffsetsPartitionResponse] = []
        response.topics.append(ListOffsetsTopicResponse(name=name, partitions=answers))
        for number, alike in partitions.items():
            wish = alike[0]
            answer = ListOffsetsPartitionResponse(partition_index=number)
            answers.append(answer)
            if len(alike) > 1:
                answer.error_code = ErrorCode.INVALID_REQUEST
            elif wish.timestamp < 0 and context.api_version < FIRST_VERSIONS.get(wish.timestamp, _NEVER):
                answer.error_code = ErrorCode.UNSUPPORTED_VERSION
            else:
                _look_up(name, wish, request, context, answer)
    return response


def _look_up(
    topic: str,
    wish: ListOffsetsPartition,
    request: ListOffsetsRequest,
    context: RequestContext,
    answer: ListOffsetsPartitionResponse,
) -> None:
    partitions = context.services.partitions
    partition = partitions.get(topic, wish.partition_index)
    if partition is None:
        answer.error_code = partitions.missing_error(topic, wish.partition_index)
        return
    try:
        partition.check_leader(wish.current_leader_epoch)
        timestamp, offset, leader_epoch = _find(partition, wish.timestamp, _bound(partition, request))
    except KafkaError as error:
        answer.error_code = error.code
        return
    except OSError as error:
        logger.error("Cannot look up an offset of %s: %s", partition.topic_partition, error)
        answer.error_code = ErrorCode.KAFKA_STORAGE_ERROR
        return
    answer.timestamp = timestamp
    answer.offset = offset
    if context.api_version >= FIRST_VERSION_WITH_LEADER_EPOCH:
        answer.leader_epoch = leader_epoch


def _bound(partition: Partition, request: ListOffsetsRequest) -> int:
    """Return the offset from which on this client may not look."""
    if request.replica_id != CONSUMER_REPLICA_ID:
        return partition.log.log_end_offset
    if request.isolation_level == READ_COMMITTED:
        return partition.last_stable_offset
    return partition.high_watermark


def _find(partition: Partition, timestamp: int, bound: int) -> _Found:
    log = partition.log
    if timestamp == LATEST:
        return -1, bound, partition.leader_epoch
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        first = log.leader_epochs.entries[:1]
        is_known = bool(first) and first[0].start_offset <= log.log_start_offset
        return -1, log.log_start_offset, first[0].epoch if is_known else NO_EPOCH
    if timestamp == LATEST_TIERED:
        return _NOTHING
    found = log.max_timestamp_offset() if timestamp == MAX_TIMESTAMP else log.offset_for_timestamp(timestamp)
    if found is None or found.offset >= bound:
        return _NOTHING
    return found.timestamp_ms, found.offset, found.leader_epoch
