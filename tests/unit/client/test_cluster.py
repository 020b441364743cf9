"""A cluster asks until it is answered: other nodes, a moved controller, a moved coordinator."""

import socket
from typing import Any

import pytest
from tests.support.client_cluster import cluster_of, coordinator_response, metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

from ottla.client.cluster import error_codes
from ottla.client.failures import ApiError, ConfigurationError, RequestTimeoutError
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import (
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ottla.protocol.messages.describe_cluster import DescribeClusterBroker, DescribeClusterResponse
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _beat() -> HeartbeatRequest:
    return HeartbeatRequest(group_id="group", generation_id=1, member_id="m")


def test_a_bootstrap_address_without_a_node_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    gone = _unused_port()
    with (
        ScriptedNode(lambda *_: ListGroupsResponse()) as node,
        cluster_of(f"127.0.0.1:{gone},{node.address}") as cluster,
    ):
        assert cluster.ask_any(ListGroupsRequest()).error_code == 0
    warned = capsys.readouterr().err
    assert f"Connection to node -1 (127.0.0.1/127.0.0.1:{gone}) could not be established." in warned
    assert f"Bootstrap broker 127.0.0.1:{gone} (id: -1 rack: null isFenced: false) disconnected" in warned


def test_nobody_there_is_a_timeout_in_kafkas_words() -> None:
    with cluster_of(f"127.0.0.1:{_unused_port()}") as cluster, pytest.raises(RequestTimeoutError) as caught:
        cluster.ask_any(ListGroupsRequest(), timeout_s=0.05, call="listGroups")
    assert str(caught.value) == "Timed out waiting for a node assignment. Call: listGroups"


def test_a_node_that_is_silent_is_a_timeout_with_its_attempts() -> None:
    with (
        ScriptedNode(lambda *_: CLOSE) as node,
        cluster_of(node.address) as cluster,
        pytest.raises(RequestTimeoutError),
    ):
        cluster.ask_any(ListGroupsRequest(), timeout_s=0.05)
    assert len(node.asked) > 1


def test_a_name_that_does_not_resolve_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError, match="No resolvable bootstrap urls"):
        cluster_of("no-such-host.invalid:9092")
    assert "Couldn't resolve server no-such-host.invalid:9092" in capsys.readouterr().err


def test_a_lost_connection_is_made_again() -> None:
    answers = iter([CLOSE, ListGroupsResponse(), ListGroupsResponse()])
    with ScriptedNode(lambda *_: next(answers)) as node, cluster_of(node.address) as cluster:
        cluster.ask_any(ListGroupsRequest())
        cluster.ask_any(ListGroupsRequest())
    assert node.connections == 2


def test_metadata_teaches_the_nodes() -> None:
    with ScriptedNode(lambda *_: metadata_response({1: node.port, 2: 7}, {"t": [2]})) as node:
        with cluster_of(node.address) as cluster:
            response = cluster.metadata(["t"])
            assert [topic.name for topic in response.topics] == ["t"]
            assert {each.port for each in cluster.nodes.values()} == {node.port, 7}
            assert (cluster.controller_id, cluster.cluster_id) == (1, "scripted")
        assert not node.asked[0][2].allow_auto_topic_creation


def test_a_controller_that_moved_is_looked_up_again() -> None:
    created = CreateTopicsResponse(topics=[CreatableTopicResult(name="t")])
    moved = CreateTopicsResponse(topics=[CreatableTopicResult(name="t", error_code=ErrorCode.NOT_CONTROLLER)])

    def other_script(key: ApiKey, _version: int, _request: Any) -> Any:
        return created if key is ApiKey.CREATE_TOPICS else CLOSE

    with ScriptedNode(other_script) as other:
        lookups = iter([1, 2])

        def script(key: ApiKey, _version: int, _request: Any) -> Any:
            if key is ApiKey.METADATA:
                return metadata_response({1: node.port, 2: other.port}, controller_id=next(lookups))
            return moved

        with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
            assert cluster.ask_controller(CreateTopicsRequest()) == created
            assert cluster.controller_id == 2


def test_controllers_are_found_among_controllers() -> None:
    def script(key: ApiKey, _version: int, _request: Any) -> Any:
        if key is ApiKey.DESCRIBE_CLUSTER:
            row = DescribeClusterBroker(broker_id=9, host="127.0.0.1", port=node.port)
            return DescribeClusterResponse(endpoint_type=2, cluster_id="c", controller_id=9, brokers=[row])
        return CreateTopicsResponse()

    with ScriptedNode(script) as node:
        config = cluster_of(node.address).config
        from ottla.client.cluster import Cluster

        with Cluster(config, is_controller_bootstrap=True) as cluster:
            cluster.ask_controller(CreateTopicsRequest())
            assert cluster.describe_cluster().controller_id == 9
        assert {request.endpoint_type for request in node.requests(ApiKey.DESCRIBE_CLUSTER)} == {2}


@pytest.mark.parametrize(
    "code",
    [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS],
)
def test_a_coordinator_that_moved_is_looked_up_again(code: ErrorCode) -> None:
    codes = iter([code, 0])

    def script(key: ApiKey, _version: int, _request: Any) -> Any:
        if key is ApiKey.METADATA:
            return metadata_response({1: node.port})
        if key is ApiKey.FIND_COORDINATOR:
            return coordinator_response(1, node.port)
        return HeartbeatResponse(error_code=next(codes))

    with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
        assert cluster.ask_coordinator("group", _beat()).error_code == 0
        assert len(node.requests(ApiKey.FIND_COORDINATOR)) == 2


def test_a_coordinator_that_is_not_there_yet_is_waited_for() -> None:
    codes = iter([ErrorCode.COORDINATOR_NOT_AVAILABLE, 0])

    def script(key: ApiKey, _version: int, _request: Any) -> Any:
        if key is ApiKey.FIND_COORDINATOR:
            return coordinator_response(1, node.port, error_code=next(codes))
        return HeartbeatResponse()

    with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
        cluster.ask_coordinator("group", _beat())
        assert len(node.requests(ApiKey.FIND_COORDINATOR)) == 2


def test_an_error_that_does_not_pass_is_raised_at_once() -> None:
    def script(*_: Any) -> Any:
        return coordinator_response(-1, 0, error_code=ErrorCode.GROUP_AUTHORIZATION_FAILED)

    with ScriptedNode(script) as node, cluster_of(node.address) as cluster:
        with pytest.raises(ApiError) as caught:
            cluster.ask_coordinator("group", _beat())
        assert caught.value.code is ErrorCode.GROUP_AUTHORIZATION_FAILED
        assert len(node.asked) == 1


def test_a_purpose_has_its_own_connection() -> None:
    with (
        ScriptedNode(lambda *_: metadata_response({1: node.port})) as node,
        cluster_of(node.address) as cluster,
    ):
        plain = cluster.node(1)
        assert cluster.node(1) is plain
        assert cluster.node(1, purpose="fetch") is not plain
        assert cluster.any_connection() in {plain, cluster.node(1, purpose="fetch")}


def test_error_codes_are_found_wherever_they_stand() -> None:
    response = CreateTopicsResponse(
        topics=[CreatableTopicResult(error_code=0), CreatableTopicResult(error_code=36)]
    )
    assert error_codes(response) == {36}
    assert error_codes(HeartbeatResponse(error_code=27)) == {27}
