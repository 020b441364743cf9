"""The quorum over a real log: positions, observers, and who waits for the next record."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.coordination.metadata_cluster import result_of
from tests.unit.handlers.quorum_support import QuorumNode, with_quorum

from ottla.coordination import quorum as q
from ottla.coordination.quorum import Observer, Position, PositionKind
from ottla.metadata.snapshot import SnapshotId
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.types import ZERO_UUID

NOW_MS = 1_700_000_000_000


async def create(started: QuorumNode, *names: str) -> None:
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in names]
    await result_of(started.node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def test_the_high_watermark_is_the_end_of_what_is_on_the_disk(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        before = started.quorum.high_watermark
        assert before == started.node.log.end_offset
        await create(started, "t")
        assert started.quorum.high_watermark == started.node.image.offset + 1 > before

    with_quorum(tmp_path, main)


def test_a_follower_goes_on_where_its_log_ends(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        quorum, end = started.quorum, started.quorum.high_watermark
        assert quorum.position(0, 0) == Position(PositionKind.VALID, 0, 0)
        assert quorum.position(end, 1) == Position(PositionKind.VALID, end, 1)
        assert quorum.position(end + 5, 1) == Position(PositionKind.DIVERGING, end, 1)
        assert quorum.position(end, 7) == Position(PositionKind.DIVERGING, end, 1)

    with_quorum(tmp_path, main)


def test_a_follower_with_nothing_is_sent_to_the_snapshot(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        await create(started, "t")
        await result_of(started.node.writer.submit_flush(lambda: None))
        latest = started.node.log.snapshots.latest
        assert latest is not None
        expected = Position(PositionKind.SNAPSHOT, latest.end_offset, latest.epoch)
        assert started.quorum.position(0, 0) == expected
        size_bytes, head = await result_of(started.quorum.read_snapshot(latest, 0, 100)) or (0, b"")
        _, rest = await result_of(started.quorum.read_snapshot(latest, 100, 1_000_000)) or (0, b"")
        assert len(head) == 100
        assert len(head + rest) == size_bytes
        assert await result_of(started.quorum.read_snapshot(latest, size_bytes, 10)) == (size_bytes, b"")
        assert await result_of(started.quorum.read_snapshot(SnapshotId(1, 9), 0, 10)) is None
        assert await result_of(started.quorum.read_snapshot(SnapshotId(0, 0), 0, 10)) is None

    with_quorum(tmp_path, main, metadata_log_max_record_bytes_between_snapshots="1")


def test_an_observer_is_remembered_while_it_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q, "MOST_OBSERVERS", 2)

    async def main(started: QuorumNode) -> None:
        quorum, end = started.quorum, started.quorum.high_watermark
        quorum.observe(-1, ZERO_UUID, end, NOW_MS)
        assert quorum.observers(NOW_MS) == []
        quorum.observe(5, ZERO_UUID, end, NOW_MS)
        (observer,) = quorum.observers(NOW_MS + 1)
        assert (observer.node_id, observer.log_end_offset) == (5, end)
        assert (observer.last_fetch_ms, observer.last_caught_up_ms) == (NOW_MS, NOW_MS)
        for node_id in (6, 7):
            quorum.observe(node_id, ZERO_UUID, 1, NOW_MS + 1)
        assert [each.node_id for each in quorum.observers(NOW_MS + 2)] == [6, 7]
        assert quorum.observers(NOW_MS + 1 + q.OBSERVER_SESSION_TIMEOUT_MS) == []

    with_quorum(tmp_path, main)


def test_an_observer_is_caught_up_as_of_the_fetch_whose_end_it_has_reached() -> None:
    observer = Observer(5, ZERO_UUID)
    observer.fetched(3, leader_end_offset=10, now_ms=NOW_MS)
    assert observer.last_caught_up_ms == -1
    observer.fetched(10, leader_end_offset=12, now_ms=NOW_MS + 50)
    assert observer.last_caught_up_ms == NOW_MS
    observer.fetched(12, leader_end_offset=12, now_ms=NOW_MS + 90)
    assert observer.last_caught_up_ms == NOW_MS + 90


def test_whoever_waits_hears_of_the_next_record(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        waiting = started.quorum.wait_for_append(60_000)
        assert not waiting.done
        await create(started, "t")
        assert waiting.done
        await result_of(started.quorum.wait_for_append(1))
        held = started.quorum.wait_for_append(60_000)
        started.quorum.close()
        assert held.done
        assert started.quorum.wait_for_append(60_000).done

    with_quorum(tmp_path, main)


def test_only_so_many_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q, "MOST_WAITING_FETCHES", 1)

    async def main(started: QuorumNode) -> None:
        assert not started.quorum.wait_for_append(60_000).done
        assert started.quorum.wait_for_append(60_000).done
        started.quorum.close()

    with_quorum(tmp_path, main)


def test_the_configured_voter_is_this_node(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        voter = started.quorum.voter()
        assert (voter.node_id, voter.directory_id) == (1, ZERO_UUID)
        assert voter.listeners == [("CONTROLLER", "localhost", 9093)]
        endpoint = started.quorum.leader_endpoint("CONTROLLER")
        assert endpoint is not None
        assert endpoint.port == 9093
        assert started.quorum.leader_endpoint("PLAINTEXT") is None

    with_quorum(tmp_path, main)
