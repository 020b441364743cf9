"""One partition: what an append does to the high watermark and to those who wait, and what a bad disk does."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import START_MS, DataDirectory, error_of

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.partitions.partition import Partition
from ottla.storage.append_check import AppendOrigin


class Sleeper:
    def __init__(self) -> None:
        self.woken_by: list[Partition] = []

    def wake(self, partition: Partition) -> None:
        self.woken_by.append(partition)


class SlowWriter:
    """Keeps all work until it is told to do it, as a thread does that waits for the disk."""

    is_threaded = True

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], Any], Completion[Any]]] = []

    def submit(self, work: Callable[[], Any]) -> Completion[Any]:
        completion: Completion[Any] = Completion()
        self.jobs.append((work, completion))
        return completion

    def work_on(self) -> None:
        work, completion = self.jobs.pop(0)
        completion.resolve(work())


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t", 2)
    return directory


def test_the_high_watermark_is_the_end_after_an_append(broker: DataDirectory) -> None:
    partition = broker.partition("t")
    assert broker.append("t", b"a", b"b").last_offset == 1
    assert (partition.high_watermark, partition.last_stable_offset, partition.log_start_offset) == (2, 2, 0)


def test_a_repeated_batch_moves_nothing(broker: DataDirectory) -> None:
    first = broker.append("t", b"a", producer_id=5, producer_epoch=0, base_sequence=0)
    broker.append("t", b"b", producer_id=5, producer_epoch=0, base_sequence=1)
    repeat = broker.append("t", b"a", producer_id=5, producer_epoch=0, base_sequence=0)
    assert repeat.is_duplicate
    assert repeat.base_offset == first.base_offset
    assert broker.partition("t").high_watermark == 2


def test_those_who_wait_are_woken_once_in_the_next_turn(broker: DataDirectory) -> None:
    sleeper, other = Sleeper(), Sleeper()
    partition = broker.partition("t")
    partition.add_waiter(sleeper)
    broker.partition("t", 1).add_waiter(other)
    broker.append("t", b"a")
    broker.append("t", b"b")
    assert sleeper.woken_by == []
    broker.loop.turn()
    assert sleeper.woken_by == [partition]
    partition.remove_waiter(sleeper)
    broker.append("t", b"c")
    broker.loop.turn()
    assert len(sleeper.woken_by) == 1
    assert other.woken_by == []


def test_a_refused_append_wakes_nobody(broker: DataDirectory) -> None:
    sleeper = Sleeper()
    partition = broker.partition("t")
    partition.add_waiter(sleeper)
    refused = partition.append(b"", origin=AppendOrigin.CLIENT, now_ms=START_MS)
    assert error_of(refused).code is ErrorCode.INVALID_RECORD
    broker.loop.turn()
    assert sleeper.woken_by == []


def test_a_change_of_leadership_wakes_and_refuses(broker: DataDirectory) -> None:
    sleeper = Sleeper()
    partition = broker.partition("t")
    partition.add_waiter(sleeper)
    broker.set_leader("t", 0, -1)
    broker.loop.turn()
    assert sleeper.woken_by == [partition]
    refused = partition.append(broker.batch(b"a"), origin=AppendOrigin.CLIENT, now_ms=START_MS)
    assert error_of(refused).code is ErrorCode.NOT_LEADER_OR_FOLLOWER
    broker.set_leader("t", 0, 1)
    assert partition.leader_epoch == 2
    assert broker.append("t", b"a").base_offset == 0


@pytest.mark.parametrize(
    ("epoch", "code"),
    [(-1, None), (3, None), (2, ErrorCode.FENCED_LEADER_EPOCH), (4, ErrorCode.UNKNOWN_LEADER_EPOCH)],
)
def test_the_leader_epoch_of_a_client_is_checked(
    broker: DataDirectory, epoch: int, code: ErrorCode | None
) -> None:
    partition = broker.partition("t")
    partition.lead(1, 3)
    if code is None:
        partition.check_leader(epoch)
    else:
        with pytest.raises(KafkaError) as caught:
            partition.check_leader(epoch)
        assert caught.value.code is code


def test_a_transaction_from_another_broker_holds_the_last_stable_offset_back(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    broker.append("t", b"b", producer_id=5, producer_epoch=0, base_sequence=0, transactional=True)
    broker.append("t", b"c")
    partition = broker.partition("t")
    assert (partition.high_watermark, partition.last_stable_offset) == (3, 1)


def test_records_are_deleted_up_to_an_offset_or_to_the_high_watermark(broker: DataDirectory) -> None:
    partition = broker.partition("t")
    broker.append("t", b"a", b"b", b"c")
    assert partition.delete_records_before(2).result() == 2
    assert partition.delete_records_before(1).result() == 2
    assert partition.log_start_offset == 2
    assert partition.delete_records_before(-1).result() == 3
    for offset in (4, -2):
        assert error_of(partition.delete_records_before(offset)).code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_compacted_topic_keeps_its_records(broker: DataDirectory) -> None:
    broker.create_topic("c", cleanup_policy="compact")
    refused = broker.partition("c").delete_records_before(0)
    assert error_of(refused).code is ErrorCode.POLICY_VIOLATION


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failed_write_is_answered_and_the_next_one_may_go_well(tmp_path: Path, number: int) -> None:
    files = FaultyFileSystem()
    broker = DataDirectory(tmp_path, files=files)
    broker.create_topic("t")
    partition = broker.partition("t")
    broker.append("t", b"a")
    files.fail_on("pwrite", number=number)
    refused = partition.append(broker.batch(b"b"), origin=AppendOrigin.CLIENT, now_ms=START_MS)
    assert error_of(refused).code is ErrorCode.KAFKA_STORAGE_ERROR
    assert partition.high_watermark == 1
    files.heal()
    assert broker.append("t", b"b").base_offset == 1


def test_flush_messages_holds_the_answer_back_until_the_disk_has_it(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    broker = DataDirectory(tmp_path, files=files)
    broker.create_topic("t", flush_messages="2")
    partition = broker.partition("t")
    broker.append("t", b"a")
    assert partition.log.recovery_point == 0
    broker.append("t", b"b")
    assert partition.log.recovery_point == 2
    files.fail_on("fsync")
    refused = partition.append(broker.batch(b"c", b"d"), origin=AppendOrigin.CLIENT, now_ms=START_MS)
    assert error_of(refused).code is ErrorCode.KAFKA_STORAGE_ERROR
    assert partition.is_offline


def test_batches_that_wait_for_a_slow_disk_are_written_together_and_overtake_nothing(
    broker: DataDirectory,
) -> None:
    partition, sleeper = broker.partition("t"), Sleeper()
    broker.append("t", b"first")
    partition.add_waiter(sleeper)
    writer = SlowWriter()
    partition._writer = cast("Any", writer)

    def append(value: bytes, **fields: int) -> Completion[Any]:
        batch = broker.batch(value, **fields)
        return partition.append(batch, origin=AppendOrigin.CLIENT, now_ms=START_MS)

    waiting = [append(b"a"), append(b"b"), append(b"damaged", base_offset=5)]
    ends: list[int] = []
    partition.run_on_log(lambda log: ends.append(log.log_end_offset))
    waiting += [append(b"c"), append(b"d")]
    assert len(writer.jobs) == 3
    assert partition.high_watermark == 1
    writer.work_on()
    assert [each.done for each in waiting] == [True] * 3 + [False] * 2
    assert [each.result().base_offset for each in waiting[:2]] == [1, 2]
    assert error_of(waiting[2]).code is ErrorCode.INVALID_RECORD
    assert partition.high_watermark == 3
    waiting.append(append(b"e"))
    assert len(writer.jobs) == 2, "it goes with those that wait still"
    writer.work_on()
    assert ends == [3]
    late = append(b"late")
    writer.work_on()
    assert [each.result().base_offset for each in waiting[3:]] == [3, 4, 5]
    assert late.result().base_offset == 6
    assert partition.high_watermark == 7
    broker.loop.turn()
    assert sleeper.woken_by == [partition]


def test_all_that_a_slow_disk_has_refused_together_are_told(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    broker = DataDirectory(tmp_path, files=files)
    broker.create_topic("t")
    partition = broker.partition("t")
    broker.append("t", b"first")
    writer = SlowWriter()
    partition._writer = cast("Any", writer)
    waiting = [
        partition.append(broker.batch(b"%d" % number), origin=AppendOrigin.CLIENT, now_ms=START_MS)
        for number in range(3)
    ]
    files.fail_on("pwrite")
    writer.work_on()
    assert {error_of(each).code for each in waiting} == {ErrorCode.KAFKA_STORAGE_ERROR}
    assert partition.high_watermark == 1
    files.heal()
    refused = partition.append(broker.batch(b"b"), origin=AppendOrigin.CLIENT, now_ms=START_MS)
    _, job = writer.jobs.pop()
    job.fail(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "the writer is closed"))
    assert error_of(refused).message == "the writer is closed"
