"""A machine's log that is a partition of an internal topic: record batches in, records out.

Each append is one batch, so that it is in the log whole or not at all. A replay reads up to the high watermark in
slices, and lets the loop do other work between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.partitions.partition import Partition
from ottla.records.batch import BatchHeader, check_crc, read_header, read_size_prefix
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.control import ControlType, read_control_record
from ottla.records.record import iterate_records
from ottla.storage.append_check import AppendOrigin
from ottla.wire.primitives import WireError

R = TypeVar("R")

REPLAY_SLICE_BYTES = 256 * 1024
"""How much of a log is replayed at once: some thousand records, a few tens of milliseconds."""

_SIZE_PREFIX_BYTES = 12


class NextTurn(Protocol):
    """The one thing of `ottla.tasks.Tasks` that a replay uses."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Run a callback in the next turn of the loop."""


@dataclass(frozen=True, slots=True)
class RecordCodec(Generic[R]):
    """How a machine's records are written as keys and values."""

    encode: Callable[[R], tuple[bytes, bytes | None]]
    decode: Callable[[bytes | None, bytes | None, int], R | None]
    """Of key, value and producer id (-1 for none); None for a record to be skipped. Raises WireError."""
    transaction_end: Callable[[int, bool], R]
    """Of producer id and whether its transaction was committed."""


class PartitionMachineLog(Generic[R]):
    """Implements `runtime.MachineLog` over a partition that this node leads."""

    def __init__(
        self,
        partition: Partition,
        codec: RecordCodec[R],
        clock: Clock,
        tasks: NextTurn,
        compression: Codec = Codec.NONE,
    ) -> None:
        self._partition = partition
        self._codec = codec
        self._clock = clock
        self._tasks = tasks
        self._compression = compression

    def append(self, records: list[R]) -> Completion[None]:
        """Append one batch; done when it is committed. Fails with KafkaError."""
        now_ms = self._clock.now_ms()
        batch = self._batch_of(records, now_ms)
        appended = self._partition.append(batch, origin=AppendOrigin.COORDINATOR, now_ms=now_ms)
        return appended.map(lambda _: None)

    @property
    def max_batch_bytes(self) -> int:
        """How large a batch may be: max.message.bytes of the internal topic."""
        return self._partition.config.max_message_bytes

    def fits(self, records: list[R]) -> bool:
        """Tell whether records make a batch that may be appended; as dear as the append itself."""
        return len(self._batch_of(records, self._clock.now_ms())) <= self.max_batch_bytes

    def _batch_of(self, records: list[R], now_ms: int) -> bytearray:
        encode = self._codec.encode
        return build_batch(
            [NewRecord(*encode(record)) for record in records], now_ms=now_ms, codec=self._compression
        )

    def replay(self, apply: Callable[[R], None]) -> Completion[None]:
        """Apply what was committed when the replay began. Fails with OSError, KafkaError or what `apply` raised."""
        replay = _Replay(self._partition, self._codec, apply, self._tasks)
        replay.run_slice()
        return replay.done


class _Replay(Generic[R]):
    """One pass over the log."""

    def __init__(
        self, partition: Partition, codec: RecordCodec[R], apply: Callable[[R], None], tasks: NextTurn
    ) -> None:
        self.done: Completion[None] = Completion()
        self._partition = partition
        self._codec = codec
        self._apply = apply
        self._tasks = tasks
        self._offset = partition.log_start_offset
        self._end_offset = partition.high_watermark

    def run_slice(self) -> None:
        """Replay the next slice, and the rest in later turns."""
        try:
            has_more = self._replay_slice()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the log belongs to whoever loads from it
            self.done.fail(error)
            return
        if has_more:
            self._tasks.call_soon(self.run_slice)
        else:
            self.done.resolve(None)

    def _replay_slice(self) -> bool:
        self._offset = max(self._offset, self._partition.log_start_offset)
        if self._offset >= self._end_offset:
            return False
        found = self._partition.log.read(
            self._offset, REPLAY_SLICE_BYTES, upper_bound=self._end_offset, must_return_a_batch=True
        )
        if found is None:
            return False
        try:
            content = found.read()
        finally:
            found.release()
        begun_at = self._offset
        for position, header in _whole_batches(content):
            self._replay_batch(content, position, header)
            self._offset = header.next_offset
        if self._offset == begun_at:
            raise BadRecordError(f"No whole batch in {self._partition.topic_partition} at offset {begun_at}")
        return self._offset < self._end_offset

    def _replay_batch(self, content: bytes, position: int, header: BatchHeader) -> None:
        check_crc(content, position, header)
        if header.is_control:
            control_type, _ = read_control_record(content, position, header)
            if control_type in (ControlType.COMMIT, ControlType.ABORT):
                is_commit = control_type is ControlType.COMMIT
                self._apply(self._codec.transaction_end(header.producer_id, is_commit))
            return
        producer_id = header.producer_id if header.is_transactional else -1
        decode = self._codec.decode
        for stored in iterate_records(content, position, header):
            if stored.offset < self._offset:
                continue
            try:
                record = decode(stored.key, stored.value, producer_id)
            except WireError as error:
                where = f"{self._partition.topic_partition} at offset {stored.offset}"
                raise BadRecordError(f"A record of {where} cannot be read: {error}") from error
            if record is not None:
                self._apply(record)


class BadRecordError(Exception):
    """Something in an internal topic that cannot be understood; loading on without it would lose state."""


def _whole_batches(content: bytes) -> Iterator[tuple[int, BatchHeader]]:
    """Yield the batches that are there to their end; the range may cut off the last one."""
    position = 0
    while position + _SIZE_PREFIX_BYTES <= len(content):
        _, size_bytes = read_size_prefix(content, position)
        if position + size_bytes > len(content):
            return
        yield position, read_header(content, position)
        position += size_bytes
