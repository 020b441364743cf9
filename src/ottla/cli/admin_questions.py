"""Which node each kind of question goes to, as Kafka's Java Admin chooses it, and its words for what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ottla.cli.java_failures import execution_failure
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, RequestTimeoutError
from ottla.errors import ErrorCode


def ask_any_broker(cluster: Cluster, request: object, call: str) -> Any:
    """Ask what any broker can answer (`LeastLoadedNodeProvider`). Raises ApiError, also for controllers."""
    refuse_controllers(cluster)
    return cluster.ask_any(request, call=call)


def ask_controller(
    cluster: Cluster, request: object, call: str, *, works_with_controllers: bool = False
) -> Any:
    """Ask the controller, or the broker that stands for it. Raises ApiError."""
    if not works_with_controllers:
        refuse_controllers(cluster)
    return cluster.ask_controller(request, call=call)


def refuse_controllers(cluster: Cluster) -> None:
    """Raise ApiError where the client knows controllers only, which do not answer everything."""
    if cluster.is_controller_bootstrap:
        raise ApiError(
            ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
            "This Admin API is not yet supported when communicating directly with the controller quorum.",
        )


def ask_node(cluster: Cluster, node_id: int, request: object, call: str) -> Any:
    """Ask one node, waiting for it to appear where it is not there. Raises ApiError."""
    try:
        return cluster.ask_node(node_id, request, call=call)
    except RequestTimeoutError as error:
        if node_id in cluster.nodes:
            raise
        raise RequestTimeoutError(f"Timed out waiting for a node assignment. Call: {call}") from error


@contextmanager
def raised_by_futures() -> Iterator[None]:
    """Put around an ApiError what Java's futures put there, for tools that show what they caught as it is."""
    try:
        yield
    except ApiError as error:
        raise execution_failure(error) from error
