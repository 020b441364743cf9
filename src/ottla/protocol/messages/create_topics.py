"""CreateTopics (19), v2-7: create topics.

Decided topic by topic. From v5 the response describes what was created (KIP-525); from v7 it has the topic id
(KIP-516).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class CreatableReplicaAssignment:
    """Where the replicas of one partition go."""

    partition_index: int = field(INT32)
    broker_ids: list[int] = array_of(INT32)
    """The first is the preferred leader."""


@struct
class CreatableTopicConfig:
    """One configuration override."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Null is refused."""


@struct
class CreatableTopic:
    """One topic to create."""

    name: str = field(STRING)
    num_partitions: int = field(INT32)
    """-1 for the broker's default, or when `assignments` is given (KIP-464)."""
    replication_factor: int = field(INT16)
    """-1 for the broker's default, or when `assignments` is given (KIP-464)."""
    assignments: list[CreatableReplicaAssignment] = array_of(CreatableReplicaAssignment)
    """Empty to let the controller place the replicas."""
    configs: list[CreatableTopicConfig] = array_of(CreatableTopicConfig)


@message(key=19, versions="2-7", flexible="5+")
class CreateTopicsRequest:
    """The topics to create."""

    topics: list[CreatableTopic] = array_of(CreatableTopic)
    timeout_ms: int = field(INT32, default=60000)
    """Longest wait for the controller."""
    validate_only: bool = field(BOOL)
    """Check everything, create nothing."""


@struct
class CreatableTopicConfigs:
    """One configuration value of a created topic."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Null where the value is sensitive."""
    read_only: bool = field(BOOL)
    config_source: int = field(INT8, default=-1)
    """Where the value comes from, numbered as in DescribeConfigs."""
    is_sensitive: bool = field(BOOL)


@struct
class CreatableTopicResult:
    """What became of one topic."""

    name: str = field(STRING)
    topic_id: Uuid = field(UUID, versions="7+")
    """Zero on error."""
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    topic_config_error_code: int = field(INT16, versions="5+", tag=0)
    """TOPIC_AUTHORIZATION_FAILED where the client may create the topic but not see its configuration; the fields
    below then are -1 or null.
    """
    num_partitions: int = field(INT32, versions="5+", default=-1)
    """-1 on error."""
    replication_factor: int = field(INT16, versions="5+", default=-1)
    """-1 on error."""
    configs: list[CreatableTopicConfigs | bytes] | None = array_of(
        CreatableTopicConfigs, versions="5+", nullable="0+", encoded_ahead=True
    )
    """Every configuration value that acts; null where it cannot be told."""


@message(key=19, versions="2-7", flexible="5+")
class CreateTopicsResponse:
    """One answer per topic."""

    throttle_time_ms: int = field(INT32)
    topics: list[CreatableTopicResult] = array_of(CreatableTopicResult)
