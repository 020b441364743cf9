"""DescribeCluster (60), v0-2: the cluster id and the nodes (KIP-700).

Brokers or controllers, according to the endpoint that is asked (KIP-919).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@message(key=60, versions="0-2", flexible="0+")
class DescribeClusterRequest:
    """What is wanted."""

    include_cluster_authorized_operations: bool = field(BOOL)
    """Ask for `cluster_authorized_operations` (KIP-430)."""
    endpoint_type: int = field(INT8, versions="1+", default=1)
    """1: brokers; 2: controllers. It must fit the listener."""
    include_fenced_brokers: bool = field(BOOL, versions="2+")
    """List also brokers that are registered but fenced, from v2 (KIP-1073)."""


@struct
class DescribeClusterBroker:
    """One node."""

    broker_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)
    """Null where the node has none."""
    is_fenced: bool = field(BOOL, versions="2+")
    """Whether it is registered but not in service."""


@message(key=60, versions="0-2", flexible="0+")
class DescribeClusterResponse:
    """The nodes."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    """Null where there is no error."""
    endpoint_type: int = field(INT8, versions="1+", default=1)
    """What `brokers` lists: 1: brokers; 2: controllers."""
    cluster_id: str = field(STRING)
    controller_id: int = field(INT32, default=-1)
    """From a broker a random live broker, since clients cannot reach the controller; -1 when there is none."""
    brokers: list[DescribeClusterBroker] = array_of(DescribeClusterBroker)
    cluster_authorized_operations: int = field(INT32, default=-2147483648)
    """A bit field; -2147483648 when it was not asked for."""
