"""DescribeConfigs (32), v1-4: the configuration of topics, brokers, loggers, client metrics and groups.

Requests about a broker or its loggers must reach that broker.
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class DescribeConfigsResource:
    """One resource that is asked for."""

    resource_type: int = field(INT8)
    """2: topic; 4: broker; 8: broker logger; 16: client metrics; 32: group."""
    resource_name: str = field(STRING)
    """Topic, group or subscription; the node id of a broker, or empty for the default of all brokers."""
    configuration_keys: list[str] | None = array_of(STRING, nullable="0+")
    """Null or empty for all; unknown ones are left out of the answer."""


@message(key=32, versions="1-4", flexible="4+")
class DescribeConfigsRequest:
    """The resources that are asked for."""

    resources: list[DescribeConfigsResource] = array_of(DescribeConfigsResource)
    include_synonyms: bool = field(BOOL)
    """Ask for `synonyms`."""
    include_documentation: bool = field(BOOL, versions="3+")
    """Ask for `documentation`, from v3 (KIP-569)."""


@struct
class DescribeConfigsSynonym:
    """One place where the value of a key could come from, most specific first (KIP-226)."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Null where it is sensitive or not set."""
    source: int = field(INT8)
    """Numbered as `config_source`."""


@struct
class DescribeConfigsResourceResult:
    """One key of one resource."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Null where it is sensitive or not set."""
    read_only: bool = field(BOOL)
    """Whether a change needs a restart."""
    config_source: int = field(INT8, default=-1)
    """1: topic; 2: dynamic broker; 3: dynamic default of all brokers; 4: static broker; 5: default; 6: broker logger;
    7: client metrics; 8: group; 0: unknown.
    """
    is_sensitive: bool = field(BOOL)
    """Whether the value is never shown: a password, or a key of unknown type."""
    synonyms: list[DescribeConfigsSynonym] = array_of(DescribeConfigsSynonym)
    """Only when asked for."""
    config_type: int = field(INT8, versions="3+")
    """1: boolean; 2: string; 3: int; 4: short; 5: long; 6: double; 7: list; 8: class; 9: password; 0: unknown."""
    documentation: str | None = field(STRING, versions="3+", nullable="0+")
    """Null unless it was asked for."""


@struct
class DescribeConfigsResult:
    """The configuration of one resource."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error, or the code says it all."""
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[DescribeConfigsResourceResult] = array_of(DescribeConfigsResourceResult)


@message(key=32, versions="1-4", flexible="4+")
class DescribeConfigsResponse:
    """One answer per resource."""

    throttle_time_ms: int = field(INT32)
    results: list[DescribeConfigsResult] = array_of(DescribeConfigsResult)
