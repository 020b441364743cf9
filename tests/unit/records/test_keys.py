from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.records.batch import CorruptBatchError, read_header
from ottla.records.builder import NewRecord, build_batch, encode_record
from ottla.records.keys import iterate_keys
from ottla.records.record import RecordHeader, iterate_records, records_payload

SIZES = st.sampled_from([0, 1, 5, 63, 64, 127, 128, 8191, 8192, 20_000])
CONTENT = st.none() | SIZES.map(bytes)
TIMES = st.integers(0, 2**62) | st.integers(1_700_000_000_000, 1_700_000_100_000)


@given(
    st.lists(st.tuples(CONTENT, CONTENT, TIMES, st.booleans()), min_size=1, max_size=5), st.integers(0, 200)
)
def test_it_yields_what_whole_records_hold(
    fields: list[tuple[bytes | None, bytes | None, int, bool]], before: int
) -> None:
    headers = (RecordHeader("h", b"x" * 90), RecordHeader("", None))
    records = [NewRecord(b"", None, fields[0][2])] * before
    records += [
        NewRecord(key, value, time, headers if has_headers else ())
        for key, value, time, has_headers in fields
    ]
    batch = build_batch(records, now_ms=0)
    header = read_header(batch)
    expected = [(each.offset, each.key, each.value is not None) for each in iterate_records(batch, 0, header)]
    assert list(iterate_keys(records_payload(batch, 0, header), len(records))) == expected


def test_offset_deltas_of_every_size() -> None:
    for delta in (0, 63, 64, 8191, 8192, 2**31 - 1):
        encoded = encode_record(NewRecord(b"key", b"value"), 70_000, delta)
        assert list(iterate_keys(encoded, 1)) == [(delta, b"key", True)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_what_is_cut_is_refused(cut: int) -> None:
    encoded = encode_record(NewRecord(b"key", b"value"), 0, 0)
    with pytest.raises(CorruptBatchError):
        list(iterate_keys(encoded[:-cut], 1))


def test_what_follows_the_last_record_is_refused() -> None:
    encoded = encode_record(NewRecord(b"key", b"value"), 0, 0)
    with pytest.raises(CorruptBatchError, match="follow the last record"):
        list(iterate_keys(encoded + encoded, 1))


def test_a_key_beyond_its_record_is_refused() -> None:
    encoded = bytearray(encode_record(NewRecord(b"key", b"value"), 0, 0))
    encoded[4] = 2 * 60
    with pytest.raises(CorruptBatchError):
        list(iterate_keys(bytes(encoded) + bytes(100), 1))
