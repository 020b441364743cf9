"""CreatePartitions (37), v0-3: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, STRING, array_of, field, message, struct


@struct
class CreatePartitionsAssignment:
    """CreatePartitionsAssignment of CreatePartitionsRequest."""

    broker_ids: list[int] = array_of(INT32)


@struct
class CreatePartitionsTopic:
    """CreatePartitionsTopic of CreatePartitionsRequest."""

    name: str = field(STRING)
    count: int = field(INT32)
    assignments: list[CreatePartitionsAssignment] | None = array_of(CreatePartitionsAssignment, nullable="0+")


@message(key=37, versions="0-3", flexible="2+")
class CreatePartitionsRequest:
    """CreatePartitionsRequest."""

    topics: list[CreatePartitionsTopic] = array_of(CreatePartitionsTopic)
    timeout_ms: int = field(INT32)
    validate_only: bool = field(BOOL)


@struct
class CreatePartitionsTopicResult:
    """CreatePartitionsTopicResult of CreatePartitionsResponse."""

    name: str = field(STRING)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)


@message(key=37, versions="0-3", flexible="2+")
class CreatePartitionsResponse:
    """CreatePartitionsResponse."""

    throttle_time_ms: int = field(INT32)
    results: list[CreatePartitionsTopicResult] = array_of(CreatePartitionsTopicResult)
