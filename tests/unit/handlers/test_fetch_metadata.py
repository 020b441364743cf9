"""Fetch on the controller listener: an observer gets the whole log, as it lies on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.coordination.metadata_cluster import metadata_directory, result_of
from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ReplicaState
from ottla.types import METADATA_TOPIC_ID, Uuid

NEWEST = 18


def fetch(offset: int, last_epoch: int, epoch: int, **fields: Any) -> FetchRequest:
    wish = FetchPartition(
        fetch_offset=offset,
        last_fetched_epoch=last_epoch,
        current_leader_epoch=epoch,
        **{name: fields.pop(name) for name in ("high_watermark",) if name in fields},
    )
    topic = FetchTopic(topic_id=fields.pop("topic_id", METADATA_TOPIC_ID), partitions=[wish])
    state = ReplicaState(replica_id=fields.pop("replica_id", OTHER_ID))
    return FetchRequest(**{"max_wait_ms": 0, "topics": [topic], "replica_state": state, **fields})


def partition_of(answer: Any) -> Any:
    (partition,) = answer.responses[0].partitions
    return partition


async def create(started: QuorumNode, name: str) -> None:
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1)]
    await result_of(started.node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def test_an_observer_reads_the_log_as_it_is_and_is_listed_then(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        answer = await started.ask(ApiKey.FETCH, NEWEST, fetch(0, 0, started.epoch, cluster_id=CLUSTER_ID))
        partition = partition_of(answer)
        assert (answer.error_code, partition.error_code) == (ErrorCode.NONE, ErrorCode.NONE)
        content = partition.records.read()
        partition.records.release()
        assert content == (metadata_directory(tmp_path) / "00000000000000000000.log").read_bytes()
        assert partition.high_watermark == started.quorum.high_watermark
        assert (partition.current_leader.leader_id, partition.current_leader.leader_epoch) == (
            NODE_ID,
            started.epoch,
        )
        assert [(each.node_id, each.port) for each in answer.node_endpoints] == [(NODE_ID, 9093)]
        assert [each.node_id for each in started.quorum.observers(1_700_000_000_000)] == [OTHER_ID]

    with_quorum(tmp_path, main)


def test_an_observer_at_the_end_waits_for_the_next_record(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        end, epoch = started.quorum.high_watermark, started.epoch
        waiting = started.begin(ApiKey.FETCH, NEWEST, fetch(end, epoch, epoch, max_wait_ms=60_000))
        assert isinstance(waiting, Completion)
        await create(started, "t")
        partition = partition_of(await result_of(waiting))
        assert len(partition.records) > 0
        partition.records.release()
        assert partition.high_watermark > end
        behind = fetch(end, epoch, epoch, max_wait_ms=60_000, high_watermark=end)
        at_once = started.begin(ApiKey.FETCH, NEWEST, behind)
        assert not isinstance(at_once, Completion)
        partition_of(at_once).records.release()

    with_quorum(tmp_path, main)


def test_one_that_does_not_know_the_end_of_what_is_committed_is_told_at_once(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        end, epoch = started.quorum.high_watermark, started.epoch
        request = fetch(end, epoch, epoch, max_wait_ms=60_000, high_watermark=end - 1)
        partition = partition_of(started.begin(ApiKey.FETCH, NEWEST, request))
        assert (partition.high_watermark, len(partition.records)) == (end, 0)

    with_quorum(tmp_path, main)


def test_a_log_that_diverges_is_told_where(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        end, epoch = started.quorum.high_watermark, started.epoch
        partition = partition_of(
            await started.ask(ApiKey.FETCH, NEWEST, fetch(end + 3, epoch, epoch, max_wait_ms=60_000))
        )
        assert (partition.diverging_epoch.epoch, partition.diverging_epoch.end_offset) == (epoch, end)

    with_quorum(tmp_path, main)


def test_one_without_a_log_is_sent_to_the_snapshot(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        await create(started, "t")
        await result_of(started.node.writer.submit_flush(lambda: None))
        latest = started.node.log.snapshots.latest
        assert latest is not None
        partition = partition_of(await started.ask(ApiKey.FETCH, NEWEST, fetch(0, 0, started.epoch)))
        assert (partition.snapshot_id.end_offset, partition.snapshot_id.epoch) == latest
        assert len(partition.records) == 0

    with_quorum(tmp_path, main, metadata_log_max_record_bytes_between_snapshots="1")


def test_a_fetch_that_means_another_epoch_or_nothing_is_refused(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        end, epoch = started.quorum.high_watermark, started.epoch
        for request, code in (
            (fetch(0, 0, epoch - 1), ErrorCode.FENCED_LEADER_EPOCH),
            (fetch(0, 0, epoch + 1), ErrorCode.UNKNOWN_LEADER_EPOCH),
            (fetch(-1, 0, epoch), ErrorCode.INVALID_REQUEST),
            (fetch(0, -1, epoch), ErrorCode.INVALID_REQUEST),
            (fetch(0, epoch + 1, epoch), ErrorCode.INVALID_REQUEST),
            (fetch(0, 0, epoch, max_wait_ms=-1), ErrorCode.INVALID_REQUEST),
            (fetch(end, epoch, epoch, replica_id=NODE_ID), ErrorCode.UNKNOWN_SERVER_ERROR),
        ):
            answer = await started.ask(ApiKey.FETCH, NEWEST, request)
            assert (answer.error_code, partition_of(answer).error_code) == (ErrorCode.NONE, code)
            assert partition_of(answer).high_watermark == -1

    with_quorum(tmp_path, main)


def test_another_cluster_and_another_topic_are_refused_as_a_whole(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for fields, code in (
            ({"cluster_id": "another"}, ErrorCode.INCONSISTENT_CLUSTER_ID),
            ({"topic_id": Uuid(b"another-topic---")}, ErrorCode.INVALID_REQUEST),
            ({"topics": []}, ErrorCode.INVALID_REQUEST),
        ):
            answer = await started.ask(ApiKey.FETCH, NEWEST, fetch(0, 0, started.epoch, **fields))
            assert (answer.error_code, answer.responses) == (code, [])

    with_quorum(tmp_path, main)
