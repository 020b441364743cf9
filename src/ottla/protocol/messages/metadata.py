"""Metadata (3), v0-13: the nodes of the cluster, and the topics with their leaders.

May create the topics it is asked for. Topic ids are sent from v10 and understood from v12 (KIP-516).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class MetadataRequestTopic:
    """One topic that is asked for, by name or by id."""

    topic_id: Uuid = field(UUID, versions="10+")
    """Zero when the topic is asked for by name."""
    name: str | None = field(STRING, nullable="10+")
    """Null when the topic is asked for by id, from v12."""


@message(key=3, versions="0-13", flexible="9+")
class MetadataRequest:
    """Which topics are wanted."""

    topics: list[MetadataRequestTopic] | None = array_of(MetadataRequestTopic, nullable="1+")
    """Null for all topics; v0 has no null and says it with an empty list, which from v1 means none."""
    allow_auto_topic_creation: bool = field(BOOL, versions="4+", default=True)
    """Create missing topics where the broker does so; versions before 4 always allow it."""
    include_cluster_authorized_operations: bool = field(BOOL, versions="8-10")
    """v8 to v10; DescribeCluster has it since (KIP-700)."""
    include_topic_authorized_operations: bool = field(BOOL, versions="8+")
    """Ask for `topic_authorized_operations` (KIP-430)."""


@struct
class MetadataResponseBroker:
    """A node that is alive, with the address of the listener that was asked."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, versions="1+", nullable="0+", default=None)
    """Null where the node has none."""


@struct
class MetadataResponsePartition:
    """Leader and replicas of one partition."""

    error_code: int = field(INT16)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    """-1 when there is no leader."""
    leader_epoch: int = field(INT32, versions="7+", default=-1)
    """-1 when unknown (KIP-320)."""
    replica_nodes: list[int] = array_of(INT32)
    """Every node that has a replica; the first is the preferred leader."""
    isr_nodes: list[int] = array_of(INT32)
    """The replicas that are in sync."""
    offline_replicas: list[int] = array_of(INT32, versions="5+")
    """Replicas on a node that is down or in a directory that failed, from v5 (KIP-112)."""


@struct
class MetadataResponseTopic:
    """One topic."""

    error_code: int = field(INT16)
    name: str | None = field(STRING, nullable="12+")
    """Null for an id that is unknown, from v12."""
    topic_id: Uuid = field(UUID, versions="10+")
    """Zero for a name that is unknown."""
    is_internal: bool = field(BOOL, versions="1+")
    """Whether the cluster keeps its own state there, as in `__consumer_offsets`."""
    partitions: list[MetadataResponsePartition] = array_of(MetadataResponsePartition)
    topic_authorized_operations: int = field(INT32, versions="8+", default=-2147483648)
    """A bit field; -2147483648 when it was not asked for."""


@message(key=3, versions="0-13", flexible="9+")
class MetadataResponse:
    """The nodes and the topics."""

    throttle_time_ms: int = field(INT32, versions="3+")
    brokers: list[MetadataResponseBroker] = array_of(MetadataResponseBroker)
    cluster_id: str | None = field(STRING, versions="2+", nullable="0+", default=None)
    """Null before the cluster has an id."""
    controller_id: int = field(INT32, versions="1+", default=-1)
    """With KRaft a random live broker, since clients cannot reach the controller; -1 when there is none."""
    topics: list[MetadataResponseTopic | bytes] = array_of(MetadataResponseTopic, encoded_ahead=True)
    cluster_authorized_operations: int = field(INT32, versions="8-10", default=-2147483648)
    """A bit field; -2147483648 when it was not asked for. v8 to v10."""
    error_code: int = field(INT16, versions="13+")
    """From v13: REBOOTSTRAP_REQUIRED, which asks the client to start over from its bootstrap servers (KIP-1102)."""
