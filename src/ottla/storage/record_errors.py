"""Which records of a refused batch are to blame, and what the answer says of each (KIP-467).

Looked for only when the batch as a whole has shown that something is wrong: it costs a look at every record.
Kafka's `LogValidator`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import NO_TIMESTAMP, BatchHeader, Buffer
from ottla.records.compression import Codec
from ottla.records.walk import RecordShape, iterate_shapes
from ottla.types import TopicPartition

if TYPE_CHECKING:
    from ottla.config.resolved import TopicConfig

MAX_RECORD_ERRORS = 10_000
"""Most refused records that an answer names, where Apache Kafka names all; each costs a text here and a retry there."""

_ERRORS_SHOWN = 3
"""How many record errors Kafka quotes in the message for the batch; all of them go out beside it."""


class RecordError(NamedTuple):
    """One refused record of a batch."""

    batch_index: int
    """Its place in the batch, from 0."""
    message: str


class RecordsRefusedError(KafkaError):
    """Some records break a rule, so the batch is refused; the answer lists each of them."""

    def __init__(self, code: ErrorCode, message: str, record_errors: Sequence[RecordError]) -> None:
        super().__init__(code, message)
        self.record_errors = record_errors


def check_each_record(
    payload: Buffer,
    header: BatchHeader,
    stored_codec: Codec,
    log_append_time_ms: int,
    config: TopicConfig,
    topic_partition: TopicPartition,
    now_ms: int,
) -> None:
    """Raise RecordsRefusedError when a record has no key where it needs one, or a timestamp out of range.

    The batch will be stored with `stored_codec`, and with this LogAppendTime unless it is negative.
    """
    needs_keys = "compact" in config.cleanup_policy
    code = ErrorCode.INVALID_RECORD
    errors: list[RecordError] = []
    for index, shape in enumerate(iterate_shapes(payload, header.records_count)):
        if len(errors) == MAX_RECORD_ERRORS:
            break
        if needs_keys and shape.key_size < 0:
            message = (
                f"Compacted topic cannot accept message without key in topic partition {topic_partition}"
            )
            errors.append(RecordError(index, message))
            continue
        timestamp_problem = _timestamp_problem(
            header, shape, stored_codec, log_append_time_ms, config, now_ms
        )
        if timestamp_problem is not None:
            code = ErrorCode.INVALID_TIMESTAMP
            errors.append(RecordError(index, timestamp_problem))
    if errors:
        raise RecordsRefusedError(code, _message_for(code, errors), errors)


def _timestamp_problem(
    header: BatchHeader,
    shape: RecordShape,
    stored_codec: Codec,
    log_append_time_ms: int,
    config: TopicConfig,
    now_ms: int,
) -> str | None:
    timestamp = (
        header.max_timestamp if header.is_log_append_time else header.base_timestamp + shape.timestamp_delta
    )
    offset = header.base_offset + shape.offset_delta
    if log_append_time_ms < 0 and timestamp != NO_TIMESTAMP:
        earliest = now_ms - config.message_timestamp_before_max_ms
        latest = now_ms + config.message_timestamp_after_max_ms
        if earliest <= timestamp <= latest:
            return None
        return (
            f"Timestamp {timestamp} of message with offset {offset} is out of range. "
            f"The timestamp should be within [{earliest}, {latest}]"
        )
    if not header.is_log_append_time:
        return None
    is_partial = header.codec is not Codec.NONE and header.codec is stored_codec
    key_size = shape.key_size if is_partial else max(shape.key_size, 0)
    value_size = shape.value_size if is_partial else max(shape.value_size, 0)
    return (
        f"Invalid timestamp type in message {'Partial' if is_partial else ''}DefaultRecord(offset={offset}, "
        f"timestamp={timestamp}, key={key_size} bytes, value={value_size} bytes). Producer should not set "
        f"timestamp type to LogAppendTime."
    )


def _message_for(code: ErrorCode, errors: Sequence[RecordError]) -> str:
    if code is ErrorCode.INVALID_TIMESTAMP:
        return "One or more records have been rejected due to invalid timestamp"
    shown = ", ".join(
        f"RecordError(batchIndex={error.batch_index}, message='{error.message}')"
        for error in errors[:_ERRORS_SHOWN]
    )
    return (
        f"One or more records have been rejected due to {len(errors)} record errors in total, and only showing "
        f"the first three errors at most: [{shown}]"
    )
