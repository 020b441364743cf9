"""Between metadata records and the batches that hold them, in the log and in snapshots (facts 2.2, 2.6).

A data batch holds metadata records, a control batch what the quorum says about itself. Kafka writes both uncompressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION
from ottla.metadata.record_versions import record_version
from ottla.metadata.records import MetadataRecord, decode_record, encode_record
from ottla.protocol.raft_records import (
    KRaftVersionRecord,
    LeaderChangeMessage,
    SnapshotFooterRecord,
    SnapshotHeaderRecord,
    VotersRecord,
)
from ottla.records.batch import BatchHeader, Buffer, check_crc, iterate_batches
from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import ControlType, control_record, control_type_of
from ottla.records.record import Record, iterate_records
from ottla.wire.compiler import decode_message, encode
from ottla.wire.primitives import WireError

QuorumRecord = (
    LeaderChangeMessage | KRaftVersionRecord | VotersRecord | SnapshotHeaderRecord | SnapshotFooterRecord
)


@dataclass(frozen=True, slots=True)
class SnapshotLoaded:
    """Says, behind the records of a snapshot, up to where of the log they reach."""

    end_offset: int
    """The first offset that the snapshot does not contain."""
    epoch: int


@dataclass(frozen=True, slots=True)
class LeaderEpoch:
    """Says, before the records of a batch, in which leader epoch they were written."""

    epoch: int


LogEntry = MetadataRecord | QuorumRecord | SnapshotLoaded | LeaderEpoch
"""What the log hands to `ControllerMachine.replay`."""


MAX_BATCH_BYTES = 8 * 1024 * 1024
"""The largest batch that Kafka's KafkaRaftClient reads."""

_CLASSES: dict[ControlType, type[QuorumRecord]] = {
    ControlType.LEADER_CHANGE: LeaderChangeMessage,
    ControlType.SNAPSHOT_HEADER: SnapshotHeaderRecord,
    ControlType.SNAPSHOT_FOOTER: SnapshotFooterRecord,
    ControlType.KRAFT_VERSION: KRaftVersionRecord,
    ControlType.KRAFT_VOTERS: VotersRecord,
}
_TYPES = {record_class: control_type for control_type, record_class in _CLASSES.items()}
assert set(_TYPES) == set(get_args(QuorumRecord)), "every record of the quorum has a type"

_VERSION = 0
"""The version in which records of the quorum are written; readers of every release know it."""


def build_data_batches(
    records: Sequence[MetadataRecord], metadata_version: int, *, now_ms: int, leader_epoch: int = -1
) -> list[bytearray]:
    """Return the batches of some records, as few as the limits on records and bytes allow."""
    batches: list[bytearray] = []
    pending: list[NewRecord] = []
    size_bytes = 0
    for record in records:
        value = encode_record(record, record_version(record, metadata_version))
        if pending and (len(pending) == MAX_RECORDS_PER_OPERATION or size_bytes > MAX_BATCH_BYTES // 2):
            batches.append(build_batch(pending, now_ms=now_ms, leader_epoch=leader_epoch))
            pending, size_bytes = [], 0
        pending.append(NewRecord(None, value))
        size_bytes += len(value)
    if pending:
        batches.append(build_batch(pending, now_ms=now_ms, leader_epoch=leader_epoch))
    return batches


def build_control_batch(records: Sequence[QuorumRecord], *, now_ms: int, leader_epoch: int = -1) -> bytearray:
    """Return one control batch; that of a snapshot's head may hold several records."""
    encoded = [control_record(_TYPES[type(record)], encode(record, _VERSION)) for record in records]
    return build_batch(encoded, now_ms=now_ms, leader_epoch=leader_epoch, control=True)


def read_entries(buffer: Buffer) -> Iterator[tuple[BatchHeader, list[LogEntry]]]:
    """Yield header and entries of each batch of a buffer that holds whole batches.

    Raises CorruptBatchError for damage, InconsistentMetadataError for what no reader of this version understands.
    """
    for position, header in iterate_batches(buffer):
        check_crc(buffer, position, header)
        read_entry = _read_control if header.is_control else _read_data
        yield header, [read_entry(record) for record in iterate_records(buffer, position, header)]


def _read_data(record: Record) -> LogEntry:
    if record.value is None:
        raise InconsistentMetadataError(
            f"the record at offset {record.offset} of the metadata log has no value"
        )
    try:
        return decode_record(record.value)
    except WireError as error:
        raise InconsistentMetadataError(
            f"the record at offset {record.offset} of the metadata log cannot be read: {error}"
        ) from error


def _read_control(record: Record) -> LogEntry:
    record_class = _CLASSES.get(control_type_of(record.key))
    if record_class is None or record.value is None:
        raise InconsistentMetadataError(
            f"the control record at offset {record.offset} of the metadata log is of no known type"
        )
    try:
        return decode_message(record_class, _VERSION, record.value)
    except WireError as error:
        raise InconsistentMetadataError(
            f"the control record at offset {record.offset} of the metadata log cannot be read: {error}"
        ) from error
