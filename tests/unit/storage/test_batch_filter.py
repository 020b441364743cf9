"""A table of what compaction keeps of one batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest

from ottla.records.batch import CONTROL_BIT, BatchHeader, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.records.rebuilding import empty_batch, rebuild_batch
from ottla.records.record import iterate_records, records_payload
from ottla.storage.aborted_transactions import AbortedTransaction, TransactionsInCleaning
from ottla.storage.batch_filter import BatchFilter, LastOfProducer
from ottla.storage.offset_map import OffsetMap

NOW_MS = 1_000_000
RETENTION_MS = 5000
PRODUCER = 7
GONE, EMPTY, SAME = "gone", "empty", "the same"


def data(words: str, *, horizon_ms: int | None = None, transactional: bool = False) -> bytearray:
    """Return a batch at offset 10: `a` is a value of the key a, `a-` its tombstone, `.` a record without a key."""
    records = [
        NewRecord(None if word == "." else word[:1].encode(), None if word.endswith("-") else b"v", 500)
        for word in words.split()
    ]
    batch = build_batch(
        records,
        now_ms=0,
        base_offset=10,
        producer_id=PRODUCER,
        producer_epoch=3,
        base_sequence=0,
        transactional=transactional,
    )
    return batch if horizon_ms is None else with_horizon(batch, horizon_ms)


def marker(control_type: ControlType, *, horizon_ms: int | None = None) -> bytearray:
    batch = build_marker_batch(
        EndTransactionMarker(control_type, 1), now_ms=500, producer_id=PRODUCER, producer_epoch=3
    )
    batch[:8] = (10).to_bytes(8, "big")
    return batch if horizon_ms is None else with_horizon(batch, horizon_ms)


def with_horizon(batch: bytearray, horizon_ms: int) -> bytearray:
    header = read_header(batch)
    payload = records_payload(batch, 0, header)
    return rebuild_batch(header, payload, [True] * header.records_count, horizon_ms)


@dataclass
class Case:
    """A batch, what is known when it comes, and what is kept: offsets and the delete horizon, or a word."""

    batch: bytearray
    kept: list[int] | str
    horizon_ms: int | None = None
    later: dict[str, int] = field(default_factory=dict)
    """Latest offsets of keys; all up to `up_to` is in the map."""
    up_to: int = 99
    end_offset: int = 100
    last: LastOfProducer | None = None
    aborted: AbortedTransaction | None = None
    before: bytearray | None = None
    """A batch that the filter has seen before."""


OVERTAKEN = {"a": 50, "b": 50, "c": 50}
HORIZON = NOW_MS + RETENTION_MS
ABORTED = AbortedTransaction(PRODUCER, 5, 20, 21)
BEFORE = data("z", transactional=True)
CASES = {
    "the latest of their keys stay as they are": Case(data("a b c"), SAME),
    "what is overtaken goes": Case(data("a b c"), [10, 12], later={"b": 50}),
    "the first goes": Case(data("a b c"), [11, 12], later={"a": 50}),
    "a repeated key stays once": Case(data("a a a"), [12], later={"a": 12}),
    "all overtaken": Case(data("a b"), GONE, later=OVERTAKEN),
    "behind the map everything stays": Case(data("a . b"), SAME, later=OVERTAKEN, up_to=9),
    "partly behind the map": Case(data("a b ."), [11, 12], later=OVERTAKEN, up_to=10),
    "records without a key go": Case(data(". a ."), [11]),
    "nothing but records without a key": Case(data(". ."), GONE),
    "a tombstone gets a horizon": Case(data("a- b"), [10, 11], HORIZON),
    "also beside one that goes": Case(data("a b-"), [11], HORIZON, later={"a": 50}),
    "a tombstone that is overtaken goes": Case(data("a- b"), [11], later={"a": 50}),
    "a tombstone behind the map gets a horizon": Case(data("a-"), [10], HORIZON, up_to=9),
    "a tombstone before its horizon stays": Case(data("a- b", horizon_ms=NOW_MS + 1), SAME),
    "a tombstone at its horizon goes": Case(data("a- b", horizon_ms=NOW_MS), [11], NOW_MS),
    "a horizon stays what it was": Case(
        data("a- b c", horizon_ms=NOW_MS + 9), [10, 12], NOW_MS + 9, {"b": 50}
    ),
    "a batch of tombstones past the horizon": Case(data("a- b-", horizon_ms=NOW_MS), GONE),
    "a value past the horizon stays": Case(data("a b", horizon_ms=NOW_MS), SAME),
    "the last of a producer stays empty": Case(
        data("a b"), EMPTY, later=OVERTAKEN, last=LastOfProducer(11, 3)
    ),
    "another of that producer does not": Case(data("a b"), GONE, later=OVERTAKEN, last=LastOfProducer(40, 3)),
    "data of a producer that ended with a marker": Case(
        data("a b"), GONE, later=OVERTAKEN, last=LastOfProducer(-1, 3)
    ),
    "the end of the range stays empty": Case(data("a b"), EMPTY, later=OVERTAKEN, end_offset=12),
    "an empty batch goes": Case(empty_batch(read_header(data("a b"))), GONE),
    "an empty batch that is still needed": Case(
        empty_batch(read_header(data("a b"))), EMPTY, last=LastOfProducer(11, 3)
    ),
    "aborted data goes": Case(data("a", transactional=True), GONE, aborted=ABORTED),
    "aborted data leaves the sequence": Case(
        data("a", transactional=True), EMPTY, aborted=ABORTED, last=LastOfProducer(10, 3)
    ),
    "data beside a transaction": Case(data("a"), SAME, aborted=ABORTED),
    "a transaction that was not aborted": Case(data("a", transactional=True), SAME),
    "the marker of data that stays": Case(marker(ControlType.COMMIT), SAME, before=BEFORE),
    "the marker of aborted data": Case(marker(ControlType.ABORT), SAME, before=BEFORE, aborted=ABORTED),
    "a marker without data gets a horizon": Case(marker(ControlType.COMMIT), [10], HORIZON),
    "an abort without data gets a horizon": Case(marker(ControlType.ABORT), [10], HORIZON, aborted=ABORTED),
    "a marker before its horizon": Case(marker(ControlType.COMMIT, horizon_ms=NOW_MS + 1), SAME),
    "a marker at its horizon": Case(marker(ControlType.COMMIT, horizon_ms=NOW_MS), GONE),
    "a marker at its horizon, with data": Case(
        marker(ControlType.COMMIT, horizon_ms=NOW_MS), SAME, before=BEFORE
    ),
    "the last marker of a producer": Case(
        marker(ControlType.COMMIT, horizon_ms=NOW_MS), EMPTY, last=LastOfProducer(-1, 3)
    ),
    "a marker of an older epoch": Case(
        marker(ControlType.COMMIT, horizon_ms=NOW_MS), GONE, last=LastOfProducer(-1, 4)
    ),
    "a marker of a producer with data": Case(
        marker(ControlType.COMMIT, horizon_ms=NOW_MS), GONE, last=LastOfProducer(60, 3)
    ),
    "an emptied marker": Case(empty_batch(read_header(marker(ControlType.COMMIT))), GONE),
}


def filter_for(case: Case, *, has_flags: bool = False) -> BatchFilter:
    offset_map = OffsetMap(10_000, 0.9)
    for key, offset in case.later.items():
        offset_map.put(key.encode(), offset)
    offset_map.latest_offset = case.up_to
    transactions = TransactionsInCleaning()
    transactions.add([] if case.aborted is None else [case.aborted])
    last = {} if case.last is None else {PRODUCER: case.last}
    batch_filter = BatchFilter(offset_map, transactions, last, case.end_offset, NOW_MS, RETENTION_MS, 10)
    is_realistic = all(offset <= case.up_to for offset in case.later.values())
    if has_flags and is_realistic and not case.batch[22] & CONTROL_BIT:
        # What the map would hold, had it taken in this batch.
        for record in iterate_records(case.batch, 0, read_header(case.batch)):
            if (
                record.key is not None
                and record.offset <= case.up_to
                and record.key.decode() not in case.later
            ):
                offset_map.put(record.key, record.offset)
        offset_map.latest_offset = case.up_to
        batch_filter.latest_flags = offset_map.latest_flags(10)
    if case.before is not None:
        batch_filter.filter(case.before, read_header(case.before))
    return batch_filter


@pytest.mark.parametrize("has_flags", [False, True])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_kept(case: Case, has_flags: bool) -> None:
    header = read_header(case.batch)
    kept = filter_for(case, has_flags=has_flags).filter(case.batch, header)
    if case.kept == GONE:
        assert kept is None
        return
    assert kept is not None
    changed = read_header(kept)
    assert same_place(header) == same_place(changed)
    if case.kept == SAME:
        assert kept is case.batch
    elif case.kept == EMPTY:
        assert changed.records_count == 0
        assert not changed.has_delete_horizon
    else:
        before = {record.offset: record for record in iterate_records(case.batch, 0, header)}
        assert list(iterate_records(kept, 0, changed)) == [before[int(offset)] for offset in case.kept]
        horizon = changed.base_timestamp if changed.has_delete_horizon else None
        assert horizon == case.horizon_ms


def same_place(header: BatchHeader) -> tuple[object, ...]:
    return (
        header.base_offset,
        header.last_offset,
        header.producer_id,
        header.producer_epoch,
        header.base_sequence,
        header.is_control,
        header.is_transactional,
    )


def test_records_are_counted() -> None:
    batch_filter = filter_for(Case(data("a"), "", later={"b": 50}))
    for batch, _ in zip((data("a b ."), data("b b"), marker(ControlType.COMMIT)), count(), strict=False):
        batch_filter.filter(batch, read_header(batch))
    assert (batch_filter.records_read, batch_filter.records_kept) == (6, 2)
