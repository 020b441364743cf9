"""Control records: transaction markers and the records that the metadata quorum writes about itself.

A control batch holds exactly one record, uncompressed; its key is a version and a type, its value a small
message that starts with its own version (facts 2.2, Kafka's `ControlRecordType` and `EndTransactionMarker`).
The values of the quorum's records are messages of `protocol.raft_records`; here they are opaque bytes.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from ottla.records.batch import BatchHeader, Buffer, CorruptBatchError
from ottla.records.builder import NewRecord, build_batch
from ottla.records.record import Record, iterate_records

_KEY = struct.Struct(">hh")
_END_TRANSACTION = struct.Struct(">hi")
_KEY_VERSION = 0
_MARKER_VERSION = 0


class ControlType(IntEnum):
    """What a control record says; a reader skips types that it does not know."""

    UNKNOWN = -1
    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6


class EndTransactionMarker(NamedTuple):
    """The end of a transaction in one partition."""

    control_type: ControlType
    """COMMIT or ABORT."""
    coordinator_epoch: int


def control_record(control_type: ControlType, value: bytes, timestamp_ms: int | None = None) -> NewRecord:
    """Return the record of a control batch; `value` starts with its own int16 version."""
    return NewRecord(_KEY.pack(_KEY_VERSION, control_type), value, timestamp_ms)


def build_control_batch(
    control_type: ControlType, value: bytes, *, now_ms: int, base_offset: int = 0, leader_epoch: int = -1
) -> bytearray:
    """Return a control batch without a producer, as the metadata log and its snapshots hold them."""
    return build_batch(
        [control_record(control_type, value)],
        now_ms=now_ms,
        base_offset=base_offset,
        leader_epoch=leader_epoch,
        control=True,
    )


def build_marker_batch(
    marker: EndTransactionMarker, *, now_ms: int, producer_id: int, producer_epoch: int
) -> bytearray:
    """Return the batch that ends a producer's transaction in a partition."""
    value = _END_TRANSACTION.pack(_MARKER_VERSION, marker.coordinator_epoch)
    return build_batch(
        [control_record(marker.control_type, value)],
        now_ms=now_ms,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        transactional=True,
        control=True,
    )


def control_type_of(key: bytes | None) -> ControlType:
    """Return what a control record's key says; UNKNOWN for a type of a later release.

    Raises CorruptBatchError where the key is too short or has a negative version.
    """
    if key is None or len(key) < _KEY.size:
        raise CorruptBatchError(
            f"Invalid value size found for end control record key. Must have at least {_KEY.size} bytes"
        )
    version, number = _KEY.unpack_from(key)
    if version < 0:
        raise CorruptBatchError(
            f"Invalid version found for control record: {version}. May indicate data corruption"
        )
    return ControlType(number) if number in _KNOWN else ControlType.UNKNOWN


def read_control_record(buffer: Buffer, position: int, header: BatchHeader) -> tuple[ControlType, Record]:
    """Return type and record of the control batch at `position`.

    Raises CorruptBatchError where there is no record.
    """
    for record in iterate_records(buffer, position, header):
        return control_type_of(record.key), record
    raise CorruptBatchError("A control batch holds one record, this one none")


def read_marker(control_type: ControlType, value: bytes | None) -> EndTransactionMarker:
    """Return the marker that a COMMIT or ABORT record holds.

    Raises CorruptBatchError where the value is too short.
    """
    if value is None or len(value) < _END_TRANSACTION.size:
        raise CorruptBatchError("The value of an end-of-transaction marker is too short")
    _, coordinator_epoch = _END_TRANSACTION.unpack_from(value)
    return EndTransactionMarker(control_type, coordinator_epoch)


_KNOWN = frozenset(ControlType)
