from __future__ import annotations

import pytest

from ottla.records.batch import BatchHeader, check_crc, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.rebuilding import empty_batch, rebuild_batch
from ottla.records.record import Record, RecordHeader, iterate_records, records_payload

HEADERS = (RecordHeader("name", b"value"),)
RECORDS = [
    NewRecord(b"a", b"1", 1000),
    NewRecord(b"b", None, 900, HEADERS),
    NewRecord(b"c", b"3", 2_000_000, HEADERS),
    NewRecord(b"d", b"4", 5000),
]


def batch_of(**fields: object) -> bytearray:
    return build_batch(
        RECORDS,
        now_ms=7000,
        base_offset=100,
        leader_epoch=3,
        producer_id=9,
        producer_epoch=2,
        base_sequence=2**31 - 2,
        **fields,  # type: ignore[arg-type]
    )


def rebuilt(
    batch: bytearray, kept: str, horizon_ms: int | None = None
) -> tuple[BatchHeader, BatchHeader, list[Record]]:
    header = read_header(batch)
    after = rebuild_batch(
        header, records_payload(batch, 0, header), [mark == "+" for mark in kept], horizon_ms
    )
    changed = read_header(after)
    check_crc(after, 0, changed)
    assert changed.size_bytes == len(after)
    return header, changed, list(iterate_records(after, 0, changed))


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("kept", ["+---", "-+++", "-+--", "--++", "++++", "+-+-"])
@pytest.mark.parametrize("horizon_ms", [None, 0, 90_000])
def test_what_stays_of_a_batch(codec: Codec, kept: str, horizon_ms: int | None) -> None:
    batch = batch_of(codec=codec, transactional=True)
    before = list(iterate_records(batch, 0, read_header(batch)))
    header, changed, records = rebuilt(batch, kept, horizon_ms)
    expected = [record for record, mark in zip(before, kept, strict=True) if mark == "+"]
    assert records == expected
    assert changed.base_timestamp == (expected[0].timestamp_ms if horizon_ms is None else horizon_ms)
    assert changed.max_timestamp == max(record.timestamp_ms for record in expected)
    assert changed.records_count == len(expected)
    assert changed.has_delete_horizon == (horizon_ms is not None)
    assert changed.codec is codec
    same = ("base_offset", "last_offset", "leader_epoch", "producer_id", "producer_epoch", "base_sequence")
    assert [getattr(changed, name) for name in same] == [getattr(header, name) for name in same]
    assert changed.is_transactional
    assert changed.last_sequence == 1


def test_a_batch_of_append_time_keeps_it() -> None:
    _, changed, records = rebuilt(batch_of(log_append_time=True), "-+-+")
    assert changed.is_log_append_time
    assert (changed.base_timestamp, changed.max_timestamp) == (7000, 7000)
    assert {record.timestamp_ms for record in records} == {7000}


def test_a_delete_horizon_that_is_there_stays_only_where_it_is_given() -> None:
    batch = rebuild_batch(
        read_header(first := batch_of()), records_payload(first, 0, read_header(first)), [True] * 4, 77
    )
    assert read_header(batch).has_delete_horizon
    assert rebuilt(batch, "+++-", 77)[1].has_delete_horizon
    assert not rebuilt(batch, "+++-")[1].has_delete_horizon


def test_an_emptied_batch_tells_offsets_and_sequence() -> None:
    header = read_header(batch_of(codec=Codec.ZSTD, transactional=True))
    emptied = empty_batch(header)
    changed = read_header(emptied)
    check_crc(emptied, 0, changed)
    assert (changed.base_offset, changed.last_offset, changed.last_sequence) == (100, 103, 1)
    assert (changed.base_timestamp, changed.max_timestamp) == (-1, 2_000_000)
    assert (changed.codec, changed.records_count, changed.is_transactional) == (Codec.NONE, 0, True)
    assert list(iterate_records(emptied, 0, changed)) == []
