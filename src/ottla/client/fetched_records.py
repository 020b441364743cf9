"""The records of what a fetch brought for one partition, decoded when they are asked for and not before.

The law: it yields what a consumer is to see, in order: from the wanted offset on, without control records and, with
read_committed, without those of aborted transactions. It keeps the bytes that came and one uncompressed batch, never
more objects than the caller asked for. The usual sizes are read in line: this loop sees every record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, CorruptBatchError, check_crc, read_header
from ottla.records.compression import DecompressionError
from ottla.records.control import ControlType, read_control_record
from ottla.records.record import RecordHeader, read_record, records_payload
from ottla.types import TopicPartition

KAFKA_EXCEPTION = "org.apache.kafka.common.KafkaException"


class ConsumerRecord(NamedTuple):
    """One record as a consumer sees it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """-1 where the record has none."""
    is_log_append_time: bool
    key: bytes | None
    value: bytes | None
    headers: tuple[RecordHeader, ...]
    leader_epoch: int
    """-1 when unknown."""


def whole_batches_end(records: memoryview, offset: int) -> tuple[int, int]:
    """Return where the last whole batch of fetched bytes ends, and the offset that follows it.

    `offset` is what was asked for; it stays where there is no whole batch. Raises CorruptBatchError.
    """
    position = 0
    end = len(records)
    while end - position >= HEADER_SIZE_BYTES:
        header = read_header(records, position)
        if position + header.size_bytes > end:
            break
        position += header.size_bytes
        offset = max(offset, header.next_offset)
    return position, offset


class FetchedRecords:
    """The whole batches that came for a partition; `take` decodes the next records of them.

    `aborted` are the aborted transactions that the answer named, as producer id and first offset; None reads
    uncommitted records too.
    """

    __slots__ = (
        "_aborted",
        "_append_time",
        "_base_offset",
        "_base_timestamp",
        "_batches",
        "_checks_crcs",
        "_end",
        "_ended",
        "_epoch",
        "_left",
        "_next_batch_offset",
        "_payload",
        "_position",
        "_record_at",
        "next_offset",
        "partition",
    )

    def __init__(
        self,
        partition: TopicPartition,
        batches: memoryview,
        end: int,
        offset: int,
        aborted: Iterable[tuple[int, int]] | None,
        *,
        checks_crcs: bool,
    ) -> None:
        self.partition = partition
        self.next_offset = offset
        """The offset of the record that `take` returns next, or of one before it."""
        self._batches = batches
        self._end = end
        self._position = 0
        self._aborted = None if aborted is None else sorted(aborted, key=lambda pair: pair[1], reverse=True)
        self._ended: set[int] = set()
        self._checks_crcs = checks_crcs
        self._payload = b""
        self._left = 0
        self._record_at = 0
        self._base_offset = self._next_batch_offset = 0
        self._base_timestamp = 0
        self._append_time: int | None = None
        self._epoch = -1

    def take(self, most: int) -> list[ConsumerRecord]:
        """Return the next records, at most so many; fewer only where there are no more.

        Raises ApiError (CORRUPT_MESSAGE or a KafkaException) where they cannot be read; `next_offset` is before them.
        """
        taken: list[ConsumerRecord] = []
        try:
            while len(taken) < most:
                if self._left == 0 and not self._open_next():
                    break
                self._decode(taken, most)
                if self._left == 0:
                    self._close_batch()
        except (CorruptBatchError, DecompressionError) as error:
            if not taken:
                raise self._unreadable(error) from error
        finally:
            if taken:
                self.next_offset = max(self.next_offset, taken[-1].offset + 1)
        return taken

    def _unreadable(self, error: Exception) -> ApiError:
        return ApiError(
            ErrorCode.CORRUPT_MESSAGE,
            f"Received exception when fetching the next record from {self.partition}. If needed, please seek past the "
            f"record to continue consumption. ({error})",
            java_class=KAFKA_EXCEPTION,
        )

    def _open_next(self) -> bool:
        """Uncompress the next batch that has something to be seen; tell whether there is one."""
        while self._position < self._end:
            at = self._position
            header = read_header(self._batches, at)
            if self._checks_crcs:
                check_crc(self._batches, at, header)
            if header.next_offset > self.next_offset and self._is_visible(header, at):
                self._payload = records_payload(self._batches, at, header)
                self._left = header.records_count
                self._record_at = 0
                self._base_offset = header.base_offset
                self._base_timestamp = header.base_timestamp
                self._append_time = header.max_timestamp if header.is_log_append_time else None
                self._epoch = header.leader_epoch
                self._next_batch_offset = header.next_offset
                self._position = at + header.size_bytes
                if self._left:
                    return True
            self._position = at + header.size_bytes
            self.next_offset = max(self.next_offset, header.next_offset)
        return False

    def _is_visible(self, header: BatchHeader, at: int) -> bool:
        """Tell whether a batch holds records for the user; keeps book of the transactions that it belongs to."""
        if self._aborted is not None and header.has_producer_id:
            while self._aborted and self._aborted[-1][1] <= header.last_offset:
                self._ended.add(self._aborted.pop()[0])
            if header.is_control:
                kind, _ = read_control_record(self._batches, at, header)
                if kind is ControlType.ABORT:
                    self._ended.discard(header.producer_id)
            elif header.is_transactional and header.producer_id in self._ended:
                return False
        return not header.is_control

    def _decode(self, taken: list[ConsumerRecord], most: int) -> None:  # noqa: PLR0915 - in line for speed
        """Append records of the open batch, and move on; a record of rare sizes is read by `read_record`."""
        payload, position, left, room = self._payload, self._record_at, self._left, most - len(taken)
        base_offset, base_timestamp, append_time = self._base_offset, self._base_timestamp, self._append_time
        is_append_time = append_time is not None
        (topic, partition), epoch, first = self.partition, self._epoch, self.next_offset
        new, cls, limit = tuple.__new__, ConsumerRecord, len(payload)
        try:
            while left and room:
                start = position
                try:
                    size = payload[start]
                    position = start + 2
                    if size >= 0x80:
                        size += (payload[start + 1] << 7) - 0x80
                        position = start + 3
                    end = position - 1 + (size >> 1)
                    timestamp = payload[position]
                    if timestamp >= 0x80:
                        position += 1
                        timestamp += (payload[position] << 7) - 0x80
                    delta = payload[position + 1]
                    position += 2
                    if delta >= 0x80:
                        delta += (payload[position] << 7) - 0x80
                        position += 1
                    key_size = payload[position]
                    position += 1
                    if key_size >= 0x80:
                        key_size += (payload[position] << 7) - 0x80
                        position += 1
                    value_at = position + (key_size >> 1)
                    key = None if key_size == 1 else payload[position:value_at]
                    value_size = payload[value_at]
                    position = value_at + 1
                    if value_size >= 0x80:
                        value_size += (payload[position] << 7) - 0x80
                        position += 1
                    value_end = position + (value_size >> 1)
                    value = None if value_size == 1 else payload[position:value_end]
                    # All that is not as usual: numbers of three bytes, negative ones, headers, a wrong end.
                    is_rare = (
                        (size | timestamp | delta | key_size | value_size) >= 0x4000
                        or (size | timestamp | delta) & 1
                        or (key_size & 1 and key_size != 1)
                        or (value_size & 1 and value_size != 1)
                        or value_end + 1 != end
                        or end > limit
                        or payload[value_end]
                    )
                except IndexError:
                    is_rare = True
                headers: tuple[RecordHeader, ...] = ()
                if is_rare:
                    record, end = read_record(payload, start, base_offset, base_timestamp, append_time)
                    offset, at_ms, key, value, headers = record
                else:
                    offset = base_offset + (delta >> 1)
                    at_ms = base_timestamp + (timestamp >> 1) if append_time is None else append_time
                position = end
                left -= 1
                if offset >= first:
                    room -= 1
                    fields = (topic, partition, offset, at_ms, is_append_time, key, value, headers, epoch)
                    taken.append(new(cls, fields))
        except (IndexError, UnicodeDecodeError, CorruptBatchError) as error:
            position = start  # what came before it is behind us
            raise CorruptBatchError(f"Invalid record at byte {start} of its batch: {error}") from error
        finally:
            self._record_at, self._left = position, left

    def _close_batch(self) -> None:
        """Leave a batch of which every record was read. Raises CorruptBatchError where something is left."""
        if self._record_at != len(self._payload):
            raise CorruptBatchError(
                f"{len(self._payload) - self._record_at} bytes follow the last record of the batch"
            )
        self._payload = b""
        self.next_offset = max(self.next_offset, self._next_batch_offset)
