"""What was fetched is decoded as the record module decodes it, a bite at a time, and filtered by transactions."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.client.failures import ApiError
from ottla.client.fetched_records import ConsumerRecord, FetchedRecords, whole_batches_end
from ottla.records.batch import read_header
from ottla.records.builder import NewRecord, assemble_like, build_batch
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.records.record import RecordHeader, iterate_records
from ottla.types import TopicPartition

PARTITION = TopicPartition("t", 3)
NOW_MS = 1_700_000_000_000

contents = st.none() | st.binary(max_size=20) | st.integers(50, 20_000).map(bytes)
headers = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2)
records = st.lists(
    st.tuples(st.integers(-100, 10_000_000), contents, contents, headers), min_size=1, max_size=12
)


def _fetched(
    *batches: bytes, offset: int = 0, aborted: Iterable[tuple[int, int]] | None = None
) -> FetchedRecords:
    content = memoryview(b"".join(batches))
    end, _ = whole_batches_end(content, offset)
    return FetchedRecords(PARTITION, content, end, offset, aborted, checks_crcs=True)


def _values(fetched: FetchedRecords, most: int = 1000) -> list[bytes | None]:
    return [record.value for record in fetched.take(most)]


def _batch(base_offset: int, *values: bytes, **arguments: Any) -> bytes:
    rows = [NewRecord(None, value) for value in values]
    return bytes(build_batch(rows, now_ms=NOW_MS, base_offset=base_offset, **arguments))


@given(records, st.sampled_from(list(Codec)), st.booleans(), st.integers(1, 5))
def test_bites_are_what_the_record_module_reads(
    rows: list[Any], codec: Codec, is_append_time: bool, most: int
) -> None:
    batch = build_batch(
        [
            NewRecord(key, value, NOW_MS + delta, tuple(RecordHeader(*each) for each in named))
            for delta, key, value, named in rows
        ],
        now_ms=NOW_MS,
        base_offset=1000,
        codec=codec,
        leader_epoch=6,
        log_append_time=is_append_time,
    )
    expected = [
        ConsumerRecord(*PARTITION, each.offset, each.timestamp_ms, is_append_time, *each[2:], 6)
        for each in iterate_records(batch, 0, read_header(batch))
    ]
    fetched = _fetched(bytes(batch), offset=1000)
    bites: list[ConsumerRecord] = []
    while bite := fetched.take(most):
        assert len(bite) <= most
        bites += bite
        assert fetched.next_offset == bite[-1].offset + 1
    assert bites == expected


def test_records_before_the_wanted_offset_are_left_out() -> None:
    fetched = _fetched(_batch(10, b"a", b"b", b"c"), _batch(13, b"d"), offset=12)
    assert _values(fetched) == [b"c", b"d"]
    assert fetched.next_offset == 14


def test_a_cut_batch_at_the_end_is_left_for_the_next_fetch() -> None:
    whole, cut = _batch(0, b"a"), _batch(1, b"b")[:-1]
    assert whole_batches_end(memoryview(whole + cut), 0) == (len(whole), 1)
    assert whole_batches_end(memoryview(cut), 1) == (0, 1)
    assert _values(_fetched(whole, cut)) == [b"a"]


def test_an_emptied_batch_moves_the_offset_on() -> None:
    header = read_header(_batch(5, b"a", b"b"))
    empty = assemble_like(header, b"", attributes=0, base_timestamp=-1, max_timestamp=-1, records_count=0)
    fetched = _fetched(bytes(empty), offset=5)
    assert fetched.take(10) == []
    assert fetched.next_offset == 7


def _marker(base_offset: int, kind: ControlType, producer_id: int) -> bytes:
    batch = build_marker_batch(
        EndTransactionMarker(kind, 0), now_ms=NOW_MS, producer_id=producer_id, producer_epoch=0
    )
    batch[:8] = base_offset.to_bytes(8, "big")
    return bytes(batch)


def test_aborted_transactions_are_left_out_and_others_of_the_same_producer_are_not() -> None:
    ours: dict[str, Any] = {"producer_id": 1, "producer_epoch": 0, "base_sequence": 0, "transactional": True}
    theirs = {**ours, "producer_id": 2}
    log = [
        _batch(0, b"plain"),
        _batch(1, b"aborted", **ours),
        _batch(2, b"other", **theirs),
        _batch(3, b"aborted too", **ours),
        _marker(4, ControlType.ABORT, 1),
        _marker(5, ControlType.COMMIT, 2),
        _batch(6, b"committed", **ours),
        _marker(7, ControlType.COMMIT, 1),
    ]
    fetched = _fetched(*log, aborted=[(1, 1)])
    assert _values(fetched) == [b"plain", b"other", b"committed"]
    assert fetched.next_offset == 8
    uncommitted = _fetched(*log)
    assert _values(uncommitted) == [b"plain", b"aborted", b"other", b"aborted too", b"committed"]


def test_a_damaged_batch_is_told_after_the_records_before_it() -> None:
    damaged = bytearray(_batch(1, b"b"))
    damaged[-3] ^= 1
    fetched = _fetched(_batch(0, b"a"), bytes(damaged))
    assert _values(fetched) == [b"a"]
    with pytest.raises(ApiError, match="fetching the next record from t-3") as caught:
        fetched.take(1)
    assert caught.value.java_class == "org.apache.kafka.common.KafkaException"
    assert fetched.next_offset == 1


def test_a_record_that_lies_about_its_size_is_told_after_those_before_it() -> None:
    sound = build_batch([NewRecord(None, b"a"), NewRecord(None, b"b")], now_ms=NOW_MS)
    payload = bytearray(sound[61:])
    payload[len(payload) // 2] += 2  # the size of the second record
    lying = assemble_like(
        read_header(sound),
        payload,
        attributes=0,
        base_timestamp=NOW_MS,
        max_timestamp=NOW_MS,
        records_count=2,
    )
    fetched = _fetched(bytes(lying))
    assert _values(fetched) == [b"a"]
    with pytest.raises(ApiError):
        fetched.take(1)
    assert fetched.next_offset == 1
