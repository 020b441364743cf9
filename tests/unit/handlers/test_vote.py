from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.vote import VotePartition, VoteRequest, VoteTopic
from ottla.types import Uuid

SOMEWHERE = Uuid(b"somewhere-else--")


def candidate(epoch: int, **fields: Any) -> VoteRequest:
    request_fields = {name: fields.pop(name) for name in ("cluster_id", "voter_id") if name in fields}
    wish = VotePartition(
        **{"replica_epoch": epoch, "replica_id": OTHER_ID, "last_offset_epoch": 0, "last_offset": 5, **fields}
    )
    topic = VoteTopic(topic_name="__cluster_metadata", partitions=[wish])
    return VoteRequest(topics=[topic], **request_fields)


def test_nobody_gets_the_vote_and_everybody_hears_who_leads(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        epoch = started.epoch
        for request, code in (
            (candidate(epoch), ErrorCode.NONE),
            (candidate(epoch, cluster_id=CLUSTER_ID, voter_id=NODE_ID), ErrorCode.NONE),
            (candidate(epoch, voter_id=NODE_ID, voter_directory_id=SOMEWHERE), ErrorCode.INVALID_VOTER_KEY),
            (candidate(epoch, voter_id=OTHER_ID), ErrorCode.INVALID_VOTER_KEY),
            (candidate(epoch - 1, pre_vote=True), ErrorCode.FENCED_LEADER_EPOCH),
            (candidate(epoch + 1), ErrorCode.INCONSISTENT_VOTER_SET),
            (candidate(epoch, replica_id=-1), ErrorCode.INVALID_REQUEST),
            (candidate(epoch, last_offset=-1), ErrorCode.INVALID_REQUEST),
            (candidate(epoch, last_offset_epoch=epoch), ErrorCode.INVALID_REQUEST),
            (candidate(epoch, last_offset_epoch=epoch, pre_vote=True), ErrorCode.NONE),
            (candidate(epoch, last_offset_epoch=epoch + 1, pre_vote=True), ErrorCode.INVALID_REQUEST),
        ):
            answer = await started.ask(ApiKey.VOTE, 2, request)
            (partition,) = answer.topics[0].partitions
            assert (answer.error_code, partition.error_code) == (ErrorCode.NONE, code), request
            assert not partition.vote_granted
            assert (partition.leader_id, partition.leader_epoch) == (NODE_ID, epoch)
            (endpoint,) = answer.node_endpoints
            assert (endpoint.node_id, endpoint.port) == (NODE_ID, 9093)

    with_quorum(tmp_path, main)


def test_another_cluster_and_another_partition_are_refused_as_a_whole(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        request = candidate(started.epoch, cluster_id="another")
        assert (await started.ask(ApiKey.VOTE, 2, request)).error_code == ErrorCode.INCONSISTENT_CLUSTER_ID
        for topics in ([], [VoteTopic(topic_name="orders", partitions=[VotePartition()])]):
            answer = await started.ask(ApiKey.VOTE, 2, VoteRequest(topics=topics))
            assert (answer.error_code, answer.topics) == (ErrorCode.INVALID_REQUEST, [])

    with_quorum(tmp_path, main)
