"""ConsumerGroupDescribe (69), v0-1: what groups of the consumer protocol are made of (KIP-848).

A group of another type is not found: GROUP_ID_NOT_FOUND, upon which a client asks DescribeGroups.
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    INT8,
    INT16,
    INT32,
    STRING,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@message(key=69, versions="0-1", flexible="0+")
class ConsumerGroupDescribeRequest:
    """The groups that are asked for, by id."""

    group_ids: list[str] = array_of(STRING)
    include_authorized_operations: bool = field(BOOL)
    """Ask for `authorized_operations` (KIP-430)."""


@struct
class TopicPartitions:
    """The partitions of one topic."""

    topic_id: Uuid = field(UUID)
    topic_name: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@struct
class Assignment:
    """What a member has, or is to have."""

    topic_partitions: list[TopicPartitions] = array_of(TopicPartitions)


@struct
class Member:
    """One member."""

    member_id: str = field(STRING)
    instance_id: str | None = field(STRING, nullable="0+", default=None)
    """Null for a dynamic member (KIP-345)."""
    rack_id: str | None = field(STRING, nullable="0+", default=None)
    member_epoch: int = field(INT32)
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    """Its address as Java prints it: `/127.0.0.1`."""
    subscribed_topic_names: list[str] = array_of(STRING)
    subscribed_topic_regex: str | None = field(STRING, nullable="0+", default=None)
    assignment: Assignment = struct_of(Assignment)
    target_assignment: Assignment = struct_of(Assignment)
    member_type: int = field(INT8, versions="1+", default=-1)
    """From v1: 0: of the classic protocol; 1: of the consumer protocol; -1: unknown."""


@struct
class DescribedGroup:
    """One group."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    """Null where there is no error."""
    group_id: str = field(STRING)
    group_state: str = field(STRING)
    """Empty, Assigning, Reconciling, Stable or Dead."""
    group_epoch: int = field(INT32)
    assignment_epoch: int = field(INT32)
    """Group epoch that the target assignment was made for."""
    assignor_name: str = field(STRING)
    members: list[Member] = array_of(Member)
    authorized_operations: int = field(INT32, default=-2147483648)
    """A bit field; -2147483648 when it was not asked for."""


@message(key=69, versions="0-1", flexible="0+")
class ConsumerGroupDescribeResponse:
    """One description per group."""

    throttle_time_ms: int = field(INT32)
    groups: list[DescribedGroup] = array_of(DescribedGroup)
