"""What goes to leaders is split between them, and their metadata is distrusted where one has moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.client_cluster import cluster_of, metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

from ottla.client.failures import ApiError
from ottla.client.leaders import EARLIEST, LATEST, MAX_TIMESTAMP, FoundOffset, list_offsets
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from ottla.types import TopicPartition

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


def _offsets(request: Any, offset: int, error_code: int = 0) -> ListOffsetsResponse:
    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    ListOffsetsPartitionResponse(
                        partition_index=row.partition_index, error_code=error_code, offset=offset
                    )
                    for row in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def test_each_leader_is_asked_for_its_own() -> None:
    with ScriptedNode(lambda _key, _version, request: _offsets(request, 22)) as other:

        def script(key: ApiKey, _version: int, request: Any) -> Any:
            if key is ApiKey.METADATA:
                return metadata_response({1: node.port, 2: other.port}, {"t": [1, 2]})
            return _offsets(request, 11)

        with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
            metadata = TopicMetadata(cluster, 300_000)
            found = list_offsets(cluster, {A: LATEST, B: EARLIEST}, metadata, isolation_level=1)
            assert not metadata.is_stale
    assert found == {A: FoundOffset(11, -1, -1), B: FoundOffset(22, -1, -1)}
    (request,) = other.requests(ApiKey.LIST_OFFSETS)
    assert request.isolation_level == 1
    assert request.topics[0].partitions[0].timestamp == EARLIEST


@contextmanager
def _one_node(
    answer: Any, *, leader: int = 1, **offered: Any
) -> Iterator[tuple[ScriptedNode, Any, TopicMetadata]]:
    """Give a node that leads one partition and answers ListOffsets with a code, or by closing."""

    def script(key: ApiKey, _version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response({1: node.port}, {"t": [leader]})
        return answer if answer is CLOSE else _offsets(request, 5, answer)

    with ScriptedNode(script, **offered) as node, cluster_of(node.address) as cluster:
        yield node, cluster, TopicMetadata(cluster, 300_000)


@pytest.mark.parametrize("answer", [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.LEADER_NOT_AVAILABLE, CLOSE])
def test_after_an_error_that_passes_the_leader_is_looked_up_again(answer: Any) -> None:
    with _one_node(answer) as (node, cluster, metadata):
        for attempt in (1, 2):
            outcome = list_offsets(cluster, {A: LATEST}, metadata)[A]
            assert isinstance(outcome, ApiError)
            assert outcome.is_retriable
            assert len(node.requests(ApiKey.METADATA)) == attempt
            assert metadata.is_stale


def test_an_error_that_does_not_pass_is_the_outcome() -> None:
    with _one_node(ErrorCode.TOPIC_AUTHORIZATION_FAILED) as (_, cluster, metadata):
        outcome = list_offsets(cluster, {A: LATEST}, metadata)[A]
        assert isinstance(outcome, ApiError)
        assert outcome.code is ErrorCode.TOPIC_AUTHORIZATION_FAILED
        assert not metadata.is_stale


def test_a_partition_without_a_leader_is_told_from_one_that_is_not_there() -> None:
    with _one_node(0, leader=-1) as (node, cluster, metadata):
        outcomes = list_offsets(cluster, {A: LATEST, B: LATEST}, metadata)
        assert [outcomes[each].code for each in (A, B)] == [  # type: ignore[union-attr]
            ErrorCode.LEADER_NOT_AVAILABLE,
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ]
        assert not node.requests(ApiKey.LIST_OFFSETS)
        assert metadata.is_stale


def test_a_name_that_the_node_does_not_know_is_not_asked_for() -> None:
    offered = {api.key: (api.min_version, api.max_version) for api in APIS.values()}
    offered[ApiKey.LIST_OFFSETS] = (1, 6)
    with _one_node(0, offered=offered) as (node, cluster, metadata):
        outcome = list_offsets(cluster, {A: MAX_TIMESTAMP}, metadata)[A]
        assert isinstance(outcome, ApiError)
        assert outcome.code is ErrorCode.UNSUPPORTED_VERSION
        assert not node.requests(ApiKey.LIST_OFFSETS)
