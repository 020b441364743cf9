"""OffsetForLeaderEpoch (23), v2-4: where a leader epoch ends, so that a client can find out what it lost (KIP-320).

An epoch that the log does not know is no error: epoch and offset are -1 then. Rules: facts 3.3.
"""

from __future__ import annotations

from ottla.errors import KafkaError
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
)


def handle(request: OffsetForLeaderEpochRequest, context: RequestContext) -> OffsetForLeaderEpochResponse:
    """Look every epoch up."""
    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[_end_of_epoch(topic.topic, wish, context) for wish in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _end_of_epoch(topic: str, wish: OffsetForLeaderPartition, context: RequestContext) -> EpochEndOffset:
    partitions = context.services.partitions
    answer = EpochEndOffset(partition=wish.partition)
    partition = partitions.get(topic, wish.partition)
    if partition is None:
        answer.error_code = partitions.missing_error(topic, wish.partition)
        return answer
    try:
        partition.check_leader(wish.current_leader_epoch)
    except KafkaError as error:
        answer.error_code = error.code
        return answer
    answer.leader_epoch, answer.end_offset = partition.end_offset_for_epoch(wish.leader_epoch)
    return answer
