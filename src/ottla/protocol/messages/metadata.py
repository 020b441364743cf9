"""Metadata (3), v0-13: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class MetadataRequestTopic:
    """MetadataRequestTopic of MetadataRequest."""

    topic_id: Uuid = field(UUID, versions="10+")
    name: str | None = field(STRING, nullable="10+")


@message(key=3, versions="0-13", flexible="9+")
class MetadataRequest:
    """MetadataRequest."""

    topics: list[MetadataRequestTopic] | None = array_of(MetadataRequestTopic, nullable="1+")
    allow_auto_topic_creation: bool = field(BOOL, versions="4+", default=True)
    include_cluster_authorized_operations: bool = field(BOOL, versions="8-10")
    include_topic_authorized_operations: bool = field(BOOL, versions="8+")


@struct
class MetadataResponseBroker:
    """MetadataResponseBroker of MetadataResponse."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, versions="1+", nullable="0+", default=None)


@struct
class MetadataResponsePartition:
    """MetadataResponsePartition of MetadataResponse."""

    error_code: int = field(INT16)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32, versions="7+", default=-1)
    replica_nodes: list[int] = array_of(INT32)
    isr_nodes: list[int] = array_of(INT32)
    offline_replicas: list[int] = array_of(INT32, versions="5+")


@struct
class MetadataResponseTopic:
    """MetadataResponseTopic of MetadataResponse."""

    error_code: int = field(INT16)
    name: str | None = field(STRING, nullable="12+")
    topic_id: Uuid = field(UUID, versions="10+")
    is_internal: bool = field(BOOL, versions="1+")
    partitions: list[MetadataResponsePartition] = array_of(MetadataResponsePartition)
    topic_authorized_operations: int = field(INT32, versions="8+", default=-2147483648)


@message(key=3, versions="0-13", flexible="9+")
class MetadataResponse:
    """MetadataResponse."""

    throttle_time_ms: int = field(INT32, versions="3+")
    brokers: list[MetadataResponseBroker] = array_of(MetadataResponseBroker)
    cluster_id: str | None = field(STRING, versions="2+", nullable="0+", default=None)
    controller_id: int = field(INT32, versions="1+", default=-1)
    topics: list[MetadataResponseTopic] = array_of(MetadataResponseTopic)
    cluster_authorized_operations: int = field(INT32, versions="8-10", default=-2147483648)
    error_code: int = field(INT16, versions="13+")
