"""Positions go on where they were, and forget what was fetched before a jump."""

from ottla.client.consumer_settings import ResetPolicy
from ottla.client.positions import Positions
from ottla.types import TopicPartition

A, B, C = (TopicPartition("t", number) for number in range(3))


def test_partitions_that_stay_go_on() -> None:
    positions = Positions()
    positions.replace([A, B])
    positions.seek(B, 7)
    stamp = positions.by_partition[B].stamp
    positions.replace([B, C])
    assert positions.by_partition[B].offset == 7
    assert positions.by_partition[B].stamp == stamp
    assert positions.without_offset() == [C]


def test_a_seek_has_a_stamp_of_its_own() -> None:
    positions = Positions()
    positions.replace([A])
    positions.seek(A, 1)
    first = positions.by_partition[A].stamp
    positions.seek(A, 1)
    assert positions.by_partition[A].stamp != first
    assert positions.by_partition[A].fetch_offset == 1


def test_a_partition_that_comes_again_is_another() -> None:
    positions = Positions()
    positions.replace([A])
    stamp = positions.by_partition[A].stamp
    positions.replace([])
    positions.replace([A])
    assert positions.by_partition[A].stamp != stamp


def test_a_reset_waits_for_its_offset() -> None:
    positions = Positions()
    positions.replace([A, B])
    positions.seek(A, 1)
    positions.seek(B, 2, 5)
    positions.request_reset(A, ResetPolicy("earliest"))
    assert positions.to_reset() == {A: ResetPolicy("earliest")}
    assert not positions.without_offset()
    assert list(positions.consumed()) == [B]
    positions.seek(A, 0)
    assert not positions.to_reset()
    assert positions.by_partition[B].last_epoch == 5


def test_every_change_is_counted() -> None:
    positions = Positions()
    seen = [positions.changes]
    positions.replace([A])
    seen.append(positions.changes)
    positions.seek(A, 1)
    seen.append(positions.changes)
    positions.request_reset(A, ResetPolicy("latest"))
    seen.append(positions.changes)
    positions.replace([])
    seen.append(positions.changes)
    assert seen == sorted(set(seen))
