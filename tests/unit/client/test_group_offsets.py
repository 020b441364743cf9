"""Committed offsets are asked for in either form of the request, and stored with what goes wrong told."""

from typing import Any

import pytest
from tests.support.client_cluster import cluster_of, coordinator_response, metadata_response
from tests.support.scripted_node import ScriptedNode

from ottla.client.failures import ApiError
from ottla.client.group_offsets import (
    GroupIdentity,
    OffsetAndMetadata,
    commit_failure,
    commit_offsets,
    fetch_committed,
)
from ottla.errors import ErrorCode
from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.messages import offset_fetch
from ottla.protocol.messages.offset_commit import (
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from ottla.types import TopicPartition

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class _Coordinator:
    """A node that coordinates, and answers all else by `answer`."""

    def __init__(self, answer: Any, newest: int = 9) -> None:
        self._answer = answer
        offered = {api.key: (api.min_version, api.max_version) for api in APIS.values() if api.served}
        offered[ApiKey.OFFSET_FETCH] = (1, newest)
        self.node = ScriptedNode(self._react, offered=offered)

    def _react(self, key: ApiKey, version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response({1: self.node.port})
        if key is ApiKey.FIND_COORDINATOR:
            return coordinator_response(1, self.node.port)
        return self._answer(version, request)


def _older(_: int, __: Any) -> Any:
    rows = [
        offset_fetch.OffsetFetchResponsePartition(
            partition_index=index, committed_offset=offset, committed_leader_epoch=2, metadata="m"
        )
        for index, offset in ((0, 5), (1, -1))
    ]
    return offset_fetch.OffsetFetchResponse(
        topics=[offset_fetch.OffsetFetchResponseTopic(name="t", partitions=rows)]
    )


def _newer(_: int, __: Any) -> Any:
    rows = [
        offset_fetch.OffsetFetchResponsePartitions(
            partition_index=index, committed_offset=offset, committed_leader_epoch=2, metadata="m"
        )
        for index, offset in ((0, 5), (1, -1))
    ]
    topics = [offset_fetch.OffsetFetchResponseTopics(name="t", partitions=rows)]
    return offset_fetch.OffsetFetchResponse(
        groups=[offset_fetch.OffsetFetchResponseGroup(group_id="group", topics=topics)]
    )


@pytest.mark.parametrize(("newest", "answer"), [(7, _older), (9, _newer)])
def test_offsets_are_read_in_both_forms(newest: int, answer: Any) -> None:
    coordinator = _Coordinator(answer, newest)
    with coordinator.node as node, cluster_of(node.address) as cluster:
        found = fetch_committed(cluster, "group", [A, B])
        assert found == {A: OffsetAndMetadata(5, 2, "m")}
        assert fetch_committed(cluster, "group", None) == found
        one, everything = node.requests(ApiKey.OFFSET_FETCH)
        rows = (one.groups[0] if newest > 7 else one).topics
        assert rows[0].partition_indexes == [0, 1]
        assert (everything.groups[0] if newest > 7 else everything).topics is None


def _committed(*codes: int) -> Any:
    answers = iter(codes)

    def answer(_: int, request: Any) -> Any:
        code = next(answers)
        rows = [
            OffsetCommitResponsePartition(partition_index=row.partition_index, error_code=code)
            for row in request.topics[0].partitions
        ]
        return OffsetCommitResponse(topics=[OffsetCommitResponseTopic(name="t", partitions=rows)])

    return answer


def test_a_commit_is_tried_again_while_its_error_passes() -> None:
    coordinator = _Coordinator(_committed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0))
    with coordinator.node as node, cluster_of(node.address) as cluster:
        identity = GroupIdentity("group", 3, "member", "instance")
        assert commit_offsets(cluster, identity, {A: OffsetAndMetadata(9, 1, "x")}) == {}
        request = node.requests(ApiKey.OFFSET_COMMIT)[1]
    assert (request.generation_id_or_member_epoch, request.member_id) == (3, "member")
    assert request.group_instance_id == "instance"
    row = request.topics[0].partitions[0]
    assert (row.committed_offset, row.committed_leader_epoch, row.committed_metadata) == (9, 1, "x")


def test_a_commit_that_is_refused_says_where_and_why() -> None:
    coordinator = _Coordinator(_committed(ErrorCode.ILLEGAL_GENERATION))
    with coordinator.node as node, cluster_of(node.address) as cluster:
        refused = commit_offsets(cluster, GroupIdentity("group"), {A: OffsetAndMetadata(9)})
    assert refused[A].code is ErrorCode.ILLEGAL_GENERATION
    told = commit_failure(refused[A])
    assert told.java_class == "org.apache.kafka.clients.consumer.CommitFailedException"
    other = ApiError(ErrorCode.OFFSET_METADATA_TOO_LARGE)
    assert commit_failure(other) is other
