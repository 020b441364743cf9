"""The records of one partition that go out together, encoded as they come in.

The law: a batch is bytes from the first record on, so that what waits costs no objects; only callbacks are kept. Once
sealed it is compressed; header, producer and sequence are put before it when it is sent, and anew where they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ottla.records.batch import HEADER_SIZE_BYTES, NO_LEADER_EPOCH, read_header
from ottla.records.builder import assemble_batch, encode_varint
from ottla.records.compression import Codec, compress
from ottla.records.record import iterate_records
from ottla.types import TopicPartition

NO_SEQUENCE = -1

Headers = Sequence[tuple[str, bytes | None]]
Waiting = tuple[int, int, int, int, Callable[..., None]]
"""Index in the batch, timestamp, key and value size (-1 for null), and the callback."""

_TABLED = 2048
_VARINTS = tuple(encode_varint(number) for number in range(_TABLED))
"""Lengths and deltas as they mostly are; encoding them anew for each record would double its cost."""

_MOST_RECORD_OVERHEAD = 21
"""Bytes of a record beside key, value and headers, at most (`DefaultRecord.MAX_RECORD_OVERHEAD`)."""


def upper_bound_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Return the most that a batch of this one record may take, as max.request.size judges it.

    As `AbstractRecords.estimateSizeInBytesUpperBound` counts, whose figure users read in the error.
    """
    size = (
        HEADER_SIZE_BYTES
        + _MOST_RECORD_OVERHEAD
        + _sized(key)
        + _sized(value)
        + len(encode_varint(len(headers)))
    )
    for name, content in headers:
        size += _sized(name.encode()) + _sized(content)
    return size


def _sized(content: bytes | None) -> int:
    return 1 if content is None else len(encode_varint(len(content))) + len(content)


class ProducerBatch:
    """Some records of one partition, open until it is sealed."""

    __slots__ = (
        "attempts",
        "base_sequence",
        "base_timestamp",
        "codec",
        "count",
        "created_s",
        "limit_bytes",
        "max_timestamp",
        "order",
        "packed",
        "partition",
        "producer_epoch",
        "producer_id",
        "records",
        "retry_at_s",
        "size_bytes",
        "waiting",
    )

    def __init__(self, partition: TopicPartition, limit_bytes: int, created_s: float) -> None:
        self.partition = partition
        self.limit_bytes = limit_bytes
        self.created_s = created_s
        self.records = bytearray()
        self.packed: bytes | bytearray | None = None
        """The records as they go out; None while the batch is open."""
        self.codec = Codec.NONE
        self.count = 0
        self.size_bytes = 0
        """What it takes of buffer.memory: its records, uncompressed."""
        self.base_timestamp = 0
        self.max_timestamp = -1
        self.waiting: list[Waiting] = []
        self.order: tuple[int, ...] = ()
        """Where it stands among the batches of its partition; a part has a number more than what it was a part of."""
        self.attempts = 0
        self.retry_at_s = 0.0
        self.producer_id = -1
        self.producer_epoch = -1
        self.base_sequence = NO_SEQUENCE

    def try_append(
        self,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        callback: Callable[..., None] | None,
    ) -> int:
        """Take a record in; return how many bytes it takes, 0 where there is no room for it.

        The first record always has room.
        """
        count = self.count
        if count == 0:
            self.base_timestamp = timestamp_ms
        delta = timestamp_ms - self.base_timestamp
        before = _VARINTS[delta] if 0 <= delta < _TABLED else encode_varint(delta)
        before += _VARINTS[count] if count < _TABLED else encode_varint(count)
        if key is None:
            before += b"\x01"
        else:
            size = len(key)
            before += (_VARINTS[size] if size < _TABLED else encode_varint(size)) + key
        if value is None:
            before += b"\x01"
            value = b""
            is_null = True
        else:
            size = len(value)
            before += _VARINTS[size] if size < _TABLED else encode_varint(size)
            is_null = False
        after = _encode_headers(headers) if headers else b"\x00"
        size = 1 + len(before) + len(value) + len(after)
        length = _VARINTS[size] if size < _TABLED else encode_varint(size)
        size += len(length)
        if count and self.size_bytes + size > self.limit_bytes:
            return 0
        self.records += b"".join((length, b"\x00", before, value, after))
        self.size_bytes += size
        self.count = count + 1
        if timestamp_ms > self.max_timestamp:  # noqa: PLR1730 - a call for each record costs too much
            self.max_timestamp = timestamp_ms
        if callback is not None:
            sizes = (-1 if key is None else len(key), -1 if is_null else len(value))
            self.waiting.append((count, timestamp_ms, *sizes, callback))
        return size

    def seal(self, codec: Codec, level: int | None) -> float:
        """Close the batch and compress it; return what it was compressed to, as a part of its size."""
        self.codec = codec
        if codec is Codec.NONE:
            self.packed = self.records
            return 1.0
        self.packed = compress(codec, self.records, level)
        ratio = len(self.packed) / max(1, len(self.records))
        self.records = bytearray()
        return ratio

    @property
    def encoded_size_bytes(self) -> int:
        """How large the sealed batch is with its header."""
        assert self.packed is not None
        return HEADER_SIZE_BYTES + len(self.packed)

    def encode(self) -> bytearray:
        """Return the sealed batch with its header, producer and sequence."""
        assert self.packed is not None
        return assemble_batch(
            self.packed,
            base_offset=0,
            leader_epoch=NO_LEADER_EPOCH,
            attributes=int(self.codec),
            last_offset_delta=self.count - 1,
            base_timestamp=self.base_timestamp,
            max_timestamp=self.max_timestamp,
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=self.base_sequence,
            records_count=self.count,
        )

    def split(self, level: int | None) -> list[ProducerBatch]:
        """Return the records in two sealed batches of half as many, for a broker that takes no larger ones."""
        encoded = self.encode()
        half = self.count // 2
        parts = [ProducerBatch(self.partition, self.size_bytes, self.created_s) for _ in range(2)]
        callbacks = {index: callback for index, _, _, _, callback in self.waiting}
        for index, record in enumerate(iterate_records(encoded, 0, read_header(encoded))):
            callback = callbacks.get(index)
            part = parts[0 if index < half else 1]
            taken = part.try_append(record.timestamp_ms, record.key, record.value, record.headers, callback)
            assert taken, "half of a batch has room in one of its size"
        parts[1].size_bytes = (
            self.size_bytes - parts[0].size_bytes
        )  # what is given back in all is what was taken
        for part in parts:
            part.seal(self.codec, level)
        return parts


def _encode_headers(headers: Headers) -> bytes:
    encoded = bytearray(encode_varint(len(headers)))
    for name, content in headers:
        named = name.encode()
        encoded += encode_varint(len(named)) + named
        encoded += b"\x01" if content is None else encode_varint(len(content)) + content
    return bytes(encoded)
