"""DescribeConfigs (32), v1-4: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class DescribeConfigsResource:
    """DescribeConfigsResource of DescribeConfigsRequest."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configuration_keys: list[str] | None = array_of(STRING, nullable="0+")


@message(key=32, versions="1-4", flexible="4+")
class DescribeConfigsRequest:
    """DescribeConfigsRequest."""

    resources: list[DescribeConfigsResource] = array_of(DescribeConfigsResource)
    include_synonyms: bool = field(BOOL)
    include_documentation: bool = field(BOOL, versions="3+")


@struct
class DescribeConfigsSynonym:
    """DescribeConfigsSynonym of DescribeConfigsResponse."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    source: int = field(INT8)


@struct
class DescribeConfigsResourceResult:
    """DescribeConfigsResourceResult of DescribeConfigsResponse."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    read_only: bool = field(BOOL)
    config_source: int = field(INT8, default=-1)
    is_sensitive: bool = field(BOOL)
    synonyms: list[DescribeConfigsSynonym] = array_of(DescribeConfigsSynonym)
    config_type: int = field(INT8, versions="3+")
    documentation: str | None = field(STRING, versions="3+", nullable="0+")


@struct
class DescribeConfigsResult:
    """DescribeConfigsResult of DescribeConfigsResponse."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[DescribeConfigsResourceResult] = array_of(DescribeConfigsResourceResult)


@message(key=32, versions="1-4", flexible="4+")
class DescribeConfigsResponse:
    """DescribeConfigsResponse."""

    throttle_time_ms: int = field(INT32)
    results: list[DescribeConfigsResult] = array_of(DescribeConfigsResult)
