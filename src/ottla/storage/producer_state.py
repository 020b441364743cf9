"""What a partition remembers of its producers: epochs, sequences and the last five batches of each.

The law: a batch of a known producer is either the next in sequence, or a repeat of one of its last five
batches, or refused. The state is a pure function of the log, so a snapshot only saves the replay of what it
covers; it lists one batch per producer (Kafka's `.snapshot`, version 1; facts 2.4 and 3.8).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from crc32c import crc32c

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import TRANSACTIONAL_BIT
from ottla.storage.append_check import AppendOrigin
from ottla.types import TopicPartition

if TYPE_CHECKING:
    from ottla.records.batch import BatchHeader

NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1
NO_SEQUENCE = -1
NO_TIMESTAMP = -1
NO_OFFSET = -1

BATCHES_TO_RETAIN = 5
"""An idempotent producer has at most five requests in flight, so no older batch can be repeated (KIP-98)."""

_MAX_SEQUENCE = 0x7FFFFFFF

_SNAPSHOT_VERSION = 1
_SNAPSHOT_HEAD = struct.Struct(">hIi")  # version, CRC-32C of everything after it, number of entries
_SNAPSHOT_ENTRY = struct.Struct(">qhiqiqiq")
_CHECKED_FROM = 6  # the CRC covers the entry count and the entries


class CorruptSnapshotError(Exception):
    """A producer snapshot that cannot be believed; the state is rebuilt from an older one or from the log."""


class BatchMetadata(NamedTuple):
    """One of a producer's last batches, as far as a repeat of it has to be recognised."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    """Last offset minus first offset; the batch holds one record more."""
    timestamp: int
    """The batch's largest timestamp, in ms; a repeat is answered with it."""

    @property
    def first_sequence(self) -> int:
        """The sequence of the first record; sequences wrap at 2^31 - 1 to 0."""
        if self.last_sequence < self.offset_delta:
            return _MAX_SEQUENCE - (self.offset_delta - self.last_sequence) + 1
        return self.last_sequence - self.offset_delta

    @property
    def first_offset(self) -> int:
        """The offset of the first record."""
        return self.last_offset - self.offset_delta


@dataclass(slots=True)
class ProducerEntry:
    """What the partition knows of one producer id (Kafka's `ProducerStateEntry`)."""

    producer_id: int
    epoch: int = NO_PRODUCER_EPOCH
    coordinator_epoch: int = -1
    last_timestamp: int = NO_TIMESTAMP
    transaction_first_offset: int = NO_OFFSET
    """Where the producer's open transaction begins in this partition; -1 when none is open."""
    batches: list[BatchMetadata] = field(default_factory=list)
    """Oldest first, at most `BATCHES_TO_RETAIN`."""

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record written, -1 when no batch of this epoch is known."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    def find_duplicate(self, header: BatchHeader) -> BatchMetadata | None:
        """Return the retained batch that this one repeats: same epoch, same first and last sequence."""
        if header.producer_epoch != self.epoch:
            return None
        first, last = header.base_sequence, header.last_sequence
        for batch in self.batches:
            if batch.last_sequence == last and batch.first_sequence == first:
                return batch
        return None

    def enter_epoch(self, epoch: int) -> None:
        """Forget the batches of another epoch; they cannot be repeated any more."""
        if epoch != self.epoch:
            self.batches.clear()
            self.epoch = epoch


class CompletedTransaction(NamedTuple):
    """A transaction that a marker has just ended in this partition."""

    producer_id: int
    first_offset: int
    last_offset: int
    """The marker's own offset."""
    is_aborted: bool
    last_stable_offset: int
    """The last stable offset once this transaction is over: what the transaction index records with it."""


class ProducerStateManager:
    """The producers of one partition: checked before an append, updated after it, replayed at recovery.

    Nothing here fails except `check` and `check_marker`, whose `KafkaError`s refuse an append.
    """

    __slots__ = (
        "_entries",
        "_ongoing",
        "end_offset",
        "first_unstable_offset",
        "producer_id_expiration_ms",
        "topic_partition",
    )

    def __init__(self, topic_partition: TopicPartition, *, producer_id_expiration_ms: int) -> None:
        self.topic_partition = topic_partition
        self.producer_id_expiration_ms = producer_id_expiration_ms
        """How long a producer without an open transaction is remembered: `producer.id.expiration.ms`."""
        self.end_offset = 0
        """The offset up to which the log is reflected in this state; a snapshot is named by it."""
        self._entries: dict[int, ProducerEntry] = {}
        self._ongoing: dict[int, int] = {}  # first offset -> producer id, in the order of first offsets
        self.first_unstable_offset: int | None = None
        """The first offset of the earliest transaction that is neither committed nor aborted (facts 3.4).

        With a single replica a marker is below the high watermark at once, so that a decided transaction
        never holds the last stable offset back.
        """

    @property
    def entries(self) -> Mapping[int, ProducerEntry]:
        """The known producers by id; a live view that must not be kept."""
        return MappingProxyType(self._entries)

    def check(self, header: BatchHeader, offset: int, origin: AppendOrigin) -> BatchMetadata | None:
        """Judge a data batch with a producer id that would be appended at `offset`.

        Returns the earlier batch when a client repeats one of its last five, and None when the batch may be
        appended. Raises KafkaError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER or INVALID_TXN_STATE
        (facts 3.8). Batches of a coordinator carry no sequences: only their epoch is checked.
        """
        entry = self._entries.get(header.producer_id)
        if entry is None:
            self._check_epoch(header.producer_id, header.producer_epoch, NO_PRODUCER_EPOCH, offset)
            return None
        if (
            header.producer_epoch == entry.epoch
            and entry.batches
            and header.base_sequence == entry.batches[-1].last_sequence + 1
            and entry.transaction_first_offset == NO_OFFSET
        ):
            return None  # the next in sequence, as nearly always: no other rule has a say then
        if origin is AppendOrigin.CLIENT:
            duplicate = entry.find_duplicate(header)
            if duplicate is not None:
                return duplicate
        self._check_epoch(entry.producer_id, header.producer_epoch, entry.epoch, offset)
        if origin is AppendOrigin.CLIENT:
            self._check_sequence(entry, header, offset)
        if entry.transaction_first_offset != NO_OFFSET and not header.is_transactional:
            raise KafkaError(
                ErrorCode.INVALID_TXN_STATE,
                f"Expected transactional write from producer {entry.producer_id} at offset {offset} "
                f"in partition {self.topic_partition}",
            )
        return None

    def check_marker(self, header: BatchHeader, offset: int, coordinator_epoch: int) -> None:
        """Judge a marker. Raises KafkaError INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED."""
        entry = self._entries.get(header.producer_id)
        if entry is None:
            return
        self._check_epoch(entry.producer_id, header.producer_epoch, entry.epoch, offset)
        if coordinator_epoch < entry.coordinator_epoch:
            raise KafkaError(
                ErrorCode.TRANSACTION_COORDINATOR_FENCED,
                f"Invalid coordinator epoch for producerId {entry.producer_id} at offset {offset} in partition "
                f"{self.topic_partition}: {coordinator_epoch} (zombie), {entry.coordinator_epoch} (current)",
            )

    def update(self, header: BatchHeader, base_offset: int, max_timestamp: int) -> None:
        """Take in a data batch with a producer id that the log now holds at `base_offset`.

        `max_timestamp` is the stored one, in ms, which a topic of LogAppendTime sets itself.
        """
        entry = self._entries.get(header.producer_id)
        if entry is None:
            entry = self._entries[header.producer_id] = ProducerEntry(header.producer_id)
        delta = header.last_offset_delta
        if header.producer_epoch != entry.epoch:
            entry.enter_epoch(header.producer_epoch)
        batches = entry.batches
        if len(batches) == BATCHES_TO_RETAIN:
            del batches[0]
        batches.append(BatchMetadata(header.last_sequence, base_offset + delta, delta, max_timestamp))
        entry.last_timestamp = max_timestamp
        if header.attributes & TRANSACTIONAL_BIT and entry.transaction_first_offset == NO_OFFSET:
            entry.transaction_first_offset = base_offset
            self._ongoing[base_offset] = entry.producer_id
            self._find_first_unstable()

    def update_with_marker(
        self, header: BatchHeader, offset: int, *, coordinator_epoch: int, timestamp: int, is_aborted: bool
    ) -> CompletedTransaction | None:
        """Take in a marker at `offset`; returns the transaction that it ends, None when none was open here."""
        entry = self._entries.get(header.producer_id)
        if entry is None:
            entry = self._entries[header.producer_id] = ProducerEntry(header.producer_id)
        first_offset = entry.transaction_first_offset
        entry.enter_epoch(header.producer_epoch)
        entry.coordinator_epoch = coordinator_epoch
        entry.last_timestamp = timestamp
        entry.transaction_first_offset = NO_OFFSET
        if first_offset == NO_OFFSET:
            return None
        self._ongoing.pop(first_offset, None)
        self._find_first_unstable()
        unstable = self.first_unstable_offset
        stable = offset + 1 if unstable is None else unstable
        return CompletedTransaction(header.producer_id, first_offset, offset, is_aborted, stable)

    def remove_expired(self, now_ms: int) -> int:
        """Forget the producers that have been idle for too long; returns how many. Time in ms."""
        expired = [entry.producer_id for entry in self._entries.values() if self._is_expired(entry, now_ms)]
        for producer_id in expired:
            del self._entries[producer_id]
        return len(expired)

    def reset(self, end_offset: int) -> None:
        """Forget everything and stand at `end_offset`, from where the log is to be replayed."""
        self._entries.clear()
        self._ongoing.clear()
        self._find_first_unstable()
        self.end_offset = end_offset

    def load(self, snapshot: bytes, end_offset: int, now_ms: int) -> None:
        """Stand where a snapshot named by `end_offset` was taken, without the producers expired since.

        Raises CorruptSnapshotError, and then the state is unchanged.
        """
        if snapshot == _EMPTY_SNAPSHOT:  # nearly always, and a start loads one of each log
            self.reset(end_offset)
            return
        entries = decode_snapshot(snapshot)
        self.reset(end_offset)
        for entry in entries:
            if not self._is_expired(entry, now_ms):
                self._entries[entry.producer_id] = entry
        open_transactions = sorted(
            (entry.transaction_first_offset, entry.producer_id)
            for entry in self._entries.values()
            if entry.transaction_first_offset != NO_OFFSET
        )
        self._ongoing.update(open_transactions)
        self._find_first_unstable()

    def recall(self, earlier: Mapping[int, ProducerEntry]) -> None:
        """Take over the batches that `earlier` knows of, where its last one of a producer is the one known here."""
        for producer_id, entry in self._entries.items():
            known = earlier.get(producer_id)
            if known and known.batches and entry.batches and known.epoch == entry.epoch:
                last, expected = known.batches[-1], entry.batches[-1]
                if (last.last_offset, last.last_sequence) == (expected.last_offset, expected.last_sequence):
                    entry.batches[:] = known.batches

    def snapshot(self) -> bytes:
        """Return the bytes of the snapshot file for `end_offset`."""
        return encode_snapshot(self._entries.values())

    def _find_first_unstable(self) -> None:
        self.first_unstable_offset = next(iter(self._ongoing), None)

    def _is_expired(self, entry: ProducerEntry, now_ms: int) -> bool:
        idle_ms = now_ms - entry.last_timestamp
        return entry.transaction_first_offset == NO_OFFSET and idle_ms >= self.producer_id_expiration_ms

    def _check_epoch(self, producer_id: int, epoch: int, last_epoch: int, offset: int) -> None:
        if epoch < last_epoch:
            raise KafkaError(
                ErrorCode.INVALID_PRODUCER_EPOCH,
                f"Epoch of producer {producer_id} at offset {offset} in {self.topic_partition} is {epoch}, "
                f"which is smaller than the last seen epoch {last_epoch}",
            )

    def _check_sequence(self, entry: ProducerEntry, header: BatchHeader, offset: int) -> None:
        first_sequence = header.base_sequence
        if header.producer_epoch != entry.epoch:
            if first_sequence != 0 and entry.epoch != NO_PRODUCER_EPOCH:
                raise KafkaError(
                    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                    f"Invalid sequence number for new epoch of producer {entry.producer_id}at offset {offset} in "
                    f"partition {self.topic_partition}: {header.producer_epoch} (request epoch), "
                    f"{first_sequence} (seq. number), {entry.epoch} (current producer epoch)",
                )
            return
        last_sequence = entry.last_sequence
        expected = 0 if last_sequence == _MAX_SEQUENCE else last_sequence + 1
        if first_sequence != expected and entry.epoch != NO_PRODUCER_EPOCH:
            raise KafkaError(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"Out of order sequence number for producer {entry.producer_id} at offset {offset} in partition "
                f"{self.topic_partition}: {first_sequence} (incoming seq. number), "
                f"{last_sequence} (current end sequence number)",
            )


def encode_snapshot(entries: Iterable[ProducerEntry]) -> bytes:
    """Return a snapshot file's bytes: the last batch of each producer, in the order of producer ids."""
    rows = [_encode_entry(entry) for entry in sorted(entries, key=lambda entry: entry.producer_id)]
    body = len(rows).to_bytes(4, "big") + b"".join(rows)
    return _SNAPSHOT_HEAD.pack(_SNAPSHOT_VERSION, crc32c(body), len(rows)) + body[4:]


def decode_snapshot(snapshot: bytes) -> list[ProducerEntry]:
    """Return the entries of a snapshot file.

    Raises CorruptSnapshotError when the version is unknown, the length does not fit or the CRC differs.
    """
    if len(snapshot) < _SNAPSHOT_HEAD.size:
        raise CorruptSnapshotError(f"Snapshot failed schema validation: it has only {len(snapshot)} bytes")
    version, stored_crc, count = _SNAPSHOT_HEAD.unpack_from(snapshot)
    if version != _SNAPSHOT_VERSION:
        raise CorruptSnapshotError(
            f"Snapshot failed schema validation: Snapshot contained an unknown file version {version}"
        )
    computed_crc = crc32c(memoryview(snapshot)[_CHECKED_FROM:])
    if stored_crc != computed_crc:
        raise CorruptSnapshotError(
            f"Snapshot is corrupt (CRC is no longer valid). Stored crc: {stored_crc}. Computed crc: {computed_crc}"
        )
    if count < 0 or len(snapshot) != _SNAPSHOT_HEAD.size + count * _SNAPSHOT_ENTRY.size:
        raise CorruptSnapshotError(
            f"Snapshot failed schema validation: {len(snapshot)} bytes cannot hold {count} entries"
        )
    rows = _SNAPSHOT_ENTRY.iter_unpack(memoryview(snapshot)[_SNAPSHOT_HEAD.size :])
    return [_decode_entry(*row) for row in rows]


def _encode_entry(entry: ProducerEntry) -> bytes:
    last = entry.batches[-1] if entry.batches else BatchMetadata(NO_SEQUENCE, NO_OFFSET, 0, NO_TIMESTAMP)
    return _SNAPSHOT_ENTRY.pack(
        entry.producer_id,
        entry.epoch,
        last.last_sequence,
        last.last_offset,
        last.offset_delta,
        entry.last_timestamp,
        entry.coordinator_epoch,
        entry.transaction_first_offset,
    )


def _decode_entry(
    producer_id: int,
    epoch: int,
    last_sequence: int,
    last_offset: int,
    offset_delta: int,
    timestamp: int,
    coordinator_epoch: int,
    transaction_first_offset: int,
) -> ProducerEntry:
    entry = ProducerEntry(
        producer_id, epoch, coordinator_epoch, timestamp, max(transaction_first_offset, NO_OFFSET)
    )
    if last_offset >= 0:
        entry.batches.append(BatchMetadata(last_sequence, last_offset, offset_delta, timestamp))
    return entry


_EMPTY_SNAPSHOT = encode_snapshot(())
