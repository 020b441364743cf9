"""What a shard can be told to do. Each command brings the completion that its answer is for.

Commands carry protocol messages and are answered with them; what differs between the versions of an API is the
handlers' business, except for the few rules that depend on a version, which then stands in the command.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from ottla.completion import Completion
from ottla.protocol.messages.delete_groups import DeletableGroupResult
from ottla.protocol.messages.describe_groups import DescribedGroup
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from ottla.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from ottla.protocol.messages.list_groups import ListedGroup
from ottla.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from ottla.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from ottla.protocol.messages.offset_fetch import OffsetFetchRequestGroup, OffsetFetchResponseGroup
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse


@dataclass(slots=True)
class JoinGroup:
    """A client joins, or joins again."""

    request: JoinGroupRequest
    client_id: str
    client_host: str
    needs_member_id: bool
    """From v4 a dynamic member first gets an id and joins with it (KIP-394)."""
    can_skip_assignment: bool
    """From v9 a leader that came back can be told to leave the assignment as it is (KIP-814)."""
    reply_to: Completion[JoinGroupResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class SyncGroup:
    """A member asks for its assignment; the leader brings the plan."""

    request: SyncGroupRequest
    reply_to: Completion[SyncGroupResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class Heartbeat:
    """A member is alive."""

    request: HeartbeatRequest
    reply_to: Completion[HeartbeatResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class LeaveGroup:
    """Members leave, or are removed by an administrator."""

    request: LeaveGroupRequest
    """With `members` also for versions below 3."""
    reply_to: Completion[LeaveGroupResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class CommitOffsets:
    """Store offsets of existing partitions."""

    request: OffsetCommitRequest
    knows_missing_groups: bool
    """From v9 a missing group is GROUP_ID_NOT_FOUND, before it is ILLEGAL_GENERATION."""
    reply_to: Completion[OffsetCommitResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class FetchOffsets:
    """Look up the offsets of one group; `topics` None stands for all."""

    request: OffsetFetchRequestGroup
    require_stable: bool
    reply_to: Completion[OffsetFetchResponseGroup] = field(default_factory=Completion)


@dataclass(slots=True)
class DeleteOffsets:
    """Remove offsets of topics that the group does not use."""

    request: OffsetDeleteRequest
    reply_to: Completion[OffsetDeleteResponse] = field(default_factory=Completion)


@dataclass(slots=True)
class DescribeGroups:
    """Describe the given groups of this shard."""

    group_ids: Collection[str]
    reply_to: Completion[list[DescribedGroup]] = field(default_factory=Completion)


@dataclass(slots=True)
class ListGroups:
    """List the groups of this shard; an empty filter lets everything through."""

    states: Collection[str]
    types: Collection[str]
    reply_to: Completion[list[ListedGroup]] = field(default_factory=Completion)


@dataclass(slots=True)
class DeleteGroups:
    """Delete the given groups of this shard with their offsets."""

    group_ids: Collection[str]
    reply_to: Completion[list[DeletableGroupResult]] = field(default_factory=Completion)


@dataclass(slots=True)
class RemoveTopics:
    """Remove the offsets of topics that were deleted. The answer is False while there are more of them."""

    topics: Collection[str]
    reply_to: Completion[bool] = field(default_factory=Completion)


ShardCommand: TypeAlias = (
    JoinGroup
    | SyncGroup
    | Heartbeat
    | LeaveGroup
    | CommitOffsets
    | FetchOffsets
    | DeleteOffsets
    | DescribeGroups
    | ListGroups
    | DeleteGroups
    | RemoveTopics
)
