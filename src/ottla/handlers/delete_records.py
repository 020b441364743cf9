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
    for name, wishes in _distinct(request).items():
        results: list[DeleteRecordsPartitionResult] = []
        response.topics.append(DeleteRecordsTopicResult(name=name, partitions=results))
        for number, offset in wishes.items():
            result = DeleteRecordsPartitionResult(partition_index=number, low_watermark=NO_LOW_WATERMARK)
            results.append(result)
            partition = partitions.get(name, number)
            error = ErrorCode.NONE if partition is not None else partitions.missing_error(name, number)
            if error is not ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and name in INTERNAL_TOPICS:
                error = ErrorCode.INVALID_TOPIC_EXCEPTION
            if partition is None or error is not ErrorCode.NONE:
                result.error_code = error
            else:
                pending.append((result, partition.delete_records_before(offset)))

    def finish(_: object) -> DeleteRecordsResponse:
        for result, deletion in pending:
            _fill(result, deletion)
        return response

    deletions = gather([deletion for _, deletion in pending])
    return finish(None) if deletions.done else deletions.map(finish)


def _distinct(request: DeleteRecordsRequest) -> dict[str, dict[int, int]]:
    """Return the offset for every partition by topic, the one that was named last: Kafka keeps them in a map."""
    wishes: dict[str, dict[int, int]] = {}
    for topic in request.topics:
        for wish in topic.partitions:
            wishes.setdefault(topic.name, {})[wish.partition_index] = wish.offset
    return wishes


def _fill(result: DeleteRecordsPartitionResult, deletion: Completion[int]) -> None:
    error = deletion.error
    if error is None:
        result.low_watermark = deletion.result()
    elif isinstance(error, KafkaError):
        result.error_code = error.code
    else:
        raise error
