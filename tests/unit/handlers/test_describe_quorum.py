from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.describe_quorum import (
    DescribeQuorumPartition,
    DescribeQuorumRequest,
    DescribeQuorumTopic,
)
from ottla.types import ZERO_UUID


def asked(topic: str = "__cluster_metadata", *partitions: int) -> DescribeQuorumRequest:
    wanted = [DescribeQuorumPartition(partition_index=number) for number in partitions or (0,)]
    return DescribeQuorumRequest(topics=[DescribeQuorumTopic(topic_name=topic, partitions=wanted)])


def test_this_node_leads_and_votes_and_others_observe(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        end = started.quorum.high_watermark
        started.quorum.observe(OTHER_ID, ZERO_UUID, end, 1_700_000_000_000)
        for on_controller in (True, False):
            answer = await started.ask(ApiKey.DESCRIBE_QUORUM, 2, asked(), on_controller=on_controller)
            (partition,) = answer.topics[0].partitions
            assert (answer.error_code, partition.error_code) == (ErrorCode.NONE, ErrorCode.NONE)
            assert (partition.leader_id, partition.leader_epoch) == (NODE_ID, started.epoch)
            assert partition.high_watermark == end
            (voter,) = partition.current_voters
            assert (voter.replica_id, voter.log_end_offset) == (NODE_ID, end)
            assert voter.last_fetch_timestamp == voter.last_caught_up_timestamp > 0
            (observer,) = partition.observers
            assert (observer.replica_id, observer.log_end_offset) == (OTHER_ID, end)
            (node,) = answer.nodes
            (listener,) = node.listeners
            assert (node.node_id, listener.name, listener.port) == (NODE_ID, "CONTROLLER", 9093)

    with_quorum(tmp_path, main)


def test_there_is_no_other_quorum(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for request in (asked("orders"), asked("__cluster_metadata", 1), asked("__cluster_metadata", 0, 1)):
            answer = await started.ask(ApiKey.DESCRIBE_QUORUM, 2, request)
            codes = [each.error_code for each in answer.topics[0].partitions]
            assert set(codes) == {ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
            assert len(codes) == len(request.topics[0].partitions)
        assert (await started.ask(ApiKey.DESCRIBE_QUORUM, 0, DescribeQuorumRequest())).topics == []

    with_quorum(tmp_path, main)
