"""IncrementalAlterConfigs (44), v0-1: change single keys of the configuration of topics, brokers, loggers, client
metrics and groups (KIP-339).

A resource is changed as a whole or not at all; resources stand alone.
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class AlterableConfig:
    """A change of one key."""

    name: str = field(STRING)
    config_operation: int = field(INT8)
    """0: set; 1: delete, back to what lies below; 2: append to a list; 3: subtract from a list."""
    value: str | None = field(STRING, nullable="0+")
    """Null only with delete."""


@struct
class AlterConfigsResource:
    """The changes of one resource."""

    resource_type: int = field(INT8)
    """2: topic; 4: broker; 8: broker logger; 16: client metrics; 32: group."""
    resource_name: str = field(STRING)
    """Topic, group or subscription; the node id of a broker, or empty for the default of all brokers."""
    configs: list[AlterableConfig] = array_of(AlterableConfig)


@message(key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsRequest:
    """The resources to change."""

    resources: list[AlterConfigsResource] = array_of(AlterConfigsResource)
    validate_only: bool = field(BOOL)
    """Check everything, change nothing."""


@struct
class AlterConfigsResourceResponse:
    """Whether one resource was changed."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    resource_type: int = field(INT8)
    """As in the request."""
    resource_name: str = field(STRING)


@message(key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsResponse:
    """One answer per resource."""

    throttle_time_ms: int = field(INT32)
    responses: list[AlterConfigsResourceResponse] = array_of(AlterConfigsResourceResponse)
