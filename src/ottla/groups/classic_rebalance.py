"""The phases of a classic rebalance: wait for members to join, form a generation, wait for them to sync.

Rules of Kafka's GroupMetadataManager (facts 4.1). Nothing here is stored until the leader has handed in the plan,
except that a group without members is recorded as empty; a restart in between falls back to the generation before.
"""

from __future__ import annotations

import logging

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.groups.classic_group import NO_ASSIGNMENT, ClassicGroup, ClassicMember, GroupState
from ottla.groups.log_records import ClassicGroupRecord
from ottla.groups.records import GroupMetadataKey
from ottla.groups.turn import DeadlineKey, DeadlineKind, Turn
from ottla.protocol.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from ottla.protocol.messages.sync_group import SyncGroupResponse

logger = logging.getLogger("ottla.groups")


def maybe_rebalance(turn: Turn, group: ClassicGroup, reason: str) -> None:
    """Begin a rebalance; where one runs already, complete its join phase if everybody is there."""
    if group.can_rebalance:
        prepare_rebalance(turn, group, reason)
    else:
        maybe_complete_join(turn, group)


def prepare_rebalance(turn: Turn, group: ClassicGroup, reason: str) -> None:
    """Have all members join again. A group that was empty gives others time to join too."""
    if group.is_in(GroupState.COMPLETING_REBALANCE):
        for member in group.members.values():
            member.assignment = NO_ASSIGNMENT
            error = SyncGroupResponse(error_code=ErrorCode.REBALANCE_IN_PROGRESS)
            answer_sync(turn, group, member, error)
    group.pending_sync.clear()
    turn.deadlines.cancel(DeadlineKey(DeadlineKind.SYNC, group.group_id))
    was_empty = group.is_in(GroupState.EMPTY)
    group.move_to(GroupState.PREPARING_REBALANCE, turn.now_ms)
    logger.info(
        "Preparing to rebalance group %s with old generation %d: %s",
        group.group_id,
        group.generation_id,
        reason,
    )
    if was_empty:
        delay_ms = turn.settings.group_initial_rebalance_delay_ms
        group.initial_delay_ms = delay_ms
        group.initial_remaining_ms = max(group.rebalance_timeout_ms - delay_ms, 0)
        _schedule_join(turn, group, delay_ms)
    elif group.all_have_joined:
        complete_join(turn, group)
    else:
        _schedule_join(turn, group, group.rebalance_timeout_ms)


def maybe_complete_join(turn: Turn, group: ClassicGroup) -> None:
    """Complete the join phase if everybody is there, except that the initial delay runs to its end."""
    if (
        group.is_in(GroupState.PREPARING_REBALANCE)
        and group.previous_state is not GroupState.EMPTY
        and group.all_have_joined
    ):
        complete_join(turn, group)


def complete_join(turn: Turn, group: ClassicGroup) -> None:
    """Form the next generation of those who joined, and answer them. Dynamic members that did not join are out."""
    turn.deadlines.cancel(DeadlineKey(DeadlineKind.JOIN, group.group_id))
    group.initial_delay_ms = None
    late = [m for m in group.members.values() if m.parked_join is None and m.group_instance_id is None]
    for member in late:
        drop_member(turn, group, member.member_id)
    if not group.elect_joined_leader() and group.members:
        # Only static members are left and none of them joined: wait until one does or their sessions end.
        logger.warning("Group %s could not rebalance because no member joined again", group.group_id)
        _schedule_join(turn, group, group.rebalance_timeout_ms)
        return
    group.begin_generation(turn.now_ms)
    if group.is_in(GroupState.EMPTY):
        logger.info("Group %s with generation %d is now empty", group.group_id, group.generation_id)
        append_group(turn, group, {})
        return
    logger.info(
        "Group %s has formed generation %d with %d members",
        group.group_id,
        group.generation_id,
        len(group.members),
    )
    for member in group.members.values():
        parked = group.take_parked_join(member)
        if parked is not None:
            turn.reply(parked, join_response(group, member.member_id))
        extend_session(turn, group, member)
        member.is_new = False
        group.pending_sync.add(member.member_id)
    sync_due_ms = turn.now_ms + group.rebalance_timeout_ms
    turn.deadlines.schedule(DeadlineKey(DeadlineKind.SYNC, group.group_id), sync_due_ms)


# What deadlines do


def on_join_deadline(turn: Turn, group: ClassicGroup) -> None:
    """End the join phase, or extend the initial delay where somebody came while it ran."""
    delay_ms = group.initial_delay_ms
    if delay_ms is None or not group.new_member_added or group.initial_remaining_ms == 0:
        complete_join(turn, group)
        return
    group.new_member_added = False
    extension_ms = min(turn.settings.group_initial_rebalance_delay_ms, group.initial_remaining_ms)
    group.initial_remaining_ms = max(group.initial_remaining_ms - delay_ms, 0)
    group.initial_delay_ms = extension_ms
    _schedule_join(turn, group, extension_ms)


def on_sync_deadline(turn: Turn, group: ClassicGroup) -> None:
    """Remove the members that did not send SyncGroup in time, and rebalance without them."""
    if group.pending_sync and group.is_in(GroupState.COMPLETING_REBALANCE, GroupState.STABLE):
        late = sorted(group.pending_sync)
        for member_id in late:
            drop_member(turn, group, member_id)
        prepare_rebalance(turn, group, f"members {late} did not send SyncGroup in time")


def on_session_deadline(turn: Turn, group: ClassicGroup, member_id: str) -> None:
    """Give up a member that was not heard of, or an id that was handed out and not used."""
    if member_id in group.pending_members:
        group.remove(member_id)
        complete_if_only_waiting(turn, group)
        return
    member = group.members.get(member_id)
    if member is None or member.may_not_expire:
        return
    logger.info("Member %s of group %s has failed", member_id, group.group_id)
    refuse_parked_join(turn, group, member)
    group.remove(member_id)
    if group.is_in(GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
        maybe_rebalance(turn, group, f"the session of member {member_id} ended")
    else:
        complete_if_only_waiting(turn, group)


def complete_if_only_waiting(turn: Turn, group: ClassicGroup) -> None:
    """Complete the join phase if the member just given up was the last one missing, even in the initial delay."""
    if group.is_in(GroupState.PREPARING_REBALANCE) and group.all_have_joined:
        complete_join(turn, group)


# Small steps


def extend_session(
    turn: Turn, group: ClassicGroup, member: ClassicMember, timeout_ms: int | None = None
) -> None:
    """Count a member's session timeout from now."""
    due_ms = turn.now_ms + (member.session_timeout_ms if timeout_ms is None else timeout_ms)
    turn.deadlines.schedule(DeadlineKey(DeadlineKind.SESSION, group.group_id, member.member_id), due_ms)


def drop_member(turn: Turn, group: ClassicGroup, member_id: str) -> None:
    """Remove a member or a handed out id together with its session."""
    group.remove(member_id)
    turn.deadlines.cancel(DeadlineKey(DeadlineKind.SESSION, group.group_id, member_id))


def refuse_parked_join(turn: Turn, group: ClassicGroup, member: ClassicMember) -> None:
    """Tell a member that is being removed to start over, if its JoinGroup is parked."""
    parked = group.take_parked_join(member)
    if parked is not None:
        turn.reply(parked, JoinGroupResponse(error_code=ErrorCode.UNKNOWN_MEMBER_ID))


def answer_sync(turn: Turn, group: ClassicGroup, member: ClassicMember, response: SyncGroupResponse) -> None:
    """Answer a member's parked SyncGroup, if there is one; its session starts anew."""
    parked, member.parked_sync = member.parked_sync, None
    if parked is not None:
        turn.reply(parked, response)
        extend_session(turn, group, member)


def replace_parked(turn: Turn, parked: Completion[JoinGroupResponse] | None, member_id: str) -> None:
    """End a JoinGroup whose place a newer one of the same member takes."""
    if parked is not None:
        turn.reply(parked, JoinGroupResponse(error_code=ErrorCode.REBALANCE_IN_PROGRESS, member_id=member_id))


def append_group(turn: Turn, group: ClassicGroup, assignments: dict[str, bytes]) -> None:
    """Have the generation recorded."""
    turn.append(group_record(group, assignments))


def group_record(group: ClassicGroup, assignments: dict[str, bytes]) -> ClassicGroupRecord:
    """Return the record of this generation with the given assignments."""
    return ClassicGroupRecord(GroupMetadataKey(group=group.group_id), group.to_record(assignments))


def join_response(group: ClassicGroup, member_id: str) -> JoinGroupResponse:
    """Return a member's answer for the current generation; only the leader learns who the others are."""
    assert group.protocol_name is not None
    assert group.leader_id is not None
    return JoinGroupResponse(
        generation_id=group.generation_id,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=group.leader_id,
        member_id=member_id,
        members=describe_members(group) if group.leader_id == member_id else [],
    )


def describe_members(group: ClassicGroup) -> list[JoinGroupResponseMember]:
    """Return all members with their metadata for the chosen protocol, as the leader gets them."""
    return [
        JoinGroupResponseMember(
            member_id=member.member_id,
            group_instance_id=member.group_instance_id,
            metadata=member.metadata_for(group.protocol_name),
        )
        for member in group.members.values()
    ]


def _schedule_join(turn: Turn, group: ClassicGroup, delay_ms: int) -> None:
    turn.deadlines.schedule(DeadlineKey(DeadlineKind.JOIN, group.group_id), turn.now_ms + delay_ms)
