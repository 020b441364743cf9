from __future__ import annotations

from pathlib import Path

import pytest

from ottla.records.batch import BatchHeader, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.storage.aborted_transactions import (
    AbortedTransaction,
    CorruptTransactionIndexError,
    TransactionsInCleaning,
    collect_aborted,
    decode_aborted,
    encode_aborted,
)
from ottla.storage.files import FileSystem
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, file_name

FIRST = AbortedTransaction(7, 10, 15, 12)  # the second one is still open when it ends
SECOND = AbortedTransaction(8, 12, 25, 26)
THIRD = AbortedTransaction(7, 30, 31, 32)


def data_at(offset: int, producer_id: int, *, transactional: bool = True) -> BatchHeader:
    batch = build_batch(
        [NewRecord(b"k", b"v")],
        now_ms=0,
        base_offset=offset,
        producer_id=producer_id,
        producer_epoch=0,
        base_sequence=0,
        transactional=transactional,
    )
    return read_header(batch)


def marker_at(offset: int, producer_id: int) -> BatchHeader:
    marker = EndTransactionMarker(ControlType.ABORT, 0)
    header = read_header(build_marker_batch(marker, now_ms=0, producer_id=producer_id, producer_epoch=0))
    return header._replace(base_offset=offset)


def test_an_index_is_read_as_it_was_written() -> None:
    content = encode_aborted([FIRST, SECOND])
    assert len(content) == 2 * 34
    assert decode_aborted(content, "x") == [FIRST, SECOND]


@pytest.mark.parametrize("content", [encode_aborted([FIRST])[:-1], b"\x00\x01" + encode_aborted([FIRST])[2:]])
def test_an_index_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptTransactionIndexError, match=r"0\.txnindex"):
        decode_aborted(content, "0.txnindex")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 100, [FIRST, SECOND, THIRD]),
        (0, 10, []),
        (0, 11, [FIRST]),
        (0, 13, [FIRST, SECOND]),  # the second one ends after the range
        (16, 20, [SECOND]),
        (20, 30, [SECOND]),
        (26, 40, [THIRD]),
    ],
)
def test_what_overlaps_a_range_is_found_in_the_segments_of_the_markers(
    tmp_path: Path, start: int, end: int, expected: list[AbortedTransaction]
) -> None:
    for base_offset, entries in ((0, [FIRST]), (20, [SECOND, THIRD])):
        (tmp_path / file_name(base_offset, ABORTED_INDEX_SUFFIX)).write_bytes(encode_aborted(entries))
    assert collect_aborted(FileSystem(), tmp_path, [0, 20, 40], start, end) == expected


def test_data_of_an_aborted_transaction_goes_and_its_marker_stays_once_more() -> None:
    transactions = TransactionsInCleaning()
    transactions.add([FIRST])
    transactions.add([FIRST])  # named again for the next segment
    assert not transactions.takes_batch(data_at(9, 7))  # a transaction before it
    assert transactions.takes_batch(data_at(10, 7))
    assert not transactions.takes_batch(data_at(11, 8))
    assert not transactions.takes_batch(data_at(12, 7, transactional=False))
    assert not transactions.takes_marker(marker_at(15, 7), ControlType.ABORT)
    assert transactions.retained == [FIRST]
    transactions.add([FIRST])
    assert not transactions.takes_batch(data_at(17, 9))


def test_a_marker_without_data_before_it_may_go() -> None:
    transactions = TransactionsInCleaning()
    transactions.add([FIRST])
    assert transactions.takes_marker(marker_at(15, 7), ControlType.ABORT)
    assert transactions.takes_marker(marker_at(16, 8), ControlType.COMMIT)
    assert transactions.takes_marker(marker_at(17, 8), None)
    assert not transactions.takes_marker(marker_at(18, 8), ControlType.LEADER_CHANGE)
    assert transactions.retained == []


def test_the_marker_of_a_committed_transaction_stays_as_long_as_its_data() -> None:
    transactions = TransactionsInCleaning()
    assert not transactions.takes_batch(data_at(1, 7))
    assert not transactions.takes_marker(marker_at(2, 7), ControlType.COMMIT)
    assert transactions.takes_marker(marker_at(3, 7), ControlType.COMMIT)
