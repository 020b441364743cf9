"""Fetches: Kafka's limits, the long poll, and what ends it."""

from pathlib import Path

import pytest
from tests.support.partitions import DataDirectory

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.partitions.reader import FetchLimits, PartitionRead, PartitionReadResult
from ottla.storage.aborted_transactions import AbortedTransaction, encode_aborted
from ottla.storage.leader_epochs import EpochStart

NO_LIMIT = 0x7FFFFFFF


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t", 3)
    return directory


def read(broker: DataDirectory, index: int = 0, offset: int = 0, max_bytes: int = NO_LIMIT) -> PartitionRead:
    return PartitionRead(broker.partition("t", index), offset, max_bytes)


def fetch(
    broker: DataDirectory,
    *reads: PartitionRead,
    max_bytes: int = NO_LIMIT,
    min_bytes: int = 1,
    max_wait_ms: int = 500,
    is_read_committed: bool = False,
) -> Completion[list[PartitionReadResult]]:
    return broker.reader.fetch(reads, FetchLimits(max_bytes, min_bytes, max_wait_ms, is_read_committed))


def sizes(completion: Completion[list[PartitionReadResult]]) -> list[int]:
    return [0 if result.records is None else len(result.records) for result in completion.result()]


def errors(completion: Completion[list[PartitionReadResult]]) -> list[ErrorCode]:
    return [result.error for result in completion.result()]


def test_what_is_there_is_answered_at_once(broker: DataDirectory) -> None:
    batch = broker.batch(b"a")
    broker.append("t", b"a")
    (result,) = fetch(broker, read(broker)).result()
    assert result.records is not None
    assert len(result.records) == len(batch)
    assert (result.high_watermark, result.last_stable_offset, result.log_start_offset) == (1, 1, 0)


def test_the_first_partition_with_records_may_exceed_every_limit_by_a_batch(broker: DataDirectory) -> None:
    size = len(broker.batch(b"a"))
    for index in (1, 1, 2):
        broker.append("t", b"a", index=index)
    everything = [read(broker, index) for index in range(3)]
    assert sizes(fetch(broker, *everything)) == [0, 2 * size, size]
    assert sizes(fetch(broker, *everything, max_bytes=1)) == [0, size, 0]
    assert sizes(fetch(broker, *everything, max_bytes=0)) == [0, size, 0]
    limited = [read(broker, index, max_bytes=1) for index in range(3)]
    assert sizes(fetch(broker, *limited)) == [0, size, 0]
    # The last batch of an answer may be cut, and the next partition gets what is left.
    assert sizes(fetch(broker, *everything, max_bytes=size + 5)) == [0, size + 5, 0]
    assert sizes(fetch(broker, *everything, max_bytes=3 * size - 1)) == [0, 2 * size, 0]


def test_a_negative_limit_is_answered_like_a_bug(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    assert errors(fetch(broker, read(broker), max_bytes=-1)) == [ErrorCode.UNKNOWN_SERVER_ERROR]
    assert errors(fetch(broker, read(broker, offset=1), max_bytes=-1, min_bytes=0)) == [ErrorCode.NONE]
    assert errors(fetch(broker, read(broker, offset=2), max_bytes=-1)) == [ErrorCode.OFFSET_OUT_OF_RANGE]


def test_an_idle_partition_is_waited_for_until_it_grows(broker: DataDirectory) -> None:
    waiting = fetch(broker, read(broker), read(broker, 1))
    assert not waiting.done
    broker.append("t", b"a", index=1)
    broker.loop.turn()
    assert sizes(waiting) == [0, len(broker.batch(b"a"))]
    assert [timer for timer in broker.loop.pending if timer <= 500] == []


def test_time_ends_the_wait_without_an_error(broker: DataDirectory) -> None:
    waiting = fetch(broker, read(broker), max_wait_ms=500)
    broker.loop.advance(499)
    assert not waiting.done
    broker.loop.advance(1)
    assert (sizes(waiting), errors(waiting)) == ([0], [ErrorCode.NONE])


def test_who_does_not_want_to_wait_does_not(broker: DataDirectory) -> None:
    assert fetch(broker, read(broker), max_wait_ms=0).done
    assert fetch(broker, max_wait_ms=500).done
    assert fetch(broker, read(broker), min_bytes=0).done


def test_min_bytes_are_gathered_over_all_partitions(broker: DataDirectory) -> None:
    size = len(broker.batch(b"a"))
    broker.append("t", b"a", index=2)
    waiting = fetch(broker, *(read(broker, index) for index in range(3)), min_bytes=3 * size)
    for index in (0, 1):
        assert not waiting.done
        broker.append("t", b"a", index=index)
        broker.loop.turn()
    assert sizes(waiting) == [size, size, size]


def test_bytes_beyond_a_partitions_limit_do_not_count(broker: DataDirectory) -> None:
    size = len(broker.batch(b"a"))
    waiting = fetch(broker, read(broker, max_bytes=size), read(broker, 1), min_bytes=2 * size)
    broker.append("t", b"a")
    broker.append("t", b"a")
    broker.loop.turn()
    assert not waiting.done
    broker.append("t", b"a", index=1)
    broker.loop.turn()
    assert waiting.done


def test_a_new_segment_ends_the_wait(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    waiting = fetch(broker, read(broker), min_bytes=1_000_000)
    broker.partition("t").run_on_log(lambda log: log.roll(broker.loop.now_ms()))
    broker.append("t", b"a")
    broker.loop.turn()
    assert sizes(waiting) == [len(broker.batch(b"a"))]


def test_an_error_ends_the_wait_before_it_begins(broker: DataDirectory) -> None:
    stale = PartitionRead(broker.partition("t"), 0, NO_LIMIT, current_leader_epoch=7)
    assert errors(fetch(broker, stale)) == [ErrorCode.UNKNOWN_LEADER_EPOCH]
    missing = PartitionRead(None, 0, NO_LIMIT, missing_error=ErrorCode.KAFKA_STORAGE_ERROR)
    assert errors(fetch(broker, missing, read(broker))) == [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NONE]
    for offset in (-1, 5):
        (result,) = fetch(broker, read(broker, offset=offset)).result()
        assert result == PartitionReadResult(ErrorCode.OFFSET_OUT_OF_RANGE)


def test_losing_the_leadership_or_the_topic_ends_the_wait(broker: DataDirectory) -> None:
    waiting = [fetch(broker, read(broker, index)) for index in range(2)]
    broker.set_leader("t", 0, -1)
    broker.loop.turn()
    assert errors(waiting[0]) == [ErrorCode.NOT_LEADER_OR_FOLLOWER]
    broker.delete_topic("t")
    broker.loop.turn()
    assert errors(waiting[1]) == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]


def test_committed_reads_stop_before_an_open_transaction(broker: DataDirectory) -> None:
    size = len(broker.batch(b"a"))
    broker.append("t", b"a")
    broker.append("t", b"b", producer_id=5, producer_epoch=0, base_sequence=0, transactional=True)
    assert sizes(fetch(broker, read(broker), is_read_committed=True)) == [size]
    assert sizes(fetch(broker, read(broker))) == [2 * size]
    assert not fetch(broker, read(broker, offset=1), is_read_committed=True).done


def test_committed_reads_tell_of_aborted_transactions_where_records_are_read(broker: DataDirectory) -> None:
    aborted = AbortedTransaction(5, 1, 1, 2)
    for _ in range(3):
        broker.append("t", b"a")
    partition = broker.partition("t")

    def told(offset: int, max_bytes: int = NO_LIMIT) -> list[AbortedTransaction] | None:
        reads = (read(broker, 1), read(broker, 0, offset, max_bytes))
        broker.append("t", b"b", index=1)  # so that the first batch behind it need not come
        found = fetch(broker, *reads, is_read_committed=True).result()[1].aborted_transactions
        return None if found is None else list(found)

    assert told(0) == []
    (partition.log.directory / f"{0:020}.txnindex").write_bytes(encode_aborted([aborted]))
    partition.log.has_aborted_transactions = True
    assert (told(0), told(1), told(2), told(3)) == ([aborted], [aborted], [], [])
    assert told(0, max_bytes=1) is None
    assert told(0, max_bytes=0) == [aborted]
    assert fetch(broker, read(broker)).result()[0].aborted_transactions is None


def test_records_are_not_given_out_where_nobody_can_tell_which_were_aborted(
    broker: DataDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    broker.append("t", b"a")
    log = broker.partition("t").log
    (log.directory / f"{0:020}.txnindex").write_bytes(b"damage")
    log.has_aborted_transactions = True
    found = fetch(broker, read(broker), is_read_committed=True)
    assert errors(found) == [ErrorCode.UNKNOWN_SERVER_ERROR]
    assert sizes(found) == [0]
    assert "Cannot tell aborted records from committed ones" in caplog.text


def test_a_client_with_another_history_is_told_where_it_ends(broker: DataDirectory) -> None:
    partition = broker.partition("t")
    partition.lead(1, 2)
    broker.append("t", b"a")
    broker.append("t", b"a")
    partition.lead(1, 5)
    broker.append("t", b"a")

    def diverged(epoch: int, offset: int) -> PartitionReadResult:
        wish = PartitionRead(partition, offset, NO_LIMIT, last_fetched_epoch=epoch)
        return fetch(broker, wish, is_read_committed=True).result()[0]

    assert diverged(2, 3).diverging_epoch == EpochStart(2, 2)
    assert diverged(2, 3).aborted_transactions is None
    assert diverged(3, 1).diverging_epoch == EpochStart(2, 2)
    agreed = diverged(2, 1)
    assert agreed.diverging_epoch is None
    assert agreed.records is not None
    assert diverged(6, 1).error is ErrorCode.OFFSET_OUT_OF_RANGE


def test_many_waiters_of_one_partition_are_all_woken_and_others_sleep_on(broker: DataDirectory) -> None:
    here = [fetch(broker, read(broker)) for _ in range(100)]
    elsewhere = [fetch(broker, read(broker, 1)) for _ in range(100)]
    broker.append("t", b"a")
    broker.loop.turn()
    assert all(each.done for each in here)
    assert not any(each.done for each in elsewhere)
