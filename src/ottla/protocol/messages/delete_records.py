"""DeleteRecords (21), v0-2: advance the log start offset of partitions (KIP-107).

Takes effect at once; files go later.
"""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class DeleteRecordsPartition:
    """Where one partition is to begin."""

    partition_index: int = field(INT32)
    offset: int = field(INT64)
    """Records below it are deleted; -1 for the high watermark."""


@struct
class DeleteRecordsTopic:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartition] = array_of(DeleteRecordsPartition)


@message(key=21, versions="0-2", flexible="2+")
class DeleteRecordsRequest:
    """The partitions to cut."""

    topics: list[DeleteRecordsTopic] = array_of(DeleteRecordsTopic)
    timeout_ms: int = field(INT32)
    """Longest wait for the replicas."""


@struct
class DeleteRecordsPartitionResult:
    """Where one partition begins now."""

    partition_index: int = field(INT32)
    low_watermark: int = field(INT64)
    """The smallest log start offset of its replicas; -1 on error."""
    error_code: int = field(INT16)


@struct
class DeleteRecordsTopicResult:
    """The partitions of one topic."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartitionResult] = array_of(DeleteRecordsPartitionResult)


@message(key=21, versions="0-2", flexible="2+")
class DeleteRecordsResponse:
    """One answer per partition of the request."""

    throttle_time_ms: int = field(INT32)
    topics: list[DeleteRecordsTopicResult] = array_of(DeleteRecordsTopicResult)
