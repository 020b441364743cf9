"""CreateTopics (19), v2-7: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class CreatableReplicaAssignment:
    """CreatableReplicaAssignment of CreateTopicsRequest."""

    partition_index: int = field(INT32)
    broker_ids: list[int] = array_of(INT32)


@struct
class CreatableTopicConfig:
    """CreatableTopicConfig of CreateTopicsRequest."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")


@struct
class CreatableTopic:
    """CreatableTopic of CreateTopicsRequest."""

    name: str = field(STRING)
    num_partitions: int = field(INT32)
    replication_factor: int = field(INT16)
    assignments: list[CreatableReplicaAssignment] = array_of(CreatableReplicaAssignment)
    configs: list[CreatableTopicConfig] = array_of(CreatableTopicConfig)


@message(key=19, versions="2-7", flexible="5+")
class CreateTopicsRequest:
    """CreateTopicsRequest."""

    topics: list[CreatableTopic] = array_of(CreatableTopic)
    timeout_ms: int = field(INT32, default=60000)
    validate_only: bool = field(BOOL)


@struct
class CreatableTopicConfigs:
    """CreatableTopicConfigs of CreateTopicsResponse."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    read_only: bool = field(BOOL)
    config_source: int = field(INT8, default=-1)
    is_sensitive: bool = field(BOOL)


@struct
class CreatableTopicResult:
    """CreatableTopicResult of CreateTopicsResponse."""

    name: str = field(STRING)
    topic_id: Uuid = field(UUID, versions="7+")
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    topic_config_error_code: int = field(INT16, versions="5+", tag=0, tagged_versions="5+")
    num_partitions: int = field(INT32, versions="5+", default=-1)
    replication_factor: int = field(INT16, versions="5+", default=-1)
    configs: list[CreatableTopicConfigs] | None = array_of(
        CreatableTopicConfigs, versions="5+", nullable="0+"
    )


@message(key=19, versions="2-7", flexible="5+")
class CreateTopicsResponse:
    """CreateTopicsResponse."""

    throttle_time_ms: int = field(INT32)
    topics: list[CreatableTopicResult] = array_of(CreatableTopicResult)
