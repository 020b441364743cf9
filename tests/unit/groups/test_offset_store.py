"""Committed offsets, plain and transactional."""

from __future__ import annotations

from ottla.groups.log_records import OffsetRecord, TransactionMarker
from ottla.groups.offset_store import CommittedOffset, OffsetStore
from ottla.groups.records import NO_EXPIRY, OffsetCommitKey, OffsetCommitValue
from ottla.types import ZERO_UUID, TopicPartition

PRODUCER = 42


def commit(store: OffsetStore, offset: int | None, *, partition: int = 0, producer_id: int = -1) -> None:
    value = None if offset is None else OffsetCommitValue(offset=offset, metadata="", commit_timestamp=1)
    store.replay(OffsetRecord(OffsetCommitKey(group="g", topic="t", partition=partition), value, producer_id))


def offset_of(store: OffsetStore, partition: int = 0) -> int | None:
    committed = store.get("g", "t", partition)
    return None if committed is None else committed.offset


def test_the_last_commit_counts_and_a_removal_leaves_nothing() -> None:
    store = OffsetStore()
    commit(store, 1)
    commit(store, 2)
    assert offset_of(store) == 2
    commit(store, None)
    assert offset_of(store) is None
    assert store.topics("g") == {}
    commit(store, None)


def test_a_transaction_decides_about_its_commits() -> None:
    store = OffsetStore()
    commit(store, 1)
    commit(store, 2, producer_id=PRODUCER)
    assert offset_of(store) == 1
    assert store.has_pending("g", "t", 0)
    assert store.has_open_transaction("g")
    store.replay_marker(TransactionMarker(PRODUCER, committed=True))
    assert offset_of(store) == 2
    assert not store.has_pending("g", "t", 0)
    commit(store, 3, producer_id=PRODUCER)
    store.replay_marker(TransactionMarker(PRODUCER, committed=False))
    assert offset_of(store) == 2
    assert not store.has_open_transaction("g")


def test_of_a_plain_and_a_transactional_commit_the_later_record_wins() -> None:
    store = OffsetStore()
    commit(store, 1, producer_id=PRODUCER)
    commit(store, 2)
    store.replay_marker(TransactionMarker(PRODUCER, committed=True))
    assert offset_of(store) == 2


def test_a_removal_takes_what_is_undecided_with_it() -> None:
    store = OffsetStore()
    commit(store, 1, producer_id=PRODUCER)
    commit(store, None)
    store.replay_marker(TransactionMarker(PRODUCER, committed=True))
    assert offset_of(store) is None


def test_a_marker_of_a_producer_without_commits_changes_nothing() -> None:
    store = OffsetStore()
    store.replay_marker(TransactionMarker(PRODUCER, committed=True))
    assert store.topics("g") == {}


def test_partitions_and_groups_are_found_decided_or_not() -> None:
    store = OffsetStore()
    commit(store, 1)
    commit(store, 1, producer_id=PRODUCER)
    commit(store, 1, partition=5, producer_id=PRODUCER)
    assert list(store.partitions_of("g")) == [TopicPartition("t", 0), TopicPartition("t", 5)]
    assert store.groups_with("t") == ["g"]
    assert store.groups_with("u") == []


def test_an_expiry_of_its_own_goes_before_the_retention() -> None:
    def committed(expire_ms: int) -> CommittedOffset:
        return CommittedOffset(1, -1, "", 100, expire_ms, ZERO_UUID, 1)

    assert not committed(NO_EXPIRY).is_expired(149, 50, 100)
    assert committed(NO_EXPIRY).is_expired(150, 50, 100)
    assert committed(120).is_expired(120, 50, 100)
    assert not committed(900).is_expired(150, 50, 100)
