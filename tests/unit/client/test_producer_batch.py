"""Batches are what a builder of single records makes, byte for byte, and split into sound halves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.client.producer_batch import ProducerBatch, upper_bound_bytes
from ottla.records.batch import check_crc, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.record import RecordHeader, iterate_records
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 0)
NOW_MS = 1_700_000_000_000

contents = st.none() | st.binary(max_size=40) | st.integers(0, 5000).map(bytes)
headers = st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=5)), max_size=3)
records = st.lists(
    st.tuples(st.integers(-5000, 10_000_000), contents, contents, headers), min_size=1, max_size=30
)


def _filled(rows: list[Any], codec: Codec = Codec.NONE) -> ProducerBatch:
    batch = ProducerBatch(PARTITION, 10_000_000, 0.0)
    for delta, key, value, named in rows:
        assert batch.try_append(NOW_MS + delta, key, value, named, None)
    batch.seal(codec, None)
    return batch


@given(records)
def test_a_batch_is_what_the_builder_makes(rows: list[Any]) -> None:
    batch = _filled(rows)
    batch.producer_id, batch.producer_epoch, batch.base_sequence = 7, 1, 42
    expected = build_batch(
        [
            NewRecord(key, value, NOW_MS + delta, tuple(RecordHeader(*each) for each in named))
            for delta, key, value, named in rows
        ],
        now_ms=NOW_MS,
        producer_id=7,
        producer_epoch=1,
        base_sequence=42,
    )
    assert batch.encode() == expected


@pytest.mark.parametrize("codec", list(Codec))
def test_every_codec_keeps_the_records(codec: Codec) -> None:
    batch = _filled([(index, b"k%d" % index, b"v" * 100, ()) for index in range(200)], codec)
    encoded = batch.encode()
    header = read_header(encoded)
    check_crc(encoded, 0, header)
    assert header.codec is codec
    assert len(encoded) == batch.encoded_size_bytes
    assert [record.key for record in iterate_records(encoded, 0, header)] == [b"k%d" % i for i in range(200)]


def test_the_size_is_that_of_the_records_and_what_append_returned() -> None:
    batch = ProducerBatch(PARTITION, 1000, 0.0)
    taken = sum(batch.try_append(NOW_MS, None, b"x" * 10, (), None) for _ in range(5))
    assert taken == batch.size_bytes == len(batch.records)


def test_a_record_without_room_is_left_out_but_for_the_first() -> None:
    batch = ProducerBatch(PARTITION, 50, 0.0)
    assert batch.try_append(NOW_MS, None, b"x" * 500, (), None)
    size = batch.size_bytes
    assert batch.try_append(NOW_MS, None, b"", (), None) == 0
    assert (batch.count, batch.size_bytes) == (1, size)


def test_the_upper_bound_is_never_below_the_size() -> None:
    named = [("name", b"content"), ("n", None)]
    batch = _filled([(0, b"key", b"value", named)])
    assert batch.encoded_size_bytes <= upper_bound_bytes(b"key", b"value", named)
    # As AbstractRecords counts: the header, 21 bytes, one for the number of headers, and each field with its length.
    assert upper_bound_bytes(b"key", b"value", named) == 61 + 21 + 4 + 6 + 1 + 5 + 8 + 2 + 1


def test_halves_have_all_records_callbacks_and_bytes() -> None:
    batch = ProducerBatch(PARTITION, 10_000, 3.0)
    called: list[int] = []
    for index in range(7):
        batch.try_append(NOW_MS + index, b"%d" % index, None, (), None if index == 2 else called.append)
    batch.seal(Codec.GZIP, None)
    halves = batch.split(None)
    assert [half.count for half in halves] == [3, 4]
    assert sum(half.size_bytes for half in halves) == batch.size_bytes
    assert [index for half in halves for index, *_ in half.waiting] == [0, 1, 0, 1, 2, 3]
    keys = []
    for half in halves:
        encoded = half.encode()
        keys += [record.key for record in iterate_records(encoded, 0, read_header(encoded))]
    assert keys == [b"%d" % index for index in range(7)]
    assert {half.created_s for half in halves} == {3.0}
