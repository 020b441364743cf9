"""IncrementalAlterConfigs (44), v0-1: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class AlterableConfig:
    """AlterableConfig of IncrementalAlterConfigsRequest."""

    name: str = field(STRING)
    config_operation: int = field(INT8)
    value: str | None = field(STRING, nullable="0+")


@struct
class AlterConfigsResource:
    """AlterConfigsResource of IncrementalAlterConfigsRequest."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[AlterableConfig] = array_of(AlterableConfig)


@message(key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsRequest:
    """IncrementalAlterConfigsRequest."""

    resources: list[AlterConfigsResource] = array_of(AlterConfigsResource)
    validate_only: bool = field(BOOL)


@struct
class AlterConfigsResourceResponse:
    """AlterConfigsResourceResponse of IncrementalAlterConfigsResponse."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)


@message(key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsResponse:
    """IncrementalAlterConfigsResponse."""

    throttle_time_ms: int = field(INT32)
    responses: list[AlterConfigsResourceResponse] = array_of(AlterConfigsResourceResponse)
