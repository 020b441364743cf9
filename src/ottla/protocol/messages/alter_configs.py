"""AlterConfigs (33), v0-2: replace the configuration of topics, brokers, client metrics and groups as a whole.

What is not named goes back to its default. IncrementalAlterConfigs (KIP-339) is its successor; older clients know
only this one.
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class AlterableConfig:
    """One key and its value."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Never null in a sound request."""


@struct
class AlterConfigsResource:
    """All that one resource is to have."""

    resource_type: int = field(INT8)
    """2: topic; 4: broker; 16: client metrics; 32: group."""
    resource_name: str = field(STRING)
    """Topic, group or subscription; the node id of a broker, or empty for the default of all brokers."""
    configs: list[AlterableConfig] = array_of(AlterableConfig)


@message(key=33, versions="0-2", flexible="2+")
class AlterConfigsRequest:
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


@message(key=33, versions="0-2", flexible="2+")
class AlterConfigsResponse:
    """One answer per resource."""

    throttle_time_ms: int = field(INT32)
    responses: list[AlterConfigsResourceResponse] = array_of(AlterConfigsResourceResponse)
