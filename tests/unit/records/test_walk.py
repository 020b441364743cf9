import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.errors import KafkaError
from ottla.records.batch import HEADER_SIZE_BYTES, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_record
from ottla.records.record import RecordHeader, iterate_records
from ottla.records.walk import (
    MalformedRecordError,
    WalkSummary,
    _Walk,
    check_sizes,
    iterate_shapes,
    walk_records,
)

maybe_bytes = st.none() | st.binary(max_size=20)
sizes = st.sampled_from([0, 1, 63, 64, 100, 8191, 8192, 9000])
contents = st.none() | sizes.map(bytes)
headers = st.lists(st.builds(RecordHeader, st.text(max_size=5), maybe_bytes), max_size=3).map(tuple)
deltas = st.sampled_from([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 1 << 19, 1 << 20, 1 << 21, -(1 << 40)])


@st.composite
def record_lists(draw: st.DrawFn) -> list[NewRecord]:
    records: list[NewRecord] = []
    for _ in range(draw(st.integers(1, 4))):
        record = NewRecord(draw(contents), draw(contents), 1_700_000_000_000 + draw(deltas), draw(headers))
        records += [record] * draw(st.sampled_from([1, 2, 9, 70]))
    return records


def payload_of(records: list[NewRecord]) -> bytes:
    return bytes(build_batch(records, now_ms=0)[HEADER_SIZE_BYTES:])


@given(record_lists())
@settings(deadline=None)
def test_the_summary_is_that_of_the_records(records: list[NewRecord]) -> None:
    timestamps = [(record.timestamp_ms or 0) - (records[0].timestamp_ms or 0) for record in records]
    assert walk_records(payload_of(records), len(records)) == WalkSummary(
        min(timestamps), max(timestamps), any(record.key is None for record in records), True
    )


@given(record_lists(), st.data())
@settings(deadline=None, max_examples=300)
def test_damage_gets_the_same_verdict_as_from_the_reader(
    records: list[NewRecord], data: st.DataObject
) -> None:
    payload = bytearray(payload_of(records))
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    batch = assemble_batch(
        payload,
        base_offset=0,
        leader_epoch=0,
        attributes=0,
        last_offset_delta=len(records) - 1,
        base_timestamp=0,
        max_timestamp=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        records_count=len(records),
    )
    try:
        read = list(iterate_records(batch, 0, read_header(batch)))
    except KafkaError as error:
        if "utf-8" not in str(error):  # the walk leaves the names of headers alone
            with pytest.raises(MalformedRecordError):
                walk_records(payload, len(records))
        return
    assert walk_records(payload, len(records)) == WalkSummary(
        min(record.timestamp_ms for record in read),
        max(record.timestamp_ms for record in read),
        any(record.key is None for record in read),
        [record.offset for record in read] == list(range(len(read))),
    )


@given(record_lists())
@settings(deadline=None)
def test_shapes_tell_sizes_and_deltas(records: list[NewRecord]) -> None:
    first = records[0].timestamp_ms or 0
    shapes = list(iterate_shapes(memoryview(payload_of(records)), len(records)))
    assert [
        (shape.timestamp_delta, shape.offset_delta, shape.key_size, shape.value_size) for shape in shapes
    ] == [
        (
            (record.timestamp_ms or 0) - first,
            index,
            -1 if record.key is None else len(record.key),
            -1 if record.value is None else len(record.value),
        )
        for index, record in enumerate(records)
    ]


@pytest.mark.parametrize("count", [10, 100, 9000])
def test_a_run_ends_where_one_byte_of_its_shape_differs(count: int) -> None:
    records = [NewRecord(b"k" * 8, b"v" * 100, 5)] * count
    good = walk_records(payload_of(records), count)
    assert good == WalkSummary(0, 0, False, True)
    odd = (
        NewRecord(b"k" * 9, b"v" * 99, 5),
        NewRecord(None, b"v" * 108, 5),
        NewRecord(b"k" * 8, None, 5),
    )
    for at, record in zip(random.Random(count).sample(range(1, count), 3), odd, strict=True):
        records[at] = record
    assert walk_records(payload_of(records), count) == WalkSummary(0, 0, True, True)


def test_a_record_of_headers_is_never_taken_for_its_neighbour() -> None:
    headers = (RecordHeader("a", b"xyz"),)
    payload = bytearray(payload_of([NewRecord(b"k", b"v", 5, headers)] * 20))
    size = len(payload) // 20
    payload[10 * size + size - 7] = 4  # the count of the headers, said to be two
    with pytest.raises(MalformedRecordError):
        walk_records(payload, 20)


def test_offset_deltas_that_are_not_dense_are_seen() -> None:
    for deltas in ([1, 2], [0, 2], [0, 0], [5], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10]):
        payload = b"".join(encode_record(NewRecord(b"k", b"v", 5), 0, delta) for delta in deltas)
        assert not walk_records(payload, len(deltas)).is_dense


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("count", [70, 100, 150, 200, 400, 9_000, 20_000])
def test_equal_records_with_equal_offset_deltas_are_walked_to_their_end(count: int, width: int) -> None:
    """The walk looks for runs among them, in which no delta can be its record's index, and must not step back."""
    delta = (b"\x02", b"\x82\x01", b"\x82\x80\x01")[width - 1]
    body = b"\0\0" + delta + b"\x01\x01\0"
    payload = (bytes([2 * len(body)]) + body) * count
    assert walk_records(payload, count) == WalkSummary(0, 0, True, False)


@pytest.mark.parametrize("count", [63, 64, 65, 8191, 8192, 8193, 16_384, 16_385, 40_000])
@pytest.mark.parametrize("value_size", [0, 200])
def test_runs_go_on_where_offset_deltas_become_longer(count: int, value_size: int) -> None:
    record = NewRecord(None, bytes(value_size), 5)
    payload = payload_of([record] * count)
    assert walk_records(payload, count) == WalkSummary(0, 0, True, True)
    last = encode_record(record, 0, count - 1)
    assert payload.endswith(last)
    for wrong in (count - 2, count, 0):
        other = payload.removesuffix(last) + encode_record(record, 0, wrong)
        assert not walk_records(other, count).is_dense


def test_an_attempt_at_a_run_looks_at_few_records_however_many_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths = []
    take_run = _Walk._take_run

    def counted(walk: _Walk, start: int, stride: int, index: int) -> int:
        lengths.append(take_run(walk, start, stride, index))
        return lengths[-1]

    monkeypatch.setattr(_Walk, "_take_run", counted)
    walk_records(payload_of([NewRecord(None, b"", 5)] * 100_000), 100_000)
    assert sum(lengths) > 99_000
    assert max(lengths) < 10_000
    walk_records(b"\x0c\0\0\0\x01\x01\0" * 100_000, 100_000)  # every offset delta is 0
    assert len(lengths) < 200


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_records_fill_their_batch_exactly(cut: int) -> None:
    payload = payload_of([NewRecord(None, b"v" * 20, 5)] * 50)
    for wrong in (payload[:-cut], payload + bytes(cut)):
        with pytest.raises(MalformedRecordError):
            walk_records(wrong, 50)
    with pytest.raises(MalformedRecordError):
        walk_records(payload, 49)
    with pytest.raises(MalformedRecordError):
        walk_records(payload, 51)


def test_a_size_far_beyond_the_end_is_malformed() -> None:
    for size in (b"\xfe\xff\xff\xff\x0f", b"\xfe\xff\x7f", b"\xfe\x7f", b"\xff" * 30, b""):
        with pytest.raises(MalformedRecordError):
            walk_records(size + b"\x00\x00\x00\x01\x01\x00", 1)


@given(record_lists(), st.integers(0, 1 << 30), st.integers(0, 255))
@settings(deadline=None)
def test_sizes_alone_tell_whether_records_fill_their_batch(
    records: list[NewRecord], place: int, byte: int
) -> None:
    payload = bytearray(payload_of(records))
    check_sizes(payload, len(records))
    for count in (len(records) - 1, len(records) + 1):
        with pytest.raises(MalformedRecordError):
            check_sizes(payload, count)
    payload[place % len(payload)] = byte
    try:
        walk_records(payload, len(records))
    except MalformedRecordError:
        return  # the damage may lie where sizes do not tell of it
    check_sizes(payload, len(records))


@pytest.mark.parametrize(
    "size", [b"\x01", b"\x81\x01", b"\xff\xff\xff\xff\x0f", b"\xff" * 30, b"\xfe\x7f", b"\x80", b""]
)
def test_a_size_that_is_none_is_malformed(size: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        check_sizes(size, 1)
