from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.end_quorum_epoch import EndedPartition, EndedTopic, EndQuorumEpochRequest


def ended(leader_id: int, epoch: int, *, cluster_id: str | None = None) -> EndQuorumEpochRequest:
    told = EndedPartition(leader_id=leader_id, leader_epoch=epoch)
    topic = EndedTopic(topic_name="__cluster_metadata", partitions=[told])
    return EndQuorumEpochRequest(cluster_id=cluster_id, topics=[topic])


def test_no_other_leader_steps_down(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        epoch = started.epoch
        for request, code in (
            (ended(NODE_ID, epoch), ErrorCode.NONE),
            (ended(OTHER_ID, epoch), ErrorCode.INCONSISTENT_VOTER_SET),
            (ended(OTHER_ID, epoch + 1), ErrorCode.INCONSISTENT_VOTER_SET),
            (ended(OTHER_ID, epoch - 1), ErrorCode.FENCED_LEADER_EPOCH),
            (ended(-1, epoch), ErrorCode.INVALID_REQUEST),
        ):
            answer = await started.ask(ApiKey.END_QUORUM_EPOCH, 1, request)
            (partition,) = answer.topics[0].partitions
            assert (answer.error_code, partition.error_code) == (ErrorCode.NONE, code)
            assert (partition.leader_id, partition.leader_epoch) == (NODE_ID, epoch)
            assert [endpoint.port for endpoint in answer.node_endpoints] == [9093]

    with_quorum(tmp_path, main)


def test_another_cluster_and_another_partition_are_refused_as_a_whole(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        answer = await started.ask(ApiKey.END_QUORUM_EPOCH, 1, ended(NODE_ID, 1, cluster_id="another"))
        assert answer.error_code == ErrorCode.INCONSISTENT_CLUSTER_ID
        answer = await started.ask(ApiKey.END_QUORUM_EPOCH, 1, EndQuorumEpochRequest())
        assert answer.error_code == ErrorCode.INVALID_REQUEST

    with_quorum(tmp_path, main)
