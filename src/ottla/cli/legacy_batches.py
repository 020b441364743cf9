"""Message sets of the formats before 0.11 (magic 0 and 1), for whoever only shows them; no broker keeps them any more.

A message is a batch of its own. A compressed one holds others in its value; in magic 1 their offsets count from the
first of them, and the wrapper has the offset of the last (Kafka's `LegacyRecord`, `AbstractLegacyRecordBatch`).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from ottla.records.batch import (
    CODEC_MASK,
    LOG_APPEND_TIME_BIT,
    NO_TIMESTAMP,
    SIZE_PREFIX_BYTES,
    CorruptBatchError,
)
from ottla.records.compression import Codec, decompress
from ottla.records.record import Record

NEWEST_LEGACY_MAGIC = 1
SMALLEST_SIZE_BYTES = 14
"""What a message of magic 0 needs at least after offset and size."""

_HEAD = struct.Struct(">qiIbb")
_INT32 = struct.Struct(">i")
_INT64 = struct.Struct(">q")
_MAGIC_AT = 16


class LegacyMessage(NamedTuple):
    """A message with what is around it."""

    offset: int
    size_bytes: int
    """With offset and size themselves."""
    crc: int
    magic: int
    attributes: int
    timestamp_ms: int
    """-1 with magic 0."""
    key: bytes | None
    value: bytes | None
    is_valid: bool
    """Whether the CRC is right."""

    @property
    def last_offset(self) -> int:
        """The offset of the message, or of the last one in it."""
        return self.offset

    @property
    def timestamp_type(self) -> str:
        """What the timestamp is, in Kafka's words."""
        if self.magic == 0:
            return "NoTimestampType"
        return "LogAppendTime" if self.attributes & LOG_APPEND_TIME_BIT else "CreateTime"

    @property
    def codec_number(self) -> int:
        """How the value is compressed."""
        return self.attributes & CODEC_MASK

    @property
    def record(self) -> Record:
        """The message as a record."""
        return Record(self.offset, self.timestamp_ms, self.key, self.value)


def read_message(content: bytes, position: int = 0) -> LegacyMessage:
    """Return the message at a position. Raises CorruptBatchError where it is cut."""
    try:
        offset, size, crc, magic, attributes = _HEAD.unpack_from(content, position)
        at = position + _HEAD.size
        timestamp_ms = NO_TIMESTAMP
        if magic > 0:
            (timestamp_ms,) = _INT64.unpack_from(content, at)
            at += _INT64.size
        key, at = _read_bytes(content, at)
        value, _ = _read_bytes(content, at)
    except struct.error as error:
        raise CorruptBatchError(f"The message at byte {position} is cut") from error
    end = position + SIZE_PREFIX_BYTES + size
    is_valid = zlib.crc32(content[position + _MAGIC_AT : end]) == crc
    return LegacyMessage(
        offset, size + SIZE_PREFIX_BYTES, crc, magic, attributes, timestamp_ms, key, value, is_valid
    )


def messages_in(wrapper: LegacyMessage) -> Iterator[LegacyMessage]:
    """Yield the message itself, or those that it holds, with their offsets and times.

    Raises CorruptBatchError and DecompressionError.
    """
    if wrapper.codec_number == Codec.NONE:
        yield wrapper
        return
    if wrapper.value is None:
        raise CorruptBatchError(
            f"Found invalid compressed record set with null value (magic = {wrapper.magic})"
        )
    if wrapper.codec_number > Codec.ZSTD:
        raise CorruptBatchError(f"Unknown compression type id: {wrapper.codec_number}")
    content = bytes(decompress(Codec(wrapper.codec_number), wrapper.value))
    messages: list[LegacyMessage] = []
    position = 0
    while position < len(content):
        message = read_message(content, position)
        if message.size_bytes < SMALLEST_SIZE_BYTES + SIZE_PREFIX_BYTES:
            raise CorruptBatchError(
                f"Record size {message.size_bytes} is less than the minimum record overhead"
            )
        messages.append(message)
        position += message.size_bytes
    first = wrapper.offset - messages[-1].offset if messages and wrapper.magic > 0 else 0
    for message in messages:
        moved = message._replace(offset=message.offset + first)
        if wrapper.timestamp_type == "LogAppendTime":
            moved = moved._replace(
                timestamp_ms=wrapper.timestamp_ms, attributes=moved.attributes | LOG_APPEND_TIME_BIT
            )
        yield moved


def _read_bytes(content: bytes, position: int) -> tuple[bytes | None, int]:
    (size,) = _INT32.unpack_from(content, position)
    start = position + _INT32.size
    if size < 0:
        return None, start
    if start + size > len(content):
        raise CorruptBatchError(
            f"A field of a message claims {size} bytes, only {len(content) - start} are left"
        )
    return content[start : start + size], start + size
