"""AlterPartition (56), v2-3: a leader says which replicas are in sync (KIP-497)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT8, INT16, INT32, INT64, UUID, array_of, field, message, struct


@struct
class BrokerState:
    """A replica in the epoch that the leader knows it in (KIP-903)."""

    broker_id: int = field(INT32, versions="3+")
    broker_epoch: int = field(INT64, versions="3+", default=-1)
    """-1 when it is not to be checked."""


@struct
class AlteredPartition:
    """What the leader wants of a partition."""

    partition_index: int = field(INT32)
    leader_epoch: int = field(INT32)
    new_isr: list[int] = array_of(INT32, versions="2")
    new_isr_with_epochs: list[BrokerState] = array_of(BrokerState, versions="3+")
    leader_recovery_state: int = field(INT8, versions="2+", default=0)
    """0: recovered; 1: recovering from an unclean election (KIP-704)."""
    partition_epoch: int = field(INT32)
    """The state that the leader has seen; any other is refused."""


@struct
class AlteredTopic:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID, versions="2+")
    partitions: list[AlteredPartition] = array_of(AlteredPartition)


@message(key=56, versions="2-3", flexible="0+")
class AlterPartitionRequest:
    """What a leader wants."""

    broker_id: int = field(INT32)
    """The leader."""
    broker_epoch: int = field(INT64, default=-1)
    topics: list[AlteredTopic] = array_of(AlteredTopic)


@struct
class PartitionState:
    """The partition as it is now."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32)
    isr: list[int] = array_of(INT32)
    leader_recovery_state: int = field(INT8, versions="2+", default=0)
    partition_epoch: int = field(INT32)


@struct
class TopicState:
    """Partitions of one topic."""

    topic_id: Uuid = field(UUID, versions="2+")
    partitions: list[PartitionState] = array_of(PartitionState)


@message(key=56, versions="2-3", flexible="0+")
class AlterPartitionResponse:
    """What came of it."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    topics: list[TopicState] = array_of(TopicState)
