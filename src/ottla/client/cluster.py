"""A cluster as a client sees it: its nodes, its topics, who leads, coordinates and controls, and requests to each.

The law: every question is asked until it is answered or its time is over, as Kafka's clients do: another node where one
does not answer, and anew after an error that passes (a leader, coordinator or controller that moved). Connections are
made when they are first needed and kept until `close`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Self, TypeVar

from ottla.client import log_lines
from ottla.client.backoff import backoff_ms
from ottla.client.connection import Connection
from ottla.client.failures import (
    ApiError,
    ConfigurationError,
    DisconnectedError,
    RequestTimeoutError,
    raise_for,
)
from ottla.client.properties import ClientConfig
from ottla.errors import ErrorCode
from ottla.types import Uuid

R = TypeVar("R")

NETWORK_CLIENT = "org.apache.kafka.clients.NetworkClient"
_CONTROLLERS = 2
"""The endpoint type of controllers in DescribeCluster (KIP-919)."""

GROUP_KEY = 0
TRANSACTION_KEY = 1

COORDINATOR_MOVED = frozenset(
    {
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
"""After these the coordinator is looked up again."""


class Node(NamedTuple):
    """A broker, or a controller where the client was started from controllers."""

    node_id: int
    host: str
    port: int
    rack: str | None = None


class Cluster:
    """The connections and the knowledge of one client; `with Cluster(config) as cluster` closes it.

    It carries one producer or one consumer at a time, since answers are taken by who asked first.

    With `is_controller_bootstrap` the addresses are those of controllers, and `nodes` are controllers too. Every method
    that asks takes `timeout_s`, by default default.api.timeout.ms, and raises RequestTimeoutError when it is over, or
    the ApiError that does not pass by itself. `call` is Kafka's name for what is done, in the text of a timeout.
    """

    def __init__(self, config: ClientConfig, *, is_controller_bootstrap: bool = False) -> None:
        _require_resolvable(config)
        self.config = config
        self.is_controller_bootstrap = is_controller_bootstrap
        self.nodes: dict[int, Node] = {}
        """The nodes that the last answer named, by id; empty before the first."""
        self.controller_id = -1
        self.cluster_id: str | None = None
        self._connections: dict[tuple[str, int, str], Connection] = {}
        self._failures: dict[tuple[str, int], int] = {}
        self._retry_at_s: dict[tuple[str, int], float] = {}
        self._coordinators: dict[tuple[int, str], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    # Questions

    def metadata(
        self,
        topics: Iterable[str] | None = None,
        *,
        allow_auto_topic_creation: bool = False,
        topic_ids: Iterable[Uuid] = (),
        timeout_s: float | None = None,
        call: str = "listTopics",
    ) -> Any:
        """Return the MetadataResponse for topics by name or id, None for all; errors of topics are left in it.

        What it says of nodes and controller is remembered.
        """
        from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic  # noqa: PLC0415

        ids = [MetadataRequestTopic(topic_id=topic_id, name=None) for topic_id in topic_ids]
        names = None if topics is None else [MetadataRequestTopic(name=name) for name in topics]
        wanted = ids if names is None and ids else names if names is None else names + ids
        request = MetadataRequest(topics=wanted, allow_auto_topic_creation=allow_auto_topic_creation)
        response = self.ask_any(request, timeout_s=timeout_s, call=call)
        self.learn(response)
        return response

    def describe_cluster(
        self, *, timeout_s: float | None = None, include_fenced_brokers: bool = False
    ) -> Any:
        """Return the DescribeClusterResponse: of brokers, or of controllers with `is_controller_bootstrap`."""
        from ottla.protocol.messages.describe_cluster import DescribeClusterRequest  # noqa: PLC0415

        request = DescribeClusterRequest(
            endpoint_type=_CONTROLLERS if self.is_controller_bootstrap else 1,
            include_fenced_brokers=include_fenced_brokers,
        )
        response = self.ask_any(request, timeout_s=timeout_s, call="listNodes")
        raise_for(response.error_code, response.error_message)
        self.learn(response)
        return response

    def ask_any(
        self,
        request: object,
        *,
        timeout_s: float | None = None,
        call: str = "unnamed",
        version: int | None = None,
    ) -> Any:
        """Send a request to any node that can be reached and return the answer, whatever it says."""

        def attempt(remaining_s: float) -> Any:
            return self.any_connection().ask(
                request, timeout_s=self._request_timeout_s(remaining_s), version=version
            )

        return self.retry(attempt, timeout_s=timeout_s, call=call)

    def ask_node(
        self,
        node_id: int,
        request: object,
        *,
        timeout_s: float | None = None,
        call: str = "unnamed",
        version: int | None = None,
    ) -> Any:
        """Send a request to one node and return the answer, whatever it says."""

        def attempt(remaining_s: float) -> Any:
            return self.node(node_id).ask(
                request, timeout_s=self._request_timeout_s(remaining_s), version=version
            )

        return self.retry(attempt, timeout_s=timeout_s, call=call)

    def ask_controller(
        self,
        request: object,
        *,
        timeout_s: float | None = None,
        call: str = "unnamed",
        version: int | None = None,
    ) -> Any:
        """Send a request to the controller, or to the broker that stands for it; ask anew where it has moved."""

        def attempt(remaining_s: float) -> Any:
            connection = self.node(self._controller())
            response = connection.ask(
                request, timeout_s=self._request_timeout_s(remaining_s), version=version
            )
            if ErrorCode.NOT_CONTROLLER in error_codes(response):
                self.controller_id = -1
                raise ApiError(ErrorCode.NOT_CONTROLLER)
            return response

        return self.retry(attempt, timeout_s=timeout_s, call=call)

    def ask_coordinator(
        self,
        key: str,
        request: object,
        *,
        key_type: int = GROUP_KEY,
        timeout_s: float | None = None,
        call: str = "unnamed",
        version: int | None = None,
    ) -> Any:
        """Send a request to the coordinator of a group, or of a transactional id; ask anew where it has moved."""

        def attempt(remaining_s: float) -> Any:
            connection = self.node(self.coordinator(key, key_type=key_type))
            response = connection.ask(
                request, timeout_s=self._request_timeout_s(remaining_s), version=version
            )
            moved = COORDINATOR_MOVED & error_codes(response)
            if moved:
                self.forget_coordinator(key, key_type=key_type)
                raise ApiError(ErrorCode(min(moved)))
            return response

        return self.retry(attempt, timeout_s=timeout_s, call=call)

    # Nodes

    def node(self, node_id: int, *, purpose: str = "") -> Connection:
        """Return the connection to a node, making it where there is none; one for each `purpose`.

        A purpose of its own keeps heartbeats from waiting behind fetches. Raises ApiError (retriable) where the node
        is not known or cannot be reached.
        """
        if node_id not in self.nodes:
            self.refresh_nodes()
        known = self.nodes.get(node_id)
        if known is None:
            raise ApiError(ErrorCode.LEADER_NOT_AVAILABLE, f"Node {node_id} is not there")
        return self._connection(known.host, known.port, str(node_id), purpose)

    def any_connection(self) -> Connection:
        """Return an open connection to any node, making one where there is none.

        Raises DisconnectedError where no address takes a connection right now.
        """
        free = [connection for connection in self._connections.values() if connection.is_open]
        if free:
            return min(free, key=lambda connection: connection.in_flight)
        for host, port, name in self._addresses():
            if self._retry_at_s.get((host, port), 0.0) <= time.monotonic():
                try:
                    return self._connection(host, port, name)
                except (DisconnectedError, RequestTimeoutError):
                    continue
        raise DisconnectedError

    def refresh_nodes(self) -> None:
        """Ask an open connection, once, for the nodes and the controller."""
        if self.is_controller_bootstrap:
            from ottla.protocol.messages.describe_cluster import DescribeClusterRequest  # noqa: PLC0415

            response = self.any_connection().ask(DescribeClusterRequest(endpoint_type=_CONTROLLERS))
            raise_for(response.error_code, response.error_message)
        else:
            from ottla.protocol.messages.metadata import MetadataRequest  # noqa: PLC0415

            response = self.any_connection().ask(MetadataRequest(topics=[], allow_auto_topic_creation=False))
        self.learn(response)

    def coordinator(self, key: str, *, key_type: int = GROUP_KEY) -> int:
        """Return the id of the node that coordinates a group, or a transactional id; looked up once and remembered.

        Raises ApiError, retriable while the coordinator is not available.
        """
        known = self._coordinators.get((key_type, key))
        if known is not None:
            return known
        from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest  # noqa: PLC0415

        request = FindCoordinatorRequest(key=key, key_type=key_type, coordinator_keys=[key])
        response = self.any_connection().ask(request)
        found = response.coordinators[0] if response.coordinators else response
        raise_for(found.error_code, found.error_message)
        self.nodes.setdefault(found.node_id, Node(found.node_id, found.host, found.port))
        self._coordinators[key_type, key] = found.node_id
        return int(found.node_id)

    def forget_coordinator(self, key: str, *, key_type: int = GROUP_KEY) -> None:
        """Look a coordinator up again next time."""
        self._coordinators.pop((key_type, key), None)

    # Attempts

    def retry(
        self, attempt: Callable[[float], R], *, timeout_s: float | None = None, call: str = "unnamed"
    ) -> R:
        """Call `attempt` with the seconds that are left until it returns, waiting between attempts as Kafka does.

        Errors that are retriable are tried again; others are raised. Raises RequestTimeoutError when the time, by
        default default.api.timeout.ms, is over.
        """
        limit_s = self.config.default_api_timeout_ms / 1000 if timeout_s is None else timeout_s
        deadline_s = time.monotonic() + limit_s
        attempts = 0
        while True:
            try:
                return attempt(deadline_s - time.monotonic())
            except ApiError as error:
                if not error.is_retriable:
                    raise
                attempts += 1
                if isinstance(error, DisconnectedError):
                    self._coordinators.clear()
                wait_s = self._backoff_s(attempts)
                if time.monotonic() + wait_s >= deadline_s:
                    raise self._timed_out(call, attempts, deadline_s) from error
                time.sleep(wait_s)

    def _timed_out(self, call: str, attempts: int, deadline_s: float) -> RequestTimeoutError:
        if not any(connection.is_open for connection in self._connections.values()):
            return RequestTimeoutError(f"Timed out waiting for a node assignment. Call: {call}")
        now_ms = time.time_ns() // 1_000_000
        deadline_ms = now_ms + int((deadline_s - time.monotonic()) * 1000)
        return RequestTimeoutError(
            f"Call(callName={call}, deadlineMs={deadline_ms}, tries={attempts}, nextAllowedTryMs={now_ms}) "
            f"timed out at {now_ms} after {attempts} attempt(s)"
        )

    def _backoff_s(self, attempts: int) -> float:
        return backoff_ms(attempts, self.config.retry_backoff_ms, self.config.retry_backoff_max_ms) / 1000

    def _request_timeout_s(self, remaining_s: float) -> float:
        return max(0.001, min(self.config.request_timeout_ms / 1000, remaining_s))

    def _addresses(self) -> Iterator[tuple[str, int, str]]:
        for node in list(self.nodes.values()):
            yield node.host, node.port, str(node.node_id)
        for number, (host, port) in enumerate(self.config.bootstrap_servers, start=1):
            yield host, port, str(-number)

    def _connection(self, host: str, port: int, name: str, purpose: str = "") -> Connection:
        found = self._connections.get((host, port, purpose))
        if found is not None and found.is_open:
            return found
        config = self.config
        address = (host, port)
        if self._retry_at_s.get(address, 0.0) > time.monotonic():
            raise DisconnectedError  # it has just failed, and is left alone for reconnect.backoff.ms
        try:
            made = Connection(
                host,
                port,
                client_id=config.client_id,
                timeout_s=config.request_timeout_ms / 1000,
                setup_timeout_s=config.socket_connection_setup_timeout_ms / 1000,
                send_buffer_bytes=config.send_buffer_bytes,
                receive_buffer_bytes=config.receive_buffer_bytes,
            )
        except (DisconnectedError, RequestTimeoutError):
            self._note_failure(address, name)
            raise
        self._failures.pop(address, None)
        self._retry_at_s.pop(address, None)
        self._connections[host, port, purpose] = made
        return made

    def _note_failure(self, address: tuple[str, int], name: str) -> None:
        failures = self._failures[address] = self._failures.get(address, 0) + 1
        wait_ms = backoff_ms(failures, self.config.reconnect_backoff_ms, self.config.reconnect_backoff_max_ms)
        self._retry_at_s[address] = time.monotonic() + wait_ms / 1000
        host, port = address
        log_lines.warn(
            NETWORK_CLIENT,
            f"{self.config.log_context}Connection to node {name} ({host}/{host}:{port}) could not be established. "
            "Node may not be available.",
        )
        if name.startswith("-"):
            log_lines.warn(
                NETWORK_CLIENT,
                f"{self.config.log_context}Bootstrap broker {host}:{port} (id: {name} rack: null isFenced: false) "
                "disconnected",
            )

    def learn(self, response: Any) -> None:
        """Take over nodes, controller and cluster id from an answer to Metadata or DescribeCluster."""
        ids = {}
        for broker in response.brokers:
            node_id = broker.node_id if hasattr(broker, "node_id") else broker.broker_id
            ids[node_id] = Node(node_id, broker.host, broker.port, broker.rack)
        if ids:
            self.nodes = ids
        self.controller_id = response.controller_id
        self.cluster_id = response.cluster_id

    def _controller(self) -> int:
        if self.controller_id not in self.nodes:
            self.refresh_nodes()
        if self.controller_id not in self.nodes:
            raise ApiError(ErrorCode.NOT_CONTROLLER)
        return self.controller_id


def _require_resolvable(config: ClientConfig) -> None:
    """Refuse addresses of which no host has a name that resolves, and warn of the others (Kafka's `ClientUtils`)."""
    resolved = 0
    for host, port in config.bootstrap_servers:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            log_lines.warn(
                "org.apache.kafka.clients.ClientUtils",
                f"Couldn't resolve server {host}:{port} from bootstrap.servers as DNS resolution failed for {host}",
            )
        else:
            resolved += 1
    if resolved == 0:
        raise ConfigurationError("No resolvable bootstrap urls given in bootstrap.servers")


def error_codes(response: object) -> set[int]:
    """Return every error code that stands anywhere in a response, but for 0."""
    found: set[int] = set()
    _collect_error_codes(response, found)
    return found


def _collect_error_codes(value: object, found: set[int]) -> None:
    for name in getattr(value, "__slots__", ()):
        inner = getattr(value, name)
        if name == "error_code":
            if inner:
                found.add(inner)
        elif isinstance(inner, list):
            for item in inner:
                _collect_error_codes(item, found)
        elif hasattr(inner, "__slots__"):
            _collect_error_codes(inner, found)
