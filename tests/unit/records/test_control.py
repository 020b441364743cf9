"""Control batches and the records in them."""

import pytest

from ottla.records.batch import CorruptBatchError, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import (
    ControlType,
    EndTransactionMarker,
    build_control_batch,
    build_marker_batch,
    control_type_of,
    read_control_record,
    read_marker,
)


@pytest.mark.parametrize("control_type", [ControlType.ABORT, ControlType.COMMIT])
def test_a_marker_is_read_back(control_type: ControlType) -> None:
    marker = EndTransactionMarker(control_type, 5)
    batch = build_marker_batch(marker, now_ms=99, producer_id=8, producer_epoch=3)
    header = read_header(batch)
    assert header.is_control
    assert header.is_transactional
    assert (header.producer_id, header.producer_epoch, header.base_sequence) == (8, 3, -1)
    kind, record = read_control_record(batch, 0, header)
    assert record.timestamp_ms == 99
    assert read_marker(kind, record.value) == marker
    assert record.key == b"\x00\x00" + int(control_type).to_bytes(2, "big")


def test_a_quorum_record_has_no_producer() -> None:
    batch = build_control_batch(
        ControlType.LEADER_CHANGE, b"\x00\x00", now_ms=1, base_offset=3, leader_epoch=4
    )
    header = read_header(batch)
    assert (header.base_offset, header.leader_epoch, header.producer_id) == (3, 4, -1)
    assert header.is_control
    assert not header.is_transactional
    assert read_control_record(batch, 0, header)[0] is ControlType.LEADER_CHANGE


def test_types_of_later_releases_are_unknown() -> None:
    assert control_type_of(b"\x00\x00\x00\x63") is ControlType.UNKNOWN


@pytest.mark.parametrize("key", [None, b"", b"\x00\x00\x00", b"\xff\xff\x00\x00"])
def test_malformed_keys_are_corrupt(key: bytes | None) -> None:
    with pytest.raises(CorruptBatchError):
        control_type_of(key)


def test_a_short_marker_is_corrupt() -> None:
    with pytest.raises(CorruptBatchError):
        read_marker(ControlType.COMMIT, b"\x00\x00\x00")


def test_a_control_batch_without_records_is_corrupt() -> None:
    batch = build_batch([NewRecord(b"", b"", 0)], now_ms=0, control=True)
    header = read_header(batch)._replace(records_count=0, batch_length=49)
    with pytest.raises(CorruptBatchError, match="none"):
        read_control_record(batch, 0, header)
