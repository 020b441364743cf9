"""Records in batches: what is written is read back, and whatever is malformed is refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.errors import KafkaError
from ottla.records.batch import CorruptBatchError, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_varint
from ottla.records.compression import Codec
from ottla.records.record import (
    Record,
    RecordHeader,
    iterate_records,
)

maybe_bytes = st.none() | st.binary(max_size=200)
new_records = st.builds(
    NewRecord,
    maybe_bytes,
    maybe_bytes,
    st.integers(min_value=-1, max_value=2**62),
    st.lists(st.builds(RecordHeader, st.text(max_size=5), maybe_bytes), max_size=3).map(tuple),
)


@settings(deadline=None)
@given(st.lists(new_records, min_size=1, max_size=20), st.sampled_from(Codec), st.integers(0, 2**50))
def test_what_is_built_is_read_back(records: list[NewRecord], codec: Codec, base_offset: int) -> None:
    batch = build_batch(records, now_ms=0, codec=codec, base_offset=base_offset)
    header = read_header(batch)
    assert header.codec is codec
    assert header.size_bytes == len(batch)
    assert list(iterate_records(batch, 0, header)) == [
        Record(base_offset + index, record.timestamp_ms or 0, record.key, record.value, record.headers)
        for index, record in enumerate(records)
    ]
    assert header.max_timestamp == max(record.timestamp_ms or 0 for record in records)


@settings(deadline=None)
@given(st.lists(new_records, min_size=1, max_size=3), st.data())
def test_damage_is_refused_or_read_but_never_anything_else(
    records: list[NewRecord], data: st.DataObject
) -> None:
    batch = build_batch(records, now_ms=0)
    at = data.draw(st.integers(61, len(batch) - 1))
    batch[at] = data.draw(st.integers(0, 255))
    header = read_header(batch)
    with contextlib.suppress(KafkaError):
        assert len(list(iterate_records(batch, 0, header))) == len(records)


@pytest.mark.parametrize("extra", [b"\x00", b"\x0c\x00\x00\x00\x01\x01\x00"])
def test_bytes_after_the_last_record_are_corrupt(extra: bytes) -> None:
    payload = bytes(build_batch([NewRecord(b"a", b"b", 5)], now_ms=0)[61:]) + extra
    batch = batch_of(payload, 1)
    with pytest.raises(CorruptBatchError, match="follow"):
        list(iterate_records(batch, 0, read_header(batch)))


def test_every_cut_of_a_record_is_corrupt() -> None:
    record = NewRecord(b"key", b"x" * 300, 5, (RecordHeader("h", b"v"), RecordHeader("n", None)))
    payload = bytes(build_batch([record], now_ms=0)[61:])
    for size in range(len(payload)):
        batch = batch_of(payload[:size], 1)
        with pytest.raises(CorruptBatchError):
            list(iterate_records(batch, 0, read_header(batch)))


def test_a_number_without_end_is_corrupt() -> None:
    batch = batch_of(b"\xff" * 30, 1)
    with pytest.raises(CorruptBatchError, match="does not end"):
        list(iterate_records(batch, 0, read_header(batch)))


def test_a_record_that_claims_another_size_than_it_has_is_corrupt() -> None:
    payload = bytearray(build_batch([NewRecord(b"a", b"b", 5)], now_ms=0)[61:])
    payload[0] += 2
    batch = batch_of(bytes(payload), 1)
    with pytest.raises(CorruptBatchError, match="Invalid record size"):
        list(iterate_records(batch, 0, read_header(batch)))


def test_a_batch_emptied_by_compaction_has_no_records() -> None:
    batch = batch_of(b"", 0, attributes=Codec.ZSTD)
    assert list(iterate_records(batch, 0, read_header(batch))) == []


def test_varints_are_zig_zag_base_128() -> None:
    assert [encode_varint(value).hex() for value in (0, -1, 1, 63, 64, -65, 2**31 - 1, -(2**63))] == [
        "00",
        "01",
        "02",
        "7e",
        "8001",
        "8101",
        "feffffff0f",
        "ffffffffffffffffff01",
    ]


def batch_of(payload: bytes, count: int, attributes: int = 0) -> bytearray:
    return assemble_batch(
        payload,
        base_offset=0,
        leader_epoch=0,
        attributes=attributes,
        last_offset_delta=max(0, count - 1),
        base_timestamp=0,
        max_timestamp=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        records_count=count,
    )
