"""Consumer protocol."""

from __future__ import annotations

from ottla.wire.schema import BYTES, INT32, STRING, array_of, field, message, struct


@struct
class TopicPartition:
    """TopicPartition of ConsumerProtocolSubscription."""

    topic: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@message(versions="0-3", flexible="none")
class ConsumerProtocolSubscription:
    """ConsumerProtocolSubscription."""

    topics: list[str] = array_of(STRING)
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)
    owned_partitions: list[TopicPartition] = array_of(TopicPartition, versions="1+")
    generation_id: int = field(INT32, versions="2+", default=-1)
    rack_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)


@message(versions="0-3", flexible="none")
class ConsumerProtocolAssignment:
    """ConsumerProtocolAssignment."""

    assigned_partitions: list[TopicPartition] = array_of(TopicPartition)
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)
