"""An append in two steps, so that batches which wait for the same disk can be written together.

The law: every batch has the result that it would have by itself, in the same place; only the number of writes is
smaller. First a batch is judged and stamped for the offset that it will have, then it is written and taken into the
producer state. What fails in the first step is nobody else's affair; what fails in the second fails all that were to
be written with it, and the log is as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from ottla.errors import KafkaError
from ottla.records.batch import NO_PRODUCER_ID, PRODUCER_ID_BYTES, BatchHeader, Buffer, stamp
from ottla.storage.append_check import AppendOrigin, check_append
from ottla.storage.rolling import must_roll
from ottla.storage.segment import BatchToIndex, Segment
from ottla.types import TopicPartition

if TYPE_CHECKING:
    from ottla.config.resolved import TopicConfig
    from ottla.storage.producer_state import ProducerStateManager

make_tuple = tuple.__new__
"""Makes a named tuple of all its fields: what its class does itself, but behind a call more, five times an append."""

MOST_TOGETHER_BYTES = 4 * 1024 * 1024
"""Written in one go: larger writes are no faster, and readers see none of it before all is written."""

_NO_PRODUCER = b"\xff" * 8


class AppendResult(NamedTuple):
    """Where an append went."""

    base_offset: int
    last_offset: int
    log_append_time_ms: int
    """-1 unless the broker has set the time; the original batch's largest timestamp for a duplicate."""
    log_start_offset: int
    is_duplicate: bool = False


AppendOutcome: TypeAlias = AppendResult | KafkaError | OSError


class PreparedAppend(NamedTuple):
    """A batch that is judged, and stamped for its place at the end of the log."""

    header: BatchHeader
    """As it was before the stamping."""
    records: memoryview | bytearray
    to_index: BatchToIndex
    base_offset: int
    log_append_time_ms: int


class OfferedBatch(NamedTuple):
    """A batch that is to be appended, with what `PartitionLog.append` wants to know of it."""

    records: Buffer
    leader_epoch: int
    origin: AppendOrigin
    now_ms: int


class AppendableLog(Protocol):
    """What of a `PartitionLog` an append uses."""

    config: TopicConfig
    topic_partition: TopicPartition
    producer_state: ProducerStateManager
    log_start_offset: int

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments, the last of which is appended to."""

    def next_offset(self) -> int:
        """Return the offset that the next batch gets. Raises KafkaError where the log is offline."""

    def write(self, prepared: Sequence[PreparedAppend], leader_epoch: int, now_ms: int) -> list[AppendResult]:
        """Write batches that are prepared for this place. Raises KafkaError and OSError, for all of them."""


def prepare(
    log: AppendableLog,
    records: Buffer,
    base_offset: int,
    leader_epoch: int,
    origin: AppendOrigin,
    now_ms: int,
) -> PreparedAppend | AppendResult:
    """Judge a batch and stamp it for `base_offset`; of a repeated batch, return where it is already.

    Raises KafkaError for what is refused.
    """
    header, checked, max_timestamp, log_append_time_ms = check_append(
        records, config=log.config, topic_partition=log.topic_partition, origin=origin, now_ms=now_ms
    )
    if header.producer_id > NO_PRODUCER_ID:
        assert not header.is_control, "transaction markers have no writer yet"
        duplicate = log.producer_state.check(header, base_offset, origin)
        if duplicate is not None:
            return AppendResult(
                duplicate.first_offset,
                duplicate.last_offset,
                duplicate.timestamp,
                log.log_start_offset,
                True,
            )
    stamp(checked, 0, base_offset, leader_epoch)
    last_offset = base_offset + header.last_offset_delta
    to_index = make_tuple(BatchToIndex, (last_offset, max_timestamp, len(checked)))
    return make_tuple(PreparedAppend, (header, checked, to_index, base_offset, log_append_time_ms))


def append_together(log: AppendableLog, offered: Sequence[OfferedBatch]) -> list[AppendOutcome]:
    """Append batches that have come one after the other, in as few writes as can be.

    Returns for each what `PartitionLog.append` would have returned or raised.
    """
    group = _Group(log)
    for place, batch in enumerate(offered):
        group.add(place, batch)
    group.write()
    return [group.outcomes[place] for place in range(len(offered))]


@dataclass(slots=True)
class _Group:
    """Batches that are written together."""

    log: AppendableLog
    outcomes: dict[int, AppendOutcome] = field(default_factory=dict)
    """By the place of the batch among all that were offered."""
    prepared: list[PreparedAppend] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    producers: set[bytes] = field(default_factory=set)
    size_bytes: int = 0
    leader_epoch: int = -1
    now_ms: int = 0

    def add(self, place: int, batch: OfferedBatch) -> None:
        """Take a batch in, behind what has to be written before it can be judged or placed."""
        records, leader_epoch, origin, now_ms = batch
        producer = bytes(records[PRODUCER_ID_BYTES])
        # The second batch of a producer is judged by what the first one has left behind.
        if producer in self.producers or leader_epoch != self.leader_epoch:
            self.write()
        try:
            base_offset = (
                self.prepared[-1].to_index.last_offset + 1 if self.prepared else self.log.next_offset()
            )
            prepared = prepare(self.log, records, base_offset, leader_epoch, origin, now_ms)
        except KafkaError as error:
            self.outcomes[place] = error
            return
        if isinstance(prepared, AppendResult):
            self.outcomes[place] = prepared
            return
        if self.prepared and self._is_full_with(prepared, now_ms):
            failure = self.write()
            if failure is not None:
                self.outcomes[place] = failure  # its place depends on what could not be written
                return
        self.prepared.append(prepared)
        self.places.append(place)
        self.size_bytes += len(prepared.records)
        self.leader_epoch, self.now_ms = leader_epoch, now_ms
        if producer != _NO_PRODUCER:
            self.producers.add(producer)

    def write(self) -> KafkaError | OSError | None:
        """Write what is there, if anything; return what has failed, which is then the result of all of it."""
        prepared, places = self.prepared, self.places
        self.prepared, self.places, self.size_bytes = [], [], 0
        self.producers.clear()
        if not prepared:
            return None
        try:
            results = self.log.write(prepared, self.leader_epoch, self.now_ms)
        except (KafkaError, OSError) as error:
            self.outcomes.update(dict.fromkeys(places, error))
            return error
        self.outcomes.update(zip(places, results, strict=True))
        return None

    def _is_full_with(self, prepared: PreparedAppend, now_ms: int) -> bool:
        """Tell whether a batch belongs into a write of its own, as it does where it begins a segment.

        So does what follows the first batch of a segment, whose timestamp is the segment's.
        """
        segment = self.log.segments[-1]
        size_bytes = self.size_bytes + len(prepared.records)
        together = [*(each.to_index for each in self.prepared), prepared.to_index]
        return (
            segment.size_bytes == 0
            or size_bytes > MOST_TOGETHER_BYTES
            or must_roll(segment, together, size_bytes, self.log.config, now_ms)
        )
