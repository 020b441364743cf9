"""DeleteRecords (21), v0-2: advance a partition's log start offset.

Offset -1 means the high watermark. Per-partition errors; never fails as a whole. The records are out of reach when
the answer comes, their files go later (facts 3.6).
"""

from __future__ import annotations

from ottla.completion import Completion, gather
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.delete_records import (
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from ottla.types import INTERNAL_TOPICS

NO_LOW_WATERMARK = -1

_Pending = tuple[DeleteRecordsPartitionResult, Completion[int]]


def handle(
    request: DeleteRecordsRequest, context: RequestContext
) -> DeleteRecordsResponse | Completion[DeleteRecordsResponse]:
    """Delete what is to be deleted."""
    partitions = context.services.partitions
    response = DeleteRecordsResponse()
    pending: list[_Pending] = []
    for topic in request.topics:
        results: list[DeleteRecordsPartitionResult] = []
        response.topics.append(DeleteRecordsTopicResult(name=topic.name, partitions=results))
        for wish in topic.partitions:
            result = DeleteRecordsPartitionResult(
                partition_index=wish.partition_index, low_watermark=NO_LOW_WATERMARK
            )
            results.append(result)
            partition = partitions.get(topic.name, wish.partition_index)
            error = (
                ErrorCode.NONE
                if partition is not None
                else partitions.missing_error(topic.name, wish.partition_index)
            )
            if error is not ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and topic.name in INTERNAL_TOPICS:
                error = ErrorCode.INVALID_TOPIC_EXCEPTION
            if partition is None or error is not ErrorCode.NONE:
                result.error_code = error
            else:
                pending.append((result, partition.delete_records_before(wish.offset)))

    def finish(_: object) -> DeleteRecordsResponse:
        for result, deletion in pending:
            _fill(result, deletion)
        return response

    deletions = gather([deletion for _, deletion in pending])
    return finish(None) if deletions.done else deletions.map(finish)


def _fill(result: DeleteRecordsPartitionResult, deletion: Completion[int]) -> None:
    error = deletion.error
    if error is None:
        result.low_watermark = deletion.result()
    elif isinstance(error, KafkaError):
        result.error_code = error.code
    else:
        raise error
