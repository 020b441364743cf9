"""What a batch must be before the log takes it in, and the form in which it is stored.

The law: whatever passes here, every consumer can read and every rule of the topic allows; whatever fails is
refused whole, with Kafka's code, and nothing is written. The order of the checks is Kafka's, since the first
that fails decides the answer (facts 3.2; `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).

The broker's own batches come from its own builder: of them only header, CRC and size are checked.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import (
    CODEC_MASK,
    CONTROL_BIT,
    HEADER_SIZE_BYTES,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    MAX_INT32,
    NO_PRODUCER_ID,
    NO_TIMESTAMP,
    SIZE_PREFIX_BYTES,
    TRANSACTIONAL_BIT,
    BatchHeader,
    Buffer,
    check_crc,
    read_header,
    read_size_prefix,
    stamp_log_append_time,
    stamp_max_timestamp,
    unpack_header,
)
from ottla.records.builder import NewRecord, assemble_like, encode_record
from ottla.records.compression import Codec, DecompressionError, compress, decompress
from ottla.records.record import iterate_records
from ottla.records.walk import (
    EndlessSizeError,
    MalformedRecordError,
    WalkSummary,
    check_sizes,
    walk_records,
)
from ottla.storage.record_errors import check_each_record
from ottla.types import TopicPartition

if TYPE_CHECKING:
    from ottla.config.resolved import TopicConfig

LOG_APPEND_TIME = "LogAppendTime"
"""The value of message.timestamp.type that makes the broker stamp batches with its own time."""

SIZES_ALONE = "sizes"
"""The value of ottla.record.check that leaves the contents of records alone, but where keys matter."""

_SHORTEST_LENGTH = 14
"""Smallest batch length of any format (`LegacyRecord.RECORD_OVERHEAD_V0`)."""
_BYTES_TO_MAGIC, _MAGIC_AT = 17, 16

MAX_RECORDS = 1_000_000
"""Most records of one batch: what librdkafka allows its users at most (`batch.num.messages`). Each is looked at on the
event loop, and a batch of a few KiB can unpack to many millions."""

MAX_RENUMBERED_RECORDS = 10_000
"""Most records of a batch whose offset deltas are put right: each is written anew, a tenth of a second for so many.
Clients that get them wrong are old and send small batches."""

_CODECS = {
    "uncompressed": Codec.NONE,
    "gzip": Codec.GZIP,
    "snappy": Codec.SNAPPY,
    "lz4": Codec.LZ4,
    "zstd": Codec.ZSTD,
}


class AppendOrigin(Enum):
    """Who asks for an append; it decides how much has to be checked."""

    CLIENT = "client"
    """A Produce request: everything is checked."""
    COORDINATOR = "coordinator"
    """The broker's own records for an internal topic; of producers only the epoch is checked."""
    RAFT_LEADER = "raft leader"
    """Records of the metadata log, which have no size limit of their own."""


class NotOneBatchError(KafkaError):
    """The request does not hold exactly one batch of the current format for the partition."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.INVALID_RECORD, message)


class CheckedAppend(NamedTuple):
    """One batch in the form in which it may be written."""

    header: BatchHeader
    """The header of `records`; its base offset and leader epoch are still the sender's."""
    records: bytearray | memoryview
    """Exactly one batch, writable so that offset and epoch can be stamped in place."""
    max_timestamp: int
    """The largest timestamp of its records in ms, -1 when none has any."""
    log_append_time_ms: int
    """The time that was stamped on the batch, -1 when its own timestamps are kept."""


class _Form(NamedTuple):
    """How a batch has to be stored."""

    codec: Codec
    level: int | None
    log_append_time_ms: int
    """-1 when the records keep their own timestamps."""


_ALL_CODECS = tuple(Codec)
_AS_SENT = tuple(_Form(codec, None, -1) for codec in Codec)


def check_append(
    records: Buffer,
    *,
    config: TopicConfig,
    topic_partition: TopicPartition,
    origin: AppendOrigin,
    now_ms: int,
) -> CheckedAppend:
    """Judge one batch, and bring it into the form to be stored.

    `records` is changed in place where it is writable. Raises KafkaError; where records are to blame it is
    RecordsRefusedError with one entry for each.
    """
    header, records = _only_batch(records)
    is_client = origin is AppendOrigin.CLIENT
    if is_client and header.base_offset != 0:
        raise KafkaError(ErrorCode.INVALID_RECORD, _wrong_base_offset(header, topic_partition))
    if len(records) > config.max_message_bytes and origin is not AppendOrigin.RAFT_LEADER:
        raise KafkaError(ErrorCode.MESSAGE_TOO_LARGE, _too_large(header, config, topic_partition))
    check_crc(records, 0, header)
    codec = _known_codec(header)
    form = _form_to_store(codec, header, config, now_ms)
    if is_client:
        _check_client_batch(header, topic_partition)
        payload, summary = _walk(records, codec, header, config)
        first_timestamp = header.base_timestamp + summary.min_timestamp_delta
        max_timestamp = header.base_timestamp + summary.max_timestamp_delta
        if (
            (summary.has_null_key and "compact" in config.cleanup_policy)
            or header.attributes & LOG_APPEND_TIME_BIT
            or not (
                form.log_append_time_ms >= 0
                or (
                    now_ms - config.message_timestamp_before_max_ms <= first_timestamp
                    and max_timestamp <= now_ms + config.message_timestamp_after_max_ms
                )
            )
        ):
            check_each_record(
                payload, header, form.codec, form.log_append_time_ms, config, topic_partition, now_ms
            )
            if header.is_log_append_time:
                max_timestamp = header.max_timestamp
        max_timestamp = max(max_timestamp, NO_TIMESTAMP)
        is_dense = summary.is_dense or codec is form.codec is Codec.NONE
    else:
        max_timestamp, is_dense = header.max_timestamp, True
        first_timestamp = NO_TIMESTAMP
        payload = None
    if form.log_append_time_ms >= 0:
        max_timestamp = form.log_append_time_ms
    if codec is not form.codec or not is_dense:
        if payload is None:
            payload = _unpack(records, codec)
        if not is_dense:
            payload = _put_right(records, header, codec, form)
        _check_rebuildable(header, first_timestamp)
        records, header = _rebuild(payload, header, form, max_timestamp)
        _check_rebuilt_size(header, config, topic_partition, origin)
    elif form.log_append_time_ms >= 0 or header.max_timestamp != max_timestamp or header.is_log_append_time:
        records, header = _stamp_timestamps(records, header, form, max_timestamp)
    if len(records) > config.segment_bytes:
        raise KafkaError(
            ErrorCode.RECORD_LIST_TOO_LARGE,
            f"Message batch size is {header.size_bytes} bytes in append to partition {topic_partition}, which "
            f"exceeds the maximum configured segment size of {config.segment_bytes}.",
        )
    return CheckedAppend(header, records, max_timestamp, form.log_append_time_ms)


def _wrong_base_offset(header: BatchHeader, topic_partition: TopicPartition) -> str:
    return (
        f"The baseOffset of the record batch in the append to {topic_partition} should be 0, "
        f"but it is {header.base_offset}"
    )


def _too_large(header: BatchHeader, config: TopicConfig, topic_partition: TopicPartition) -> str:
    return (
        f"The record batch size in the append to {topic_partition} is {header.size_bytes} bytes which exceeds "
        f"the maximum configured value of {config.max_message_bytes})."
    )


def _only_batch(
    records: Buffer,
) -> tuple[BatchHeader, memoryview | bytearray]:
    """Return the header and the bytes of the one batch that is there.

    Fewer bytes behind it than a batch has are dropped, as Kafka drops them. Raises NotOneBatchError
    for no batch, another format or a second batch, and KafkaError CORRUPT_MESSAGE for what cannot be a batch.
    """
    size = len(records)
    header = unpack_header(records) if size >= HEADER_SIZE_BYTES else None
    if header is None or header.batch_length != size - SIZE_PREFIX_BYTES or header.magic != MAGIC:
        records = _cut_to_one_batch(records)
        header = read_header(records)
    if isinstance(records, bytes) or (isinstance(records, memoryview) and records.readonly):
        return header, bytearray(records)
    return header, records


def _cut_to_one_batch(records: Buffer) -> Buffer:
    size = size_of_batch(records, 0)
    if size is None:
        raise NotOneBatchError("There must be at least one record batch per partition")
    if records[_MAGIC_AT] != MAGIC:
        raise NotOneBatchError(f"Only record batches with magic version {MAGIC} are accepted")
    if size != len(records) and size_of_batch(records, size) is not None:
        raise NotOneBatchError("There must be exactly one record batch per partition")
    return memoryview(records)[:size]


def size_of_batch(records: Buffer, position: int) -> int | None:
    """Return the size in bytes of the batch at `position`, None when no whole batch is there.

    Raises KafkaError CORRUPT_MESSAGE for what cannot be a batch of any format, UNKNOWN_SERVER_ERROR for a size beyond
    32 bits.
    """
    remaining = len(records) - position
    if remaining < SIZE_PREFIX_BYTES:
        return None
    _, size = read_size_prefix(records, position)
    if size < _SHORTEST_LENGTH + SIZE_PREFIX_BYTES:
        raise KafkaError(
            ErrorCode.CORRUPT_MESSAGE,
            f"Record size {size - SIZE_PREFIX_BYTES} is less than the minimum record overhead ({_SHORTEST_LENGTH})",
        )
    if size > MAX_INT32:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)  # a sum that Kafka has no room for
    if remaining < _BYTES_TO_MAGIC:
        return None
    magic = records[position + _MAGIC_AT]
    if magic > MAGIC:
        signed = magic - 256 if magic > 127 else magic
        raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"Invalid magic found in record: {signed}")
    return size if size <= remaining else None


def _known_codec(header: BatchHeader) -> Codec:
    # Kafka has no answer of its own for a codec that it does not know; clients do not retry this one.
    number = header.attributes & CODEC_MASK
    if number >= len(_ALL_CODECS):
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"Unknown compression type id: {number}")
    return _ALL_CODECS[number]


def _form_to_store(codec: Codec, header: BatchHeader, config: TopicConfig, now_ms: int) -> _Form:
    """Apply compression.type and message.timestamp.type; control batches are never compressed by the broker."""
    log_append_time_ms = now_ms if config.message_timestamp_type == LOG_APPEND_TIME else -1
    if config.compression_type == "producer" or (codec is Codec.NONE and header.is_control):
        return _AS_SENT[codec] if log_append_time_ms < 0 else _Form(codec, None, log_append_time_ms)
    target = _CODECS[config.compression_type]
    return _Form(target, _level(target, config), log_append_time_ms)


def _level(codec: Codec, config: TopicConfig) -> int | None:
    if codec is Codec.GZIP:
        return config.compression_gzip_level
    if codec is Codec.LZ4:
        return config.compression_lz4_level
    if codec is Codec.ZSTD:
        return config.compression_zstd_level
    return None


def _check_client_batch(header: BatchHeader, topic_partition: TopicPartition) -> None:
    """Raise KafkaError INVALID_RECORD unless the header is one that a producer may write."""
    count = header.records_count
    if (
        0 < count <= MAX_RECORDS
        and count == header.last_offset_delta + 1
        and not header.attributes & CONTROL_BIT
        and (header.base_sequence >= 0 or header.producer_id <= NO_PRODUCER_ID)
    ):
        return
    if header.last_offset_delta < 0:
        problem = f"Batch has an invalid offset range: [{header.base_offset}, {header.last_offset}]"
    elif count <= 0:
        problem = f"Invalid reported count for record batch: {count}"
    elif count > MAX_RECORDS:
        problem = f"Record batch of {count} records, the limit is {MAX_RECORDS},"
    elif count != header.last_offset_delta + 1:
        problem = (
            f"Inconsistent batch offset range [{header.base_offset}, {header.last_offset}] "
            f"and count of records {count}"
        )
    elif header.is_control:
        problem = "Clients are not allowed to write control records"
    else:
        problem = f"Invalid sequence number {header.base_sequence} in record batch with producerId {header.producer_id}"
    raise KafkaError(ErrorCode.INVALID_RECORD, f"{problem} in topic partition {topic_partition}")


def _unpack(records: memoryview | bytearray, codec: Codec) -> Buffer:
    if codec is Codec.NONE:
        return memoryview(records)[HEADER_SIZE_BYTES:]
    try:
        return decompress(codec, memoryview(records)[HEADER_SIZE_BYTES:])
    except DecompressionError as error:
        # As Kafka: its decompressors' failures have no code of their own, and a retry would not help.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, error.message) from error


def _walk(
    records: memoryview | bytearray, codec: Codec, header: BatchHeader, config: TopicConfig
) -> tuple[Buffer, WalkSummary]:
    payload = _unpack(records, codec)
    try:
        if config.ottla_record_check == SIZES_ALONE and "compact" not in config.cleanup_policy:
            check_sizes(payload, header.records_count)
            return payload, WalkSummary(0, header.max_timestamp - header.base_timestamp, False, True)
        return payload, walk_records(payload, header.records_count)
    except MalformedRecordError as error:
        # As Kafka: a size that is no number fails outside of what it wraps, but only where records are read in place.
        is_bare = codec is Codec.NONE and isinstance(error, EndlessSizeError)
        code = ErrorCode.UNKNOWN_SERVER_ERROR if is_bare else ErrorCode.INVALID_RECORD
        raise KafkaError(code, str(error)) from error


def _stamp_timestamps(
    records: memoryview | bytearray, header: BatchHeader, form: _Form, max_timestamp: int
) -> tuple[memoryview | bytearray, BatchHeader]:
    """Put the right timestamp type and largest timestamp into the header."""
    if form.log_append_time_ms >= 0:
        stamp_log_append_time(records, 0, header, max_timestamp)
    else:
        stamp_max_timestamp(records, 0, header, max_timestamp)
    return records, read_header(records)


def _put_right(records: memoryview | bytearray, header: BatchHeader, codec: Codec, form: _Form) -> bytes:
    """Return the records numbered anew. Raises KafkaError where Kafka does not, or where there are too many."""
    if codec is form.codec:
        # As Kafka: where it need not compress anew it has not kept the records to number them anew.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "The offset deltas of the batch are not 0, 1, 2, …")
    if header.records_count > MAX_RENUMBERED_RECORDS:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"{header.records_count} records cannot be numbered anew")
    return _renumber(records, header)


def _renumber(records: memoryview | bytearray, header: BatchHeader) -> bytes:
    """Return the records with the offset deltas 0, 1, 2, …; some old clients do not set them well."""
    base_timestamp = header.base_timestamp
    return b"".join(
        encode_record(
            NewRecord(record.key, record.value, None, record.headers),
            record.timestamp_ms - base_timestamp,
            index,
        )
        for index, record in enumerate(iterate_records(records, 0, header))
    )


def _check_rebuildable(header: BatchHeader, first_timestamp: int) -> None:
    """Raise KafkaError UNKNOWN_SERVER_ERROR for what Kafka's `MemoryRecordsBuilder` does not write."""
    if first_timestamp < NO_TIMESTAMP and not header.is_log_append_time:
        problem = f"Invalid negative timestamp {first_timestamp}"
    elif header.producer_id != NO_PRODUCER_ID and header.producer_epoch == -1:
        problem = "Invalid negative producer epoch"
    elif header.producer_id != NO_PRODUCER_ID and header.base_sequence < 0 and not header.is_control:
        problem = "Invalid negative sequence number used"
    else:
        return
    raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem)


def _rebuild(
    payload: Buffer, header: BatchHeader, form: _Form, max_timestamp: int
) -> tuple[bytearray, BatchHeader]:
    """Return the batch with its records compressed as the topic wants them."""
    packed = payload if form.codec is Codec.NONE else compress(form.codec, payload, form.level)
    kept = header.attributes & (TRANSACTIONAL_BIT | CONTROL_BIT)
    batch = assemble_like(
        header,
        packed,
        attributes=kept | form.codec | (LOG_APPEND_TIME_BIT if form.log_append_time_ms >= 0 else 0),
        base_timestamp=header.base_timestamp,
        max_timestamp=max_timestamp,
        records_count=header.records_count,
    )
    return batch, read_header(batch)


def _check_rebuilt_size(
    header: BatchHeader, config: TopicConfig, topic_partition: TopicPartition, origin: AppendOrigin
) -> None:
    if origin is not AppendOrigin.RAFT_LEADER and header.size_bytes > config.max_message_bytes:
        raise KafkaError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"Message batch size is {header.size_bytes} bytes in append topartition {topic_partition} "
            f"which exceeds the maximum configured size of {config.max_message_bytes}.",
        )
