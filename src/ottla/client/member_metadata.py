"""What the members of a group and their leader tell each other, in bytes that the coordinator passes on unread.

The law: what is written is the newest version that this client knows, what is read may be older or newer; a member
whose bytes mean nothing wants nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from ottla.client.assignors import Member, decode_sticky_user_data
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol import consumer_protocol
from ottla.types import TopicPartition
from ottla.wire.compiler import decode, encode
from ottla.wire.primitives import WireError

_SUBSCRIPTION_VERSION = 3
_ASSIGNMENT_VERSION = 3
_VERSION = struct.Struct(">h")


def encode_subscription(
    topics: Iterable[str], owned: Iterable[TopicPartition], generation: int, user_data: bytes | None
) -> bytes:
    """Return what a member tells its leader: what it wants, and what it has from which generation (KIP-792)."""
    subscription = consumer_protocol.ConsumerProtocolSubscription(
        topics=sorted(topics),
        user_data=user_data,
        owned_partitions=_by_topic(owned),
        generation_id=generation,
    )
    return _VERSION.pack(_SUBSCRIPTION_VERSION) + encode(subscription, _SUBSCRIPTION_VERSION)


def read_member(protocol: str, row: Any) -> Member:
    """Return what a member told its leader in its row of a JoinGroupResponse."""
    metadata = row.metadata
    try:
        version = min(int.from_bytes(metadata[:2], "big", signed=True), _SUBSCRIPTION_VERSION)
        told, _ = decode(
            consumer_protocol.ConsumerProtocolSubscription, max(version, 0), metadata, _VERSION.size
        )
    except WireError:
        return Member((), row.group_instance_id)
    owned = [
        TopicPartition(each.topic, number) for each in told.owned_partitions for number in each.partitions
    ]
    generation = told.generation_id
    if protocol == "sticky":
        owned, generation = decode_sticky_user_data(told.user_data)
    elif protocol == "cooperative-sticky" and generation < 0 and told.user_data and len(told.user_data) >= 4:
        generation = int.from_bytes(told.user_data[:4], "big", signed=True)
    return Member(told.topics, row.group_instance_id, owned, generation)


def encode_assignment(partitions: Iterable[TopicPartition]) -> bytes:
    """Return what the leader tells a member: the partitions that it gets."""
    assignment = consumer_protocol.ConsumerProtocolAssignment(assigned_partitions=_by_topic(partitions))
    return _VERSION.pack(_ASSIGNMENT_VERSION) + encode(assignment, _ASSIGNMENT_VERSION)


def decode_assignment(content: bytes) -> list[TopicPartition]:
    """Return the partitions that a member gets; none where the leader gave it none. Raises ApiError."""
    if len(content) < _VERSION.size:
        return []
    version = min(int.from_bytes(content[:2], "big", signed=True), _ASSIGNMENT_VERSION)
    try:
        plan, _ = decode(
            consumer_protocol.ConsumerProtocolAssignment, max(version, 0), content, _VERSION.size
        )
    except WireError as error:
        raise ApiError(ErrorCode.UNKNOWN_SERVER_ERROR, f"The assignment cannot be read: {error}") from error
    return [
        TopicPartition(each.topic, number) for each in plan.assigned_partitions for number in each.partitions
    ]


def _by_topic(partitions: Iterable[TopicPartition]) -> list[consumer_protocol.TopicPartition]:
    topics: dict[str, consumer_protocol.TopicPartition] = {}
    for topic, number in partitions:
        topics.setdefault(topic, consumer_protocol.TopicPartition(topic=topic)).partitions.append(number)
    return list(topics.values())
