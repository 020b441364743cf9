"""DeleteRecords (21), v0-2: request and response."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class DeleteRecordsPartition:
    """DeleteRecordsPartition of DeleteRecordsRequest."""

    partition_index: int = field(INT32)
    offset: int = field(INT64)


@struct
class DeleteRecordsTopic:
    """DeleteRecordsTopic of DeleteRecordsRequest."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartition] = array_of(DeleteRecordsPartition)


@message(key=21, versions="0-2", flexible="2+")
class DeleteRecordsRequest:
    """DeleteRecordsRequest."""

    topics: list[DeleteRecordsTopic] = array_of(DeleteRecordsTopic)
    timeout_ms: int = field(INT32)


@struct
class DeleteRecordsPartitionResult:
    """DeleteRecordsPartitionResult of DeleteRecordsResponse."""

    partition_index: int = field(INT32)
    low_watermark: int = field(INT64)
    error_code: int = field(INT16)


@struct
class DeleteRecordsTopicResult:
    """DeleteRecordsTopicResult of DeleteRecordsResponse."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartitionResult] = array_of(DeleteRecordsPartitionResult)


@message(key=21, versions="0-2", flexible="2+")
class DeleteRecordsResponse:
    """DeleteRecordsResponse."""

    throttle_time_ms: int = field(INT32)
    topics: list[DeleteRecordsTopicResult] = array_of(DeleteRecordsTopicResult)
