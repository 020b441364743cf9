"""A connection speaks the highest common version, keeps answers apart, and ends when one is late."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.client_cluster import metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

from ottla.client.connection import Connection, choose_version, wait_readable
from ottla.client.failures import DisconnectedError, RequestTimeoutError, UnsupportedVersionError
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.list_groups import ListGroupsRequest
from ottla.protocol.messages.metadata import MetadataRequest


def _answer(key: ApiKey, _: int, request: Any) -> Any:
    if key is ApiKey.METADATA:
        return metadata_response({1: 1})
    if key is ApiKey.HEARTBEAT:
        return HeartbeatResponse(error_code=request.generation_id)
    return CLOSE


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    with ScriptedNode(_answer) as node:
        yield node


def _connect(node: ScriptedNode, **arguments: Any) -> Connection:
    return Connection("127.0.0.1", node.port, client_id="me", **arguments)


def _beat(number: int) -> HeartbeatRequest:
    return HeartbeatRequest(group_id="g", generation_id=number, member_id="m")


def test_the_highest_common_version_is_spoken(node: ScriptedNode) -> None:
    with _connect(node) as connection:
        assert connection.ask(MetadataRequest(topics=None)).cluster_id == "scripted"
        assert connection.ask(MetadataRequest(topics=None), version=1).controller_id == 1
    assert [version for _, version, _ in node.asked] == [13, 1]


def test_a_node_that_knows_only_old_versions_is_asked_in_them() -> None:
    offered = {ApiKey.API_VERSIONS: (0, 2), ApiKey.METADATA: (0, 5)}
    with ScriptedNode(_answer, offered=offered) as node, _connect(node) as connection:
        assert connection.versions == offered
        connection.ask(MetadataRequest(topics=None))
        assert node.asked[0][1] == 5
        with pytest.raises(UnsupportedVersionError, match="The node does not support HEARTBEAT"):
            connection.ask(_beat(1))


def test_no_common_version_is_told_with_both_ranges() -> None:
    with pytest.raises(UnsupportedVersionError) as caught:
        choose_version(ApiKey.FETCH, {ApiKey.FETCH: (30, 40)})
    assert str(caught.value) == (
        "The node does not support FETCH with version in range [4,18]. The supported range is [30,40]."
    )


def test_answers_come_in_order_and_those_that_ask_passed_are_kept(node: ScriptedNode) -> None:
    with _connect(node) as connection:
        first, second = connection.send(_beat(1)), connection.send(_beat(2))
        assert connection.in_flight == 2
        assert connection.ask(_beat(3)).error_code == 3
        assert connection.has_stashed_answers
        assert [connection.receive(), connection.receive_ready()] == [
            (first, HeartbeatResponse(error_code=1)),
            (second, HeartbeatResponse(error_code=2)),
        ]
        assert connection.receive_ready() is None


def test_who_has_several_waits_for_the_first(node: ScriptedNode) -> None:
    with _connect(node) as one, _connect(node) as other:
        other.send(_beat(5))
        assert wait_readable([one, other], 30)
        assert one.receive_ready() is None
        assert other.receive_ready() is not None
        assert not wait_readable([one, other], 0)


def test_a_descriptor_ends_a_wait_too(node: ScriptedNode) -> None:
    reading, writing = socket.socketpair()
    with reading, writing, _connect(node) as connection:
        writing.send(b"x")
        assert wait_readable([connection], 30, [reading.fileno()])


def test_a_node_that_closes_is_disconnected(node: ScriptedNode) -> None:
    with _connect(node) as connection:
        with pytest.raises(DisconnectedError):
            connection.ask(ListGroupsRequest())
        assert not connection.is_open
        assert connection.fileno() == -1
        with pytest.raises(DisconnectedError):
            connection.send(_beat(1))


def test_a_late_answer_closes_the_connection() -> None:
    with ScriptedNode(lambda *_: None) as node, _connect(node) as connection:
        with pytest.raises(RequestTimeoutError, match="Heartbeat was not answered"):
            connection.ask(_beat(1), timeout_s=0.01)
        assert not connection.is_open


def test_an_answer_that_may_still_come_leaves_the_connection_open() -> None:
    with ScriptedNode(lambda *_: None) as node, _connect(node) as connection:
        connection.send(_beat(1))
        with pytest.raises(TimeoutError):
            connection.receive(timeout_s=0.01)
        assert connection.is_open
        assert connection.receive_ready() is None


def test_nobody_there_is_a_disconnect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DisconnectedError, match="cannot be connected to"):
        Connection("127.0.0.1", port, client_id="me")


@pytest.mark.parametrize("content", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\2xx", b"\xff\xff\xff\xff"])
def test_who_speaks_another_protocol_is_disconnected(content: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1000)
                client.sendall(content)
                client.recv(1000)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(DisconnectedError):
            Connection("127.0.0.1", listener.getsockname()[1], client_id="me")
        thread.join()


def test_answers_of_any_size_come_whole() -> None:
    topics = {f"topic-{number:05}": [1] * 20 for number in range(700)}
    large = metadata_response({1: 1}, topics)

    def script(key: ApiKey, _version: int, request: Any) -> Any:
        return large if key is ApiKey.METADATA else HeartbeatResponse(error_code=request.generation_id)

    with ScriptedNode(script) as node, _connect(node) as connection:
        connection.send(MetadataRequest(topics=None))
        connection.send(_beat(1))
        assert len(connection.receive()[1].topics) == 700
        assert connection.receive()[1].error_code == 1
