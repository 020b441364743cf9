from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.coordination.metadata_cluster import metadata_directory, result_of
from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.coordination import quorum as q
from ottla.errors import ErrorCode
from ottla.metadata.snapshot import SnapshotId
from ottla.protocol.api import ApiKey
from ottla.protocol.messages import fetch_snapshot as m


def piece_of(
    snapshot_id: tuple[int, int],
    position: int,
    epoch: int,
    *,
    topic: str = "__cluster_metadata",
    **fields: Any,
) -> m.FetchSnapshotRequest:
    wish = m.PartitionSnapshot(
        current_leader_epoch=epoch,
        snapshot_id=m.SnapshotId(end_offset=snapshot_id[0], epoch=snapshot_id[1]),
        position=position,
    )
    topics = [m.TopicSnapshot(name=topic, partitions=[wish])]
    return m.FetchSnapshotRequest(**{"replica_id": OTHER_ID, "topics": topics, **fields})


async def snapshot_of(started: QuorumNode) -> SnapshotId:
    await result_of(started.node.writer.submit_flush(lambda: None))
    latest = started.node.log.snapshots.latest
    assert latest is not None
    return latest


OFTEN = {"metadata_log_max_record_bytes_between_snapshots": "1"}


def test_a_snapshot_is_fetched_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q, "SNAPSHOT_PIECE_BYTES", 200)

    async def main(started: QuorumNode) -> None:
        latest = await snapshot_of(started)
        content = b""
        while True:
            request = piece_of(latest, len(content), started.epoch)
            answer = await started.ask(ApiKey.FETCH_SNAPSHOT, 1, request)
            (piece,) = answer.topics[0].partitions
            assert (answer.error_code, piece.error_code) == (ErrorCode.NONE, ErrorCode.NONE)
            assert (piece.snapshot_id.end_offset, piece.snapshot_id.epoch) == latest
            assert (piece.position, 0 < len(piece.unaligned_records) <= 200) == (len(content), True)
            content += bytes(piece.unaligned_records)
            if len(content) == piece.size:
                break
        assert content == (metadata_directory(tmp_path) / latest.file_name).read_bytes()
        assert [(each.node_id, each.port) for each in answer.node_endpoints] == [(NODE_ID, 9093)]

    with_quorum(tmp_path, main, **OFTEN)


def test_what_is_not_there_is_refused_with_the_leader_named(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        latest, epoch = await snapshot_of(started), started.epoch
        size = (metadata_directory(tmp_path) / latest.file_name).stat().st_size
        for request, code in (
            (piece_of((1, 9), 0, epoch), ErrorCode.SNAPSHOT_NOT_FOUND),
            (piece_of((0, 0), 0, epoch), ErrorCode.SNAPSHOT_NOT_FOUND),
            (piece_of(latest, size, epoch), ErrorCode.POSITION_OUT_OF_RANGE),
            (piece_of(latest, -1, epoch), ErrorCode.POSITION_OUT_OF_RANGE),
            (piece_of(latest, 0, epoch - 1), ErrorCode.FENCED_LEADER_EPOCH),
            (piece_of(latest, 0, epoch + 1), ErrorCode.UNKNOWN_LEADER_EPOCH),
        ):
            answer = await started.ask(ApiKey.FETCH_SNAPSHOT, 1, request)
            (piece,) = answer.topics[0].partitions
            assert (answer.error_code, piece.error_code) == (ErrorCode.NONE, code)
            assert (piece.current_leader.leader_id, piece.current_leader.leader_epoch) == (NODE_ID, epoch)

    with_quorum(tmp_path, main, **OFTEN)


def test_another_topic_and_another_cluster_are_refused(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        epoch = started.epoch
        answer = await started.ask(ApiKey.FETCH_SNAPSHOT, 1, piece_of((1, 1), 0, epoch, topic="orders"))
        (piece,) = answer.topics[0].partitions
        assert (answer.topics[0].name, piece.error_code) == ("orders", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        assert piece.current_leader is None
        answer = await started.ask(ApiKey.FETCH_SNAPSHOT, 1, piece_of((1, 1), 0, epoch, cluster_id="another"))
        assert answer.error_code == ErrorCode.INCONSISTENT_CLUSTER_ID
        answer = await started.ask(ApiKey.FETCH_SNAPSHOT, 1, m.FetchSnapshotRequest())
        assert answer.error_code == ErrorCode.INVALID_REQUEST

    with_quorum(tmp_path, main)
