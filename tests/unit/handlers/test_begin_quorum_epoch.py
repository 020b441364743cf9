from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.begin_quorum_epoch import BeginQuorumEpochRequest, BegunPartition, BegunTopic


def begun(leader_id: int, epoch: int, *, voter_id: int = -1, cluster_id: str | None = None) -> object:
    told = BegunPartition(leader_id=leader_id, leader_epoch=epoch)
    topic = BegunTopic(topic_name="__cluster_metadata", partitions=[told])
    return BeginQuorumEpochRequest(cluster_id=cluster_id, voter_id=voter_id, topics=[topic])


def test_no_other_leader_is_taken(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        epoch = started.epoch
        for request, code in (
            (begun(NODE_ID, epoch), ErrorCode.NONE),
            (begun(NODE_ID, epoch, voter_id=OTHER_ID), ErrorCode.INVALID_VOTER_KEY),
            (begun(OTHER_ID, epoch), ErrorCode.INCONSISTENT_VOTER_SET),
            (begun(OTHER_ID, epoch + 1), ErrorCode.INCONSISTENT_VOTER_SET),
            (begun(OTHER_ID, epoch - 1), ErrorCode.FENCED_LEADER_EPOCH),
            (begun(-1, epoch), ErrorCode.INVALID_REQUEST),
        ):
            answer = await started.ask(ApiKey.BEGIN_QUORUM_EPOCH, 1, request)
            (partition,) = answer.topics[0].partitions
            assert (answer.error_code, partition.error_code) == (ErrorCode.NONE, code)
            assert (partition.leader_id, partition.leader_epoch) == (NODE_ID, epoch)
            assert [endpoint.port for endpoint in answer.node_endpoints] == [9093]

    with_quorum(tmp_path, main)


def test_another_cluster_and_another_partition_are_refused_as_a_whole(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        answer = await started.ask(ApiKey.BEGIN_QUORUM_EPOCH, 1, begun(NODE_ID, 1, cluster_id="another"))
        assert answer.error_code == ErrorCode.INCONSISTENT_CLUSTER_ID
        answer = await started.ask(ApiKey.BEGIN_QUORUM_EPOCH, 1, BeginQuorumEpochRequest())
        assert answer.error_code == ErrorCode.INVALID_REQUEST

    with_quorum(tmp_path, main)
