"""Sequences, epochs and repeats of idempotent producers, and the snapshots that save them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import CONTROL_BIT, TRANSACTIONAL_BIT, BatchHeader
from ottla.storage.append_check import AppendOrigin
from ottla.storage.producer_state import (
    BatchMetadata,
    CompletedTransaction,
    CorruptSnapshotError,
    ProducerStateManager,
    decode_snapshot,
)
from ottla.types import TopicPartition

DAY_MS = 86_400_000
MAX_SEQUENCE = 2**31 - 1


def header(
    first: int,
    count: int = 1,
    *,
    epoch: int = 0,
    producer_id: int = 7,
    attributes: int = 0,
    timestamp: int = 1000,
) -> BatchHeader:
    return BatchHeader(
        0, 49, -1, 2, 0, attributes, count - 1, timestamp, timestamp, producer_id, epoch, first, count
    )


class Log:
    """A partition that only counts offsets."""

    def __init__(self) -> None:
        self.producers = ProducerStateManager(TopicPartition("t", 0), producer_id_expiration_ms=DAY_MS)
        self.end = 0

    def append(self, batch: BatchHeader, origin: AppendOrigin = AppendOrigin.CLIENT) -> int:
        """Return the offset at which the batch lies, which is an old one for a repeat."""
        duplicate = self.producers.check(batch, self.end, origin)
        if duplicate is not None:
            return duplicate.first_offset
        offset = self.end
        self.producers.update(batch, offset, batch.max_timestamp)
        self.end = offset + batch.last_offset_delta + 1
        self.producers.end_offset = self.end
        return offset

    def mark(
        self, epoch: int = 0, *, coordinator_epoch: int = 0, is_aborted: bool = False, producer_id: int = 7
    ) -> CompletedTransaction | None:
        batch = header(-1, epoch=epoch, producer_id=producer_id, attributes=TRANSACTIONAL_BIT | CONTROL_BIT)
        self.producers.check_marker(batch, self.end, coordinator_epoch)
        completed = self.producers.update_with_marker(
            batch, self.end, coordinator_epoch=coordinator_epoch, timestamp=2000, is_aborted=is_aborted
        )
        self.end += 1
        return completed


def refused(log: Log, batch: BatchHeader, code: ErrorCode) -> str:
    with pytest.raises(KafkaError) as caught:
        log.append(batch)
    assert caught.value.code is code
    assert caught.value.message is not None
    return caught.value.message


def test_batches_follow_each_other_in_sequence() -> None:
    log = Log()
    assert [log.append(header(0, 3)), log.append(header(3, 2)), log.append(header(5))] == [0, 3, 5]
    assert refused(log, header(7), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) == (
        "Out of order sequence number for producer 7 at offset 6 in partition t-0: 7 (incoming seq. number), "
        "5 (current end sequence number)"
    )
    assert log.append(header(6)) == 6


def test_a_repeat_of_one_of_the_last_five_batches_is_recognised() -> None:
    log = Log()
    for sequence in range(0, 12, 2):
        log.append(header(sequence, 2, timestamp=sequence))
    assert [log.append(header(sequence, 2)) for sequence in range(2, 12, 2)] == [2, 4, 6, 8, 10]
    assert log.end == 12
    duplicate = log.producers.check(header(4, 2), 12, AppendOrigin.CLIENT)
    assert duplicate is not None
    assert duplicate == BatchMetadata(last_sequence=5, last_offset=5, offset_delta=1, timestamp=4)
    refused(log, header(0, 2), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    refused(log, header(4, 1), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)


def test_sequences_wrap_to_zero() -> None:
    log = Log()
    log.append(header(MAX_SEQUENCE - 1))
    assert log.append(header(MAX_SEQUENCE, 3)) == 1
    assert log.append(header(MAX_SEQUENCE, 3)) == 1
    assert log.append(header(2)) == 4
    log.append(header(0, producer_id=8, epoch=1))


def test_after_the_last_sequence_comes_zero_exactly() -> None:
    log = Log()
    log.append(header(MAX_SEQUENCE))
    refused(log, header(1), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert log.append(header(0)) == 1


def test_an_unknown_producer_may_start_anywhere() -> None:
    assert Log().append(header(41)) == 0


def test_a_new_epoch_starts_at_zero_and_fences_the_old_one() -> None:
    log = Log()
    log.append(header(0, 5))
    assert refused(log, header(5, epoch=1), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) == (
        "Invalid sequence number for new epoch of producer 7at offset 5 in partition t-0: 1 (request epoch), "
        "5 (seq. number), 0 (current producer epoch)"
    )
    assert log.append(header(0, 5, epoch=1)) == 5
    assert refused(log, header(5), ErrorCode.INVALID_PRODUCER_EPOCH) == (
        "Epoch of producer 7 at offset 10 in t-0 is 0, which is smaller than the last seen epoch 1"
    )


def test_an_epoch_below_none_is_older_than_that_of_a_producer_that_is_not_known() -> None:
    log = Log()
    assert refused(log, header(0, epoch=-2), ErrorCode.INVALID_PRODUCER_EPOCH) == (
        "Epoch of producer 7 at offset 0 in t-0 is -2, which is smaller than the last seen epoch -1"
    )


def test_a_coordinators_batches_have_epochs_but_no_sequences() -> None:
    log = Log()
    for _ in range(3):
        log.append(header(-1, epoch=3), AppendOrigin.COORDINATOR)
    assert log.end == 3
    with pytest.raises(KafkaError):
        log.append(header(-1, epoch=2), AppendOrigin.COORDINATOR)


def test_a_transaction_holds_the_last_stable_offset_back_until_its_marker() -> None:
    log = Log()
    log.append(header(0))
    log.append(header(1, attributes=TRANSACTIONAL_BIT))
    log.append(header(0, producer_id=8, attributes=TRANSACTIONAL_BIT))
    log.append(header(2, attributes=TRANSACTIONAL_BIT))
    assert log.producers.first_unstable_offset == 1
    assert "Expected transactional write from producer 7 at offset 4" in refused(
        log, header(3), ErrorCode.INVALID_TXN_STATE
    )
    assert log.mark(is_aborted=True) == CompletedTransaction(7, 1, 4, True, last_stable_offset=2)
    assert log.producers.first_unstable_offset == 2
    assert log.mark(producer_id=8) == CompletedTransaction(8, 2, 5, False, last_stable_offset=6)
    assert log.producers.first_unstable_offset is None
    assert log.mark() is None
    assert log.append(header(3)) == 7


def test_a_marker_with_a_new_epoch_restarts_the_sequences() -> None:
    log = Log()
    log.append(header(0, 4, attributes=TRANSACTIONAL_BIT))
    log.mark(epoch=1)
    refused(log, header(4, epoch=1, attributes=TRANSACTIONAL_BIT), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    log.append(header(0, epoch=1, attributes=TRANSACTIONAL_BIT))
    with pytest.raises(KafkaError) as old_epoch:
        log.mark(epoch=0)
    assert old_epoch.value.code is ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_marker_of_an_old_coordinator_is_fenced() -> None:
    log = Log()
    log.mark(coordinator_epoch=5)
    with pytest.raises(KafkaError) as caught:
        log.mark(coordinator_epoch=4)
    assert caught.value.code is ErrorCode.TRANSACTION_COORDINATOR_FENCED


def test_idle_producers_are_forgotten_but_not_inside_a_transaction() -> None:
    log = Log()
    log.append(header(0, producer_id=1, timestamp=0))
    log.append(header(0, producer_id=2, timestamp=1))
    log.append(header(0, producer_id=3, timestamp=0, attributes=TRANSACTIONAL_BIT))
    assert log.producers.remove_expired(DAY_MS) == 1
    assert list(log.producers.entries) == [2, 3]
    assert log.append(header(99, producer_id=1)) == 3


def test_a_snapshot_has_the_layout_of_kafka() -> None:
    log = Log()
    log.append(header(4, 3, epoch=2, producer_id=1))
    assert log.producers.snapshot().hex() == (
        "0001"  # version
        "e9e2a268"  # CRC-32C
        "00000001"  # entries
        "0000000000000001"  # producer id
        "0002"  # epoch
        "00000006"  # last sequence
        "0000000000000002"  # last offset
        "00000002"  # offset delta
        "00000000000003e8"  # timestamp
        "ffffffff"  # coordinator epoch
        "ffffffffffffffff"  # first offset of the open transaction
    )


def test_after_loading_a_snapshot_only_the_newest_repeat_is_known() -> None:
    log = Log()
    for sequence in range(3):
        log.append(header(sequence))
    log.append(header(0, producer_id=8, attributes=TRANSACTIONAL_BIT))
    log.mark(producer_id=9, coordinator_epoch=3)
    restarted = Log()
    restarted.producers.load(log.producers.snapshot(), log.end, now_ms=2000)
    assert restarted.producers.end_offset == log.end == 5
    restarted.end = log.end
    assert restarted.append(header(2)) == 2
    refused(restarted, header(1), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert restarted.append(header(3)) == 5
    assert restarted.producers.first_unstable_offset == 3
    assert restarted.producers.entries[9].coordinator_epoch == 3
    assert restarted.producers.entries[9].batches == []


def test_loading_leaves_expired_producers_out() -> None:
    log = Log()
    log.append(header(0, timestamp=1000))
    restarted = Log()
    restarted.producers.load(log.producers.snapshot(), 1, now_ms=DAY_MS + 1000)
    assert not restarted.producers.entries


@given(st.data())
def test_a_damaged_snapshot_is_noticed(data: st.DataObject) -> None:
    log = Log()
    log.append(header(0))
    log.append(header(0, producer_id=8))
    snapshot = bytearray(log.producers.snapshot())
    at = data.draw(st.integers(0, len(snapshot) - 1))
    snapshot[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptSnapshotError):
        decode_snapshot(bytes(snapshot))


@given(st.integers(0, 200))
def test_a_cut_snapshot_is_noticed_and_changes_nothing(size: int) -> None:
    log = Log()
    for producer_id in range(4):
        log.append(header(0, producer_id=producer_id))
    snapshot = log.producers.snapshot()
    with pytest.raises(CorruptSnapshotError):
        log.producers.load(snapshot[: min(size, len(snapshot) - 1)], 77, now_ms=0)
    assert len(log.producers.entries) == 4
    assert log.producers.end_offset == 4


def test_reset_forgets_everything() -> None:
    log = Log()
    log.append(header(0, attributes=TRANSACTIONAL_BIT))
    log.producers.reset(12)
    assert (log.producers.end_offset, log.producers.first_unstable_offset) == (12, None)
    assert not log.producers.entries
