"""DescribeCluster (60), v0-2: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@message(key=60, versions="0-2", flexible="0+")
class DescribeClusterRequest:
    """DescribeClusterRequest."""

    include_cluster_authorized_operations: bool = field(BOOL)
    endpoint_type: int = field(INT8, versions="1+", default=1)
    include_fenced_brokers: bool = field(BOOL, versions="2+")


@struct
class DescribeClusterBroker:
    """DescribeClusterBroker of DescribeClusterResponse."""

    broker_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)
    is_fenced: bool = field(BOOL, versions="2+")


@message(key=60, versions="0-2", flexible="0+")
class DescribeClusterResponse:
    """DescribeClusterResponse."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    endpoint_type: int = field(INT8, versions="1+", default=1)
    cluster_id: str = field(STRING)
    controller_id: int = field(INT32, default=-1)
    brokers: list[DescribeClusterBroker] = array_of(DescribeClusterBroker)
    cluster_authorized_operations: int = field(INT32, default=-2147483648)
