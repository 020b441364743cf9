"""The header of a record batch (magic 2) over any buffer, and the few changes that are made in place.

A batch is opaque on the hot path: its header is read, its CRC is checked, its offset and leader epoch are
stamped where they lie (both are outside the CRC), and its records are never looked at. Layout: facts 2.1,
Kafka's `DefaultRecordBatch`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from crc32c import crc32c

from ottla.errors import ErrorCode, KafkaError
from ottla.records.compression import Codec

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What a batch may lie in; stamping needs a writable one."""

HEADER_SIZE_BYTES = 61
"""Bytes before the records of a batch."""

SIZE_PREFIX_BYTES = 12
"""Base offset and batch length, which the batch length itself does not count."""

MINIMUM_BATCH_LENGTH = HEADER_SIZE_BYTES - SIZE_PREFIX_BYTES
CRC_START = 21
MAGIC = 2
NO_TIMESTAMP = -1
NO_PRODUCER_ID = -1
NO_SEQUENCE = -1
NO_LEADER_EPOCH = -1
MAX_INT32 = 2**31 - 1

CODEC_MASK = 0x07
LOG_APPEND_TIME_BIT = 0x08
TRANSACTIONAL_BIT = 0x10
CONTROL_BIT = 0x20
DELETE_HORIZON_BIT = 0x40

_HEADER = struct.Struct(">qiibIhiqqqhii")
_BASE_OFFSET = struct.Struct(">q")
_SIZE_PREFIX = struct.Struct(">qi")
_LEADER_EPOCH = struct.Struct(">i")
_CRC = struct.Struct(">I")
_ATTRIBUTES = struct.Struct(">h")
_MAX_TIMESTAMP = struct.Struct(">q")

PRODUCER_ID_BYTES = slice(43, 51)
"""Where a header has its producer id, for whoever compares ids and reads nothing else."""

_LEADER_EPOCH_AT = 12
_MAGIC_AT = 16
_CRC_AT = 17
_ATTRIBUTES_AT = 21
_MAX_TIMESTAMP_AT = 35


class CorruptBatchError(KafkaError):
    """Bytes that are not a whole, sound record batch; a client that sent them hears CORRUPT_MESSAGE."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.CORRUPT_MESSAGE, message)


class UnsupportedMagicError(CorruptBatchError):
    """A message set of an older (or unknown newer) format, which is sound perhaps but not read here."""

    def __init__(self, magic: int) -> None:
        super().__init__(f"Record batches have magic {MAGIC}; magic {magic} is not supported")
        self.magic = magic


class BatchHeader(NamedTuple):
    """The thirteen header fields in their order on disk, and what follows from them."""

    base_offset: int
    batch_length: int
    """Bytes that follow this field; `size_bytes` is the whole batch."""
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    """ms; the delete horizon instead where that bit is set."""
    max_timestamp: int
    """ms; the append time where the batch is stamped with LogAppendTime."""
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records_count: int

    @property
    def size_bytes(self) -> int:
        """The whole batch, its header included."""
        return self.batch_length + SIZE_PREFIX_BYTES

    @property
    def last_offset(self) -> int:
        """The offset of the last record, kept when compaction removes that record."""
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        """The first offset after this batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def codec(self) -> Codec:
        """How the records are compressed. Raises CorruptBatchError where the number means nothing."""
        return codec_of(self.attributes)

    @property
    def last_sequence(self) -> int:
        """The producer's sequence number of the last record; -1 without a sequence."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return add_to_sequence(self.base_sequence, self.last_offset_delta)

    @property
    def has_producer_id(self) -> bool:
        """Whether an idempotent or transactional producer wrote this batch."""
        return self.producer_id > NO_PRODUCER_ID

    @property
    def is_control(self) -> bool:
        """Whether the batch holds a control record instead of data."""
        return self.attributes & CONTROL_BIT != 0

    @property
    def is_transactional(self) -> bool:
        """Whether the batch belongs to a transaction."""
        return self.attributes & TRANSACTIONAL_BIT != 0

    @property
    def is_log_append_time(self) -> bool:
        """Whether every record's timestamp reads as `max_timestamp`."""
        return self.attributes & LOG_APPEND_TIME_BIT != 0

    @property
    def has_delete_horizon(self) -> bool:
        """Whether `base_timestamp` is the time from which tombstones of this batch may go."""
        return self.attributes & DELETE_HORIZON_BIT != 0


def codec_of(attributes: int) -> Codec:
    """Return the compression that a batch's attributes name. Raises CorruptBatchError for an unknown one."""
    number = attributes & CODEC_MASK
    if number > Codec.ZSTD:
        raise CorruptBatchError(f"Unknown compression type id: {number}")
    return Codec(number)


def add_to_sequence(sequence: int, increment: int) -> int:
    """Return a sequence number moved on; after 2^31-1 comes 0 (DefaultRecordBatch.incrementSequence)."""
    moved = sequence + increment
    return moved - MAX_INT32 - 1 if moved > MAX_INT32 else moved


def read_header(buffer: Buffer, position: int = 0) -> BatchHeader:
    """Return the header of the batch at `position`; the rest of the batch may lie outside the buffer.

    Raises CorruptBatchError where fewer than 61 bytes are left or the length is impossible, and
    UnsupportedMagicError for another format.
    """
    if len(buffer) - position < HEADER_SIZE_BYTES:
        left = len(buffer) - position
        if left > _MAGIC_AT and buffer[position + _MAGIC_AT] != MAGIC:
            raise UnsupportedMagicError(buffer[position + _MAGIC_AT])
        raise CorruptBatchError(f"A record batch needs {HEADER_SIZE_BYTES} bytes, only {left} are there")
    header = tuple.__new__(BatchHeader, _HEADER.unpack_from(buffer, position))
    if header.magic != MAGIC:
        # A zeroed region has magic 0 and a length that no format allows: damage, not an old format.
        if header.batch_length < _MAGIC_AT - SIZE_PREFIX_BYTES + 1:
            raise CorruptBatchError(
                f"Record size {header.batch_length} is less than the minimum of any format"
            )
        raise UnsupportedMagicError(header.magic)
    if header.batch_length < MINIMUM_BATCH_LENGTH:
        raise CorruptBatchError(
            f"Record batch length {header.batch_length} is less than the minimum of {MINIMUM_BATCH_LENGTH}"
        )
    return header


def unpack_header(buffer: Buffer) -> BatchHeader:
    """Return the header of the batch that a buffer of at least 61 bytes begins with, unchecked."""
    return tuple.__new__(BatchHeader, _HEADER.unpack_from(buffer))


def read_size_prefix(buffer: Buffer, position: int = 0) -> tuple[int, int]:
    """Return base offset and total size in bytes of the batch at `position`, unchecked: for own files."""
    base_offset, length = _SIZE_PREFIX.unpack_from(buffer, position)
    return base_offset, length + SIZE_PREFIX_BYTES


def compute_crc(buffer: Buffer, position: int, size_bytes: int) -> int:
    """Return the CRC-32C of the batch of `size_bytes` at `position`."""
    return crc32c(memoryview(buffer)[position + CRC_START : position + size_bytes])


def check_crc(buffer: Buffer, position: int, header: BatchHeader) -> None:
    """Raise CorruptBatchError unless the whole batch is in the buffer and its CRC is right."""
    end = position + header.batch_length + SIZE_PREFIX_BYTES
    if end > len(buffer):
        raise CorruptBatchError(
            f"The record batch claims {header.size_bytes} bytes, only {len(buffer) - position} are there"
        )
    computed = crc32c(memoryview(buffer)[position + CRC_START : end])
    if computed != header.crc:
        raise CorruptBatchError(f"Record is corrupt (stored crc = {header.crc}, computed crc = {computed})")


def stamp(buffer: bytearray | memoryview, position: int, base_offset: int, leader_epoch: int) -> None:
    """Write offset and leader epoch into a batch; neither is covered by the CRC."""
    _BASE_OFFSET.pack_into(buffer, position, base_offset)
    _LEADER_EPOCH.pack_into(buffer, position + _LEADER_EPOCH_AT, leader_epoch)


def stamp_log_append_time(
    buffer: bytearray | memoryview, position: int, header: BatchHeader, now_ms: int
) -> None:
    """Turn a batch into one with LogAppendTime `now_ms`: attributes, max timestamp and CRC change in place.

    The base timestamp and the records' deltas stay (DefaultRecordBatch.setMaxTimestamp).
    """
    _ATTRIBUTES.pack_into(buffer, position + _ATTRIBUTES_AT, header.attributes | LOG_APPEND_TIME_BIT)
    _MAX_TIMESTAMP.pack_into(buffer, position + _MAX_TIMESTAMP_AT, now_ms)
    _CRC.pack_into(buffer, position + _CRC_AT, compute_crc(buffer, position, header.size_bytes))


def stamp_max_timestamp(
    buffer: bytearray | memoryview, position: int, header: BatchHeader, max_timestamp: int
) -> None:
    """Correct the max timestamp of a CreateTime batch, and its CRC, in place."""
    _ATTRIBUTES.pack_into(buffer, position + _ATTRIBUTES_AT, header.attributes & ~LOG_APPEND_TIME_BIT)
    _MAX_TIMESTAMP.pack_into(buffer, position + _MAX_TIMESTAMP_AT, max_timestamp)
    _CRC.pack_into(buffer, position + _CRC_AT, compute_crc(buffer, position, header.size_bytes))


def iterate_batches(buffer: Buffer) -> Iterator[tuple[int, BatchHeader]]:
    """Yield position and header of each batch of a buffer that holds whole batches and nothing else.

    Raises CorruptBatchError where the buffer ends inside a batch.
    """
    position = 0
    end = len(buffer)
    while position < end:
        header = read_header(buffer, position)
        if position + header.size_bytes > end:
            raise CorruptBatchError(
                f"The record batch at byte {position} claims {header.size_bytes} bytes,"
                f" only {end - position} are there"
            )
        yield position, header
        position += header.size_bytes
