"""A client of a cluster whose nodes answer by a script: the real client above connections that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ottla.client.cluster import Cluster, Node
from ottla.client.failures import ApiError, UnsupportedVersionError
from ottla.client.properties import ClientConfig
from ottla.errors import ErrorCode
from ottla.protocol.api import APIS

Answer = Callable[[int, Any], Any]
"""What a node, -1 for any, answers to a request; or raises."""


class ScriptedConnection:
    """A connection to a node that answers at once."""

    def __init__(self, node_id: int, answer: Answer, versions: dict[int, tuple[int, int]]) -> None:
        self.node_id = node_id
        self.answer = answer
        self.versions = versions
        self.is_open = True
        self.in_flight = 0

    def ask(self, request: Any, *, timeout_s: float | None = None, version: int | None = None) -> Any:
        return self.answer(self.node_id, request)

    def version_of(self, key: int) -> int:
        return self.versions[key][1]

    def close(self) -> None:
        self.is_open = False


class ScriptedCluster(Cluster):
    """A cluster of nodes 1 and 2."""

    def __init__(self, answer: Answer, *, timeout_ms: int = 5_000, are_controllers: bool = False) -> None:
        config = ClientConfig(
            bootstrap_servers=(("localhost", 1),),
            default_api_timeout_ms=timeout_ms,
            retry_backoff_ms=1,
            retry_backoff_max_ms=1,
        )
        super().__init__(config, is_controller_bootstrap=are_controllers)
        self.nodes = {number: Node(number, "localhost", number) for number in (1, 2)}
        self.controller_id = 1
        self.answer = answer
        self.offered = {key: (api.min_version, api.max_version) for key, api in APIS.items()}

    def any_connection(self) -> Any:
        return ScriptedConnection(-1, self.answer, self.offered)

    def node(self, node_id: int, *, purpose: str = "") -> Any:
        if node_id not in self.nodes:
            raise ApiError(ErrorCode.LEADER_NOT_AVAILABLE)
        return ScriptedConnection(node_id, self.answer, self.offered)


def refuse_version(_: object) -> Any:
    """Answer as a node that does not know an API."""
    raise UnsupportedVersionError("The node does not support it")
