"""The machine of one partition of `__consumer_offsets`: the groups and offsets whose ids hash to it.

Groups change by their phases as well as by records, but only a record outlives a restart: what a phase changed is lost
with the machine, and the members join again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups import classic_rebalance, classic_requests, offsets
from ottla.groups.classic_group import ClassicGroup, GroupState
from ottla.groups.commands import (
    CommitOffsets,
    DeleteGroups,
    DeleteOffsets,
    DescribeGroups,
    FetchOffsets,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    ListGroups,
    RemoveTopics,
    ShardCommand,
    SyncGroup,
)
from ottla.groups.deadlines import Deadlines
from ottla.groups.descriptions import describe_group, describe_missing, list_groups
from ottla.groups.log_records import (
    FOREIGN_GROUP_TYPES,
    ClassicGroupRecord,
    ForeignRecord,
    OffsetRecord,
    ShardRecord,
    TransactionMarker,
)
from ottla.groups.offset_store import CommittedOffset, OffsetStore
from ottla.groups.turn import DeadlineKey, DeadlineKind, GroupSettings, LogRoom, Turn
from ottla.machine import Effects
from ottla.protocol.messages.delete_groups import DeletableGroupResult
from ottla.protocol.messages.join_group import JoinGroupResponse
from ottla.types import TopicPartition

logger = logging.getLogger("ottla.groups")

MAX_REMOVALS_PER_STEP = 1_000
"""Removals of expired offsets in one append, so that one step does not hold up the loop."""


_OVERTAKING = (Heartbeat, FetchOffsets, DescribeGroups, ListGroups)
"""What reads, or only keeps a member alive: it appends nothing, also where what is on its way changes its group."""


class GroupShard:
    """Implements `ottla.machine.Machine` for one partition."""

    def __init__(
        self, name: str, settings: GroupSettings, new_uuid: Callable[[], str], room: LogRoom
    ) -> None:
        self.name = name
        self._settings = settings
        self._new_uuid = new_uuid
        self._room = room
        self._groups: dict[str, ClassicGroup] = {}
        self._offsets = OffsetStore()
        self._deadlines: Deadlines[DeadlineKey] = Deadlines()
        self._foreign: dict[str, str] = {}
        """Type of each group that is not served here, by id."""
        self._foreign_records = 0
        self._is_loading = True
        """Records come from the log, and no session runs yet; until the first wake."""
        self._cleanup_due_ms: int | None = None
        """When expired offsets are looked for next; None while there is no group."""
        self._cleanup_left: list[str] = []
        """Groups that the cleanup under way has not come to yet."""

    # The contract of a machine

    def handle(self, command: ShardCommand, now_ms: int) -> Effects[ShardRecord]:
        """Take one step for a command. Raises KafkaError to refuse it."""
        turn = self._turn(now_ms)
        self._RULES[type(command)](self, command, turn)
        return turn.effects

    def may_overtake(self, command: ShardCommand) -> bool:
        """Let heartbeats and reads through: a read finds what is committed, and a member that lives is alive."""
        return isinstance(command, _OVERTAKING)

    def replay(self, record: ShardRecord) -> None:
        """Apply a committed record."""
        if isinstance(record, OffsetRecord):
            self._offsets.replay(record)
            if record.value is not None and record.key.group not in self._groups:
                self._groups[record.key.group] = ClassicGroup(record.key.group)
        elif isinstance(record, ClassicGroupRecord):
            self._replay_group(record)
        elif isinstance(record, TransactionMarker):
            self._offsets.replay_marker(record)
        else:
            self._replay_foreign(record)

    def wake(self, now_ms: int) -> Effects[ShardRecord]:
        """Begin the sessions of members that come from the log, end what is due, remove what expired.

        What makes more records than fit into a batch stays due.
        """
        turn = self._turn(now_ms)
        if self._is_loading:
            self._is_loading = False
            self._begin(turn)
        while not turn.is_half_full and (key := self._deadlines.pop_due(now_ms)) is not None:
            group = self._groups.get(key.group_id)
            if group is not None:
                _on_deadline(turn, group, key)
        if self._cleanup_due_ms is not None and self._cleanup_due_ms <= now_ms:
            self._clean_up(turn)
        return turn.effects

    def next_wakeup_ms(self) -> int | None:
        """Return the nearest deadline; an empty shard has none."""
        next_ms = self._deadlines.next_ms()
        if next_ms is None or (self._cleanup_due_ms is not None and self._cleanup_due_ms < next_ms):
            return self._cleanup_due_ms
        return next_ms

    def abandon(self) -> list[Completion[Any]]:
        """Give up the parked JoinGroups and SyncGroups."""
        members = [member for group in self._groups.values() for member in group.members.values()]
        parked = [member.parked_join for member in members] + [member.parked_sync for member in members]
        return [each for each in parked if each is not None]

    # For looking on

    @property
    def groups(self) -> Mapping[str, ClassicGroup]:
        """The groups by id, not to be changed."""
        return self._groups

    def committed_offsets(self, group_id: str) -> Mapping[str, Mapping[int, CommittedOffset]]:
        """Return what a group has committed, by topic and partition."""
        return self._offsets.topics(group_id)

    # Replaying

    def _replay_group(self, record: ClassicGroupRecord) -> None:
        group_id = record.key.group
        group = self._groups.get(group_id)
        if record.value is not None:
            if group is None:
                group = self._groups[group_id] = ClassicGroup(group_id)
            if self._is_loading:
                group.load(record.value)
            else:
                group.confirm(record.value)
        elif group is not None:
            for member_id in (*group.members, *group.pending_members):
                self._deadlines.cancel(DeadlineKey(DeadlineKind.SESSION, group_id, member_id))
            self._deadlines.cancel(DeadlineKey(DeadlineKind.JOIN, group_id))
            self._deadlines.cancel(DeadlineKey(DeadlineKind.SYNC, group_id))
            del self._groups[group_id]

    def _replay_foreign(self, record: ForeignRecord) -> None:
        self._foreign_records += 1
        group_type = FOREIGN_GROUP_TYPES.get(record.key_type)
        if group_type is None or record.group_id is None:
            return
        if record.is_removal:
            self._foreign.pop(record.group_id, None)
        else:
            self._foreign[record.group_id] = group_type

    def _begin(self, turn: Turn) -> None:
        if self._foreign_records:
            logger.warning(
                "%s: skipped %d records of consumer, share or streams groups, which are not served; groups: %s",
                self.name,
                self._foreign_records,
                ", ".join(sorted(self._foreign)) or "none left",
            )
        if self._groups:
            self._expect_cleanup(turn)
        for group in self._groups.values():
            for member in group.members.values():
                classic_rebalance.extend_session(turn, group, member)
            if len(group.members) > self._settings.group_max_size:
                classic_rebalance.prepare_rebalance(turn, group, "the group is larger than group.max.size")

    # Commands

    def _turn(self, now_ms: int) -> Turn:
        return Turn(now_ms, self._settings, self._deadlines, self._new_uuid, self._room)

    def _join(self, command: JoinGroup, turn: Turn) -> None:
        request = command.request
        group = self._groups.get(request.group_id)
        if request.group_id in self._foreign:
            response = JoinGroupResponse(error_code=ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
            turn.reply(command.reply_to, response)
            return
        if group is None and request.member_id != "":
            response = JoinGroupResponse(member_id=request.member_id, error_code=ErrorCode.UNKNOWN_MEMBER_ID)
            turn.reply(command.reply_to, response)
            return
        is_new = group is None
        self._expect_cleanup(turn)
        if group is None:
            group = ClassicGroup(request.group_id, state_timestamp_ms=turn.now_ms)
            self._groups[request.group_id] = group
            # What the group becomes in this step is not stored; that there is a group is.
            classic_rebalance.append_group(turn, group, {})
        classic_requests.join(turn, group, command)
        assert not is_new or len(turn.effects.records) == 1, (
            "a first join only records that the group is there"
        )

    def _sync(self, command: SyncGroup, turn: Turn) -> None:
        classic_requests.sync(turn, self._group_with_members(command.request.group_id), command)

    def _heartbeat(self, command: Heartbeat, turn: Turn) -> None:
        group = self._groups.get(command.request.group_id)
        if group is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        classic_requests.heartbeat(turn, group, command)

    def _leave(self, command: LeaveGroup, turn: Turn) -> None:
        group = self._groups.get(command.request.group_id)
        if group is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        classic_requests.leave(turn, group, command)

    def _commit_offsets(self, command: CommitOffsets, turn: Turn) -> None:
        self._expect_cleanup(turn)
        offsets.commit(turn, self._groups.get(command.request.group_id), command)

    def _fetch_offsets(self, command: FetchOffsets, turn: Turn) -> None:
        group = self._groups.get(command.request.group_id)
        turn.reply(command.reply_to, offsets.fetch(self._offsets, group, command))

    def _delete_offsets(self, command: DeleteOffsets, turn: Turn) -> None:
        offsets.delete(turn, self._offsets, self._groups.get(command.request.group_id), command)

    def _describe_groups(self, command: DescribeGroups, turn: Turn) -> None:
        described = []
        for group_id in command.group_ids:
            group = self._groups.get(group_id)
            foreign_type = self._foreign.get(group_id)
            if group is None or foreign_type is not None:
                described.append(describe_missing(group_id, foreign_type))
            else:
                described.append(describe_group(group))
        turn.reply(command.reply_to, described)

    def _list_groups(self, command: ListGroups, turn: Turn) -> None:
        groups = (group for group in self._groups.values() if group.group_id not in self._foreign)
        turn.reply(command.reply_to, list_groups(groups, command.states, command.types))

    def _delete_groups(self, command: DeleteGroups, turn: Turn) -> None:
        results = []
        for group_id in command.group_ids:
            group = self._groups.get(group_id)
            code = ErrorCode.NONE
            if group is None or group_id in self._foreign:
                code = ErrorCode.GROUP_ID_NOT_FOUND
            elif not group.is_in(GroupState.EMPTY):
                code = ErrorCode.NON_EMPTY_GROUP
            else:
                offsets.remove_all(turn, self._offsets, group_id)
                offsets.remove_group(turn, group_id)
            results.append(DeletableGroupResult(group_id=group_id, error_code=code))
        turn.require_room()
        turn.reply(command.reply_to, results)

    def _remove_topics(self, command: RemoveTopics, turn: Turn) -> None:
        gone = set(command.topics)
        groups = {group_id for topic in command.topics for group_id in self._offsets.groups_with(topic)}
        partitions = (
            (group_id, partition)
            for group_id in sorted(groups)
            for partition in self._offsets.partitions_of(group_id)
            if partition.topic in gone
        )
        for group_id, partition in partitions:
            if turn.is_half_full:
                turn.reply(command.reply_to, False)
                return
            offsets.remove(turn, group_id, partition)
        turn.reply(command.reply_to, True)

    _RULES: ClassVar[Mapping[type[ShardCommand], Callable[[GroupShard, Any, Turn], None]]] = MappingProxyType(
        {
            JoinGroup: _join,
            SyncGroup: _sync,
            Heartbeat: _heartbeat,
            LeaveGroup: _leave,
            CommitOffsets: _commit_offsets,
            FetchOffsets: _fetch_offsets,
            DeleteOffsets: _delete_offsets,
            DescribeGroups: _describe_groups,
            ListGroups: _list_groups,
            DeleteGroups: _delete_groups,
            RemoveTopics: _remove_topics,
        }
    )
    """What answers which command."""

    def _group_with_members(self, group_id: str) -> ClassicGroup:
        group = self._groups.get(group_id)
        if group is None or group.is_in(GroupState.EMPTY):
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return group

    # Expiry

    def _expect_cleanup(self, turn: Turn) -> None:
        if self._cleanup_due_ms is None:
            self._cleanup_due_ms = turn.now_ms + self._settings.offsets_retention_check_interval_ms

    def _clean_up(self, turn: Turn) -> None:
        """Remove expired offsets, and groups that have neither offsets nor members; the rest in the next step."""
        if not self._cleanup_left:
            self._cleanup_left = list(self._groups)
        while self._cleanup_left:
            group = self._groups.get(self._cleanup_left[-1])
            if group is not None:
                self._clean_up_group(turn, group)
            if turn.is_half_full or len(turn.effects.records) >= MAX_REMOVALS_PER_STEP:
                return  # still due; this group may have more
            self._cleanup_left.pop()
        self._cleanup_due_ms = None
        if self._groups:
            self._expect_cleanup(turn)

    def _clean_up_group(self, turn: Turn, group: ClassicGroup) -> None:
        group_id = group.group_id
        kept = set(self._offsets.partitions_of(group_id))
        expired: list[TopicPartition] = list(offsets.expired(turn, self._offsets, group))
        for partition in expired[: MAX_REMOVALS_PER_STEP - len(turn.effects.records)]:
            if turn.is_half_full:
                break
            offsets.remove(turn, group_id, partition)
            kept.discard(partition)
        if kept or group.pending_members or group_id in self._foreign:
            return
        if group.is_in(GroupState.EMPTY) and not self._offsets.has_open_transaction(group_id):
            logger.info("Group %s has no members and no offsets left", group_id)
            offsets.remove_group(turn, group_id)


def _on_deadline(turn: Turn, group: ClassicGroup, key: DeadlineKey) -> None:
    if key.kind is DeadlineKind.SESSION:
        classic_rebalance.on_session_deadline(turn, group, key.member_id)
    elif key.kind is DeadlineKind.JOIN:
        classic_rebalance.on_join_deadline(turn, group)
    else:
        classic_rebalance.on_sync_deadline(turn, group)
