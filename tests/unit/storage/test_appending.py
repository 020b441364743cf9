"""Batches that are appended together fare as they would one after the other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.faulty_files import FaultyFileSystem
from tests.support.logs import NOW_MS, LogDriver, log_bytes, topic_config

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import Buffer
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendOutcome, AppendResult, OfferedBatch, append_together
from ottla.storage.record_errors import RecordsRefusedError

LIMITS = {"segment_bytes": 600, "segment_ms": 400, "index_interval_bytes": 100, "segment_index_bytes": 64}


@dataclass(frozen=True)
class Sent:
    """A batch as some producer sends it; a sequence that is not the next one is refused, or a repeat."""

    values: tuple[bytes, ...]
    timestamp_ms: int
    producer_id: int
    sequence: int
    leader_epoch: int
    is_damaged: bool

    def offered(self) -> OfferedBatch:
        numbers = {}
        if self.producer_id >= 0:
            numbers = {
                "producer_id": self.producer_id,
                "producer_epoch": 0,
                "base_sequence": self.sequence,
            }
        records = [NewRecord(None, value, self.timestamp_ms) for value in self.values]
        batch = build_batch(records, now_ms=NOW_MS, **numbers)
        if self.is_damaged:
            batch[-1] ^= 1
        return OfferedBatch(memoryview(batch), self.leader_epoch, AppendOrigin.CLIENT, NOW_MS)


batches = st.builds(
    Sent,
    values=st.lists(st.binary(max_size=60), min_size=1, max_size=4).map(tuple),
    timestamp_ms=st.integers(NOW_MS - 1000, NOW_MS),
    producer_id=st.sampled_from([-1, -1, 7, 8]),
    sequence=st.integers(0, 3),
    leader_epoch=st.sampled_from([3, 3, 3, 4]),
    is_damaged=st.sampled_from([False] * 5 + [True]),
)


def one_by_one(driver: LogDriver, offered: OfferedBatch) -> AppendOutcome:
    records, leader_epoch, origin, now_ms = offered
    try:
        return driver.log.append(records, leader_epoch=leader_epoch, origin=origin, now_ms=now_ms)
    except (KafkaError, OSError) as error:
        return error


def described(outcome: AppendOutcome) -> object:
    if isinstance(outcome, RecordsRefusedError):
        return outcome.code, outcome.message, outcome.record_errors
    return (outcome.code, outcome.message) if isinstance(outcome, KafkaError) else outcome


@given(st.lists(st.lists(batches, min_size=1, max_size=8), min_size=1, max_size=4))
@settings(deadline=None)
def test_results_and_files_are_those_of_single_appends(groups: list[list[Sent]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = topic_config(**LIMITS)
        single, together = (LogDriver(Path(folder) / name / "t-0", config) for name in ("single", "together"))
        epoch = 0
        for group in groups:
            # A leader epoch never goes back; what comes in one turn mostly has one.
            epoch = max(epoch, *(sent.leader_epoch for sent in group[:1]))
            offered = [sent.offered()._replace(leader_epoch=epoch) for sent in group]
            again = [sent.offered()._replace(leader_epoch=epoch) for sent in group]
            expected = [described(one_by_one(single, each)) for each in offered]
            assert [described(each) for each in append_together(together.log, again)] == expected
        assert together.values() == single.values()
        assert together.log.producer_state.snapshot() == single.log.producer_state.snapshot()
        assert together.log.leader_epochs.entries == single.log.leader_epochs.entries
        for driver in (single, together):
            driver.log.close()
        for suffix in (".log", ".index", ".timeindex", ".snapshot"):
            assert log_bytes(together.directory, suffix) == log_bytes(single.directory, suffix)


def plain(*values: bytes, **numbers: int) -> OfferedBatch:
    batch: Buffer = build_batch([NewRecord(None, value) for value in values], now_ms=NOW_MS, **numbers)
    return OfferedBatch(batch, 0, AppendOrigin.CLIENT, NOW_MS)


def test_what_fits_into_a_segment_is_one_write(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"first")
    files.operations.clear()
    outcomes = append_together(driver.log, [plain(b"%d" % number) for number in range(100)])
    assert files.operations.count("pwrite") == 1
    assert [each.base_offset for each in outcomes if isinstance(each, AppendResult)] == list(range(1, 101))
    assert driver.values() == [b"first", *(b"%d" % number for number in range(100))]


def test_the_second_batch_of_a_producer_is_judged_by_the_first(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config())
    numbers = {"producer_id": 7, "producer_epoch": 0}
    sent = [plain(b"a", base_sequence=0, **numbers), plain(b"b", base_sequence=1, **numbers)]
    repeated = plain(b"a", base_sequence=0, **numbers)
    first, second, third, gap = append_together(
        driver.log, [*sent, repeated, plain(b"x", base_sequence=9, **numbers)]
    )
    assert (first, second) == (AppendResult(0, 0, -1, 0), AppendResult(1, 1, -1, 0))
    assert isinstance(third, AppendResult)
    assert (third.is_duplicate, third.base_offset) == (True, 0)
    assert isinstance(gap, KafkaError)
    assert gap.code is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


@pytest.mark.parametrize("short_by", [None, 30])
def test_a_write_that_fails_fails_all_that_it_was_for_and_leaves_the_log_as_it_was(
    tmp_path: Path, short_by: int | None
) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"before")
    before = log_bytes(driver.directory)
    if short_by is None:
        files.fail_on("pwrite")
    else:
        files.short_write = short_by
    offered = [plain(b"a"), plain(b"b", producer_id=7, producer_epoch=0, base_sequence=0), plain(b"c")]
    outcomes = append_together(driver.log, offered)
    assert all(isinstance(each, OSError) for each in outcomes)
    files.heal()
    files.short_write = None
    assert log_bytes(driver.directory) == before
    assert not driver.log.producer_state.entries
    assert driver.append(b"after").base_offset == 1


def test_an_offline_log_takes_none(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    driver = LogDriver(tmp_path / "t-0", topic_config(), files)
    driver.append(b"before")
    files.fail_on("pwrite", "truncate")
    first, second = append_together(driver.log, [plain(b"a"), plain(b"b")])
    assert isinstance(first, KafkaError)
    assert first.code is ErrorCode.KAFKA_STORAGE_ERROR
    assert isinstance(second, KafkaError)
    files.heal()
    (later,) = append_together(driver.log, [plain(b"c")])
    assert isinstance(later, KafkaError)
    assert later.code is ErrorCode.KAFKA_STORAGE_ERROR
