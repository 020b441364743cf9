"""ListConfigResources (74), v0-1: what has a configuration of its own (KIP-1142, of client metrics alone KIP-714)."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, STRING, array_of, field, message, struct

CLIENT_METRICS = 16


@message(key=74, versions="0-1", flexible="0+")
class ListConfigResourcesRequest:
    """Which kinds of resources are wanted."""

    resource_types: list[int] = array_of(INT8, versions="1+")
    """Types of resources, from v1; empty for all. v0 asks for the subscriptions of client metrics."""


@struct
class ConfigResource:
    """One resource."""

    resource_name: str = field(STRING)
    resource_type: int = field(INT8, versions="1+", default=CLIENT_METRICS)


@message(key=74, versions="0-1", flexible="0+")
class ListConfigResourcesResponse:
    """The resources."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    config_resources: list[ConfigResource] = array_of(ConfigResource)
