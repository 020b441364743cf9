"""What goes to leaders is split between them, and asked anew where one has moved."""

from typing import Any

from tests.support.client_cluster import cluster_of, metadata_response
from tests.support.scripted_node import ScriptedNode

from ottla.client.failures import ApiError, RequestTimeoutError
from ottla.client.leaders import EARLIEST, LATEST, MAX_TIMESTAMP, FoundOffset, list_offsets
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
            found = list_offsets(cluster, {A: LATEST, B: EARLIEST}, isolation_level=1)
    assert found == {A: FoundOffset(11, -1, -1), B: FoundOffset(22, -1, -1)}
    (request,) = other.requests(ApiKey.LIST_OFFSETS)
    assert request.isolation_level == 1
    assert request.topics[0].partitions[0].timestamp == EARLIEST


def test_a_leader_that_moved_is_looked_up_again() -> None:
    codes = iter([ErrorCode.NOT_LEADER_OR_FOLLOWER, 0])

    def script(key: ApiKey, _version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response({1: node.port}, {"t": [1]})
        return _offsets(request, 5, next(codes))

    with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
        assert list_offsets(cluster, {A: LATEST}) == {A: FoundOffset(5, -1, -1)}
        assert len(node.requests(ApiKey.METADATA)) == 2


def _outcome(script: Any, timeout_s: float, wanted: int = LATEST, **offered: Any) -> FoundOffset | ApiError:
    with ScriptedNode(script, **offered) as node:
        ports[1] = node.port
        with cluster_of(node.address) as cluster:
            return list_offsets(cluster, {A: wanted}, timeout_s=timeout_s)[A]


ports: dict[int, int] = {}


def test_an_error_that_does_not_pass_is_the_outcome() -> None:
    def script(key: ApiKey, _version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response(ports, {"t": [1]})
        return _offsets(request, -1, ErrorCode.TOPIC_AUTHORIZATION_FAILED)

    outcome = _outcome(script, 30)
    assert isinstance(outcome, ApiError)
    assert outcome.code is ErrorCode.TOPIC_AUTHORIZATION_FAILED


def test_an_error_that_stays_is_a_timeout() -> None:
    def script(key: ApiKey, _version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response(ports, {"t": [1]})
        return _offsets(request, -1, ErrorCode.LEADER_NOT_AVAILABLE)

    assert isinstance(_outcome(script, 0.02), RequestTimeoutError)


def test_a_name_that_the_node_does_not_know_is_not_asked_for() -> None:
    def script(_key: ApiKey, _version: int, _request: Any) -> Any:
        return metadata_response(ports, {"t": [1]})

    offered = {api.key: (api.min_version, api.max_version) for api in APIS.values()}
    offered[ApiKey.LIST_OFFSETS] = (1, 6)
    outcome = _outcome(script, 30, MAX_TIMESTAMP, offered=offered)
    assert isinstance(outcome, ApiError)
    assert outcome.code is ErrorCode.UNSUPPORTED_VERSION
