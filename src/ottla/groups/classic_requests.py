"""What a classic group answers to JoinGroup, SyncGroup, Heartbeat and LeaveGroup (facts 4.1).

Each function takes one step for one request: it answers, or parks the request in the group, and begins or completes
the phases of `classic_rebalance`. Which group it is, and whether there is one, the shard has found out before.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.classic_group import NO_ASSIGNMENT, ClassicGroup, ClassicMember, GroupState, Protocols
from ottla.groups.classic_rebalance import (
    answer_sync,
    drop_member,
    extend_session,
    group_record,
    join_response,
    maybe_complete_join,
    maybe_rebalance,
    prepare_rebalance,
    refuse_parked_join,
    replace_parked,
)
from ottla.groups.commands import Heartbeat, JoinGroup, LeaveGroup, SyncGroup
from ottla.groups.turn import NEW_MEMBER_JOIN_TIMEOUT_MS, DeadlineKey, DeadlineKind, Turn
from ottla.protocol.messages.heartbeat import HeartbeatResponse
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from ottla.protocol.messages.leave_group import LeaveGroupResponse, MemberIdentity, MemberResponse
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse

logger = logging.getLogger("ottla.groups")


def join(turn: Turn, group: ClassicGroup, command: JoinGroup) -> None:
    """Take in a member, new or known. The answer mostly waits for the next generation."""
    request = command.request
    if not _has_room_for(turn, group, request.member_id):
        group.remove(request.member_id)
        _refuse(turn, command, "", ErrorCode.GROUP_MAX_SIZE_REACHED)
    elif not group.accepts(request.protocol_type, _protocols_of(request)):
        _refuse(turn, command, request.member_id, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    elif request.member_id == "":
        _join_without_id(turn, group, command)
    elif request.member_id in group.pending_members:
        if request.group_instance_id is not None:
            # Ids are handed out to dynamic members only; Kafka has no better answer than this one either.
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        _add_member(turn, group, command, request.member_id)
    else:
        _join_again(turn, group, command)


def _has_room_for(turn: Turn, group: ClassicGroup, member_id: str) -> bool:
    """Tell whether group.max.size lets a member in.

    While members join, those who wait are counted: so the last to come are out where the limit was lowered.
    """
    if group.is_in(GroupState.EMPTY):
        return True
    member = group.members.get(member_id)
    if group.is_in(GroupState.PREPARING_REBALANCE):
        is_waiting = member is not None and member.parked_join is not None
        return is_waiting or group.awaiting_join < turn.settings.group_max_size
    return member is not None or len(group.members) < turn.settings.group_max_size


def _join_without_id(turn: Turn, group: ClassicGroup, command: JoinGroup) -> None:
    request = command.request
    if request.group_instance_id is not None:
        new_id = f"{request.group_instance_id}-{turn.new_uuid()}"
        old_id = group.static_members.get(request.group_instance_id)
        if old_id is None:
            _add_member(turn, group, command, new_id)
        else:
            logger.info("Static member %s of group %s is back", request.group_instance_id, group.group_id)
            _replace_static_member(turn, group, command, group.members[old_id], new_id)
        return
    new_id = f"{command.client_id}-{turn.new_uuid()}"
    if command.needs_member_id:
        group.pending_members.add(new_id)
        key = DeadlineKey(DeadlineKind.SESSION, group.group_id, new_id)
        turn.deadlines.schedule(key, turn.now_ms + request.session_timeout_ms)
        _refuse(turn, command, new_id, ErrorCode.MEMBER_ID_REQUIRED)
    else:
        _add_member(turn, group, command, new_id)


def _add_member(turn: Turn, group: ClassicGroup, command: JoinGroup, member_id: str) -> None:
    request = command.request
    member = ClassicMember(
        member_id=member_id,
        group_instance_id=request.group_instance_id,
        client_id=command.client_id,
        client_host=command.client_host,
        rebalance_timeout_ms=request.rebalance_timeout_ms,
        session_timeout_ms=request.session_timeout_ms,
        protocols=_protocols_of(request),
        is_new=True,
    )
    if group.is_in(GroupState.PREPARING_REBALANCE) and group.previous_state is GroupState.EMPTY:
        group.new_member_added = True
    group.add(member, command.reply_to, request.protocol_type)
    extend_session(turn, group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
    maybe_rebalance(turn, group, f"member {member_id} joins{_reason_of(request.reason)}")


def _join_again(turn: Turn, group: ClassicGroup, command: JoinGroup) -> None:
    """Let a known member join: most changes begin a rebalance, a mere repetition gets the generation it missed."""
    request = command.request
    try:
        member = group.require_member(request.member_id, request.group_instance_id)
    except KafkaError as error:
        response = JoinGroupResponse(member_id=request.member_id, error_code=error.code)
        turn.reply(command.reply_to, response)
        return
    unchanged = member.protocols == _protocols_of(request)
    is_leader = group.leader_id == member.member_id
    if unchanged and (
        group.is_in(GroupState.COMPLETING_REBALANCE) or (group.is_in(GroupState.STABLE) and not is_leader)
    ):
        turn.reply(command.reply_to, join_response(group, member.member_id))
    else:
        _update_member(turn, group, member, command)
        maybe_rebalance(turn, group, f"member {member.member_id} joins again{_reason_of(request.reason)}")


def _replace_static_member(
    turn: Turn, group: ClassicGroup, command: JoinGroup, member: ClassicMember, new_id: str
) -> None:
    """Give a static member that lost its id a new one; its old id is fenced from now on.

    In a stable group nobody else notices, unless the chosen protocol would change.
    """
    old_id, old_leader = member.member_id, group.leader_id
    before = _Promises.of(member)
    _fence(turn, group, member)
    turn.deadlines.cancel(DeadlineKey(DeadlineKind.SESSION, group.group_id, old_id))
    group.pending_sync.discard(old_id)
    group.rename(member, new_id)
    _update_member(turn, group, member, command)
    extend_session(turn, group, member)
    if group.is_in(GroupState.COMPLETING_REBALANCE):
        # The leader may already plan for the old id, so its plan would miss the new one.
        prepare_rebalance(turn, group, f"static member {new_id} joins while the leader assigns")
    elif not group.is_in(GroupState.STABLE):
        maybe_complete_join(turn, group)
    elif group.select_protocol() != group.protocol_name:
        maybe_rebalance(turn, group, f"static member {new_id} changes the protocol")
    else:
        group.take_parked_join(member)
        assert old_leader is not None
        record = group_record(group, {each.member_id: each.assignment for each in group.members.values()})
        if not turn.has_room_for(record):
            turn.deadlines.cancel(DeadlineKey(DeadlineKind.SESSION, group.group_id, new_id))
            group.rename(member, old_id)
            before.restore(group, member)
            extend_session(turn, group, member)
            turn.reply(command.reply_to, _too_large(group, old_leader))
            return
        response = join_response(group, new_id)
        if command.can_skip_assignment:
            response.skip_assignment = group.leader_id == new_id
        else:
            # An older client that learned it is the leader would assign again; the old id keeps it a follower.
            response.leader, response.members = old_leader, []
        turn.reply(command.reply_to, response)
        turn.append(record)


@dataclass(frozen=True, slots=True)
class _Promises:
    """What a member said of itself when it joined, kept for the case that what it says now is refused."""

    protocols: Protocols
    rebalance_timeout_ms: int
    session_timeout_ms: int

    @classmethod
    def of(cls, member: ClassicMember) -> _Promises:
        return cls(member.protocols, member.rebalance_timeout_ms, member.session_timeout_ms)

    def restore(self, group: ClassicGroup, member: ClassicMember) -> None:
        group.update(member, self.protocols)
        member.rebalance_timeout_ms = self.rebalance_timeout_ms
        member.session_timeout_ms = self.session_timeout_ms


def _too_large(group: ClassicGroup, leader_id: str) -> JoinGroupResponse:
    """Return the answer to a static member whose new metadata does not fit into the log; it tells the generation."""
    return JoinGroupResponse(
        error_code=ErrorCode.UNKNOWN_SERVER_ERROR,
        generation_id=group.generation_id,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=leader_id,
    )


def _fence(turn: Turn, group: ClassicGroup, member: ClassicMember) -> None:
    parked = group.take_parked_join(member)
    if parked is not None:
        response = JoinGroupResponse(member_id=member.member_id, error_code=ErrorCode.FENCED_INSTANCE_ID)
        turn.reply(parked, response)
    answer_sync(turn, group, member, SyncGroupResponse(error_code=ErrorCode.FENCED_INSTANCE_ID))


def _update_member(turn: Turn, group: ClassicGroup, member: ClassicMember, command: JoinGroup) -> None:
    request = command.request
    group.update(member, _protocols_of(request))
    member.rebalance_timeout_ms = request.rebalance_timeout_ms
    member.session_timeout_ms = request.session_timeout_ms
    replace_parked(turn, member.parked_join, member.member_id)
    group.park_join(member, command.reply_to)


def sync(turn: Turn, group: ClassicGroup, command: SyncGroup) -> None:
    """Park a member until the leader has brought the plan; the plan itself is recorded and answers everybody."""
    request = command.request
    member = _require_current(group, request.member_id, request.group_instance_id, request.generation_id)
    if _differs(request.protocol_type, group.protocol_type) or _differs(
        request.protocol_name, group.protocol_name
    ):
        raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if group.is_in(GroupState.PREPARING_REBALANCE):
        raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)
    group.pending_sync.discard(member.member_id)
    if not group.pending_sync:
        turn.deadlines.cancel(DeadlineKey(DeadlineKind.SYNC, group.group_id))
    if group.is_in(GroupState.STABLE):
        turn.reply(command.reply_to, _sync_response(group, member.assignment))
        return
    _replace_parked_sync(turn, member.parked_sync)
    member.parked_sync = command.reply_to
    if group.leader_id == member.member_id:
        _take_plan(turn, group, request)


def _take_plan(turn: Turn, group: ClassicGroup, request: SyncGroupRequest) -> None:
    plan = {item.member_id: item.assignment for item in request.assignments}
    record = group_record(group, plan)
    if not turn.has_room_for(record):
        for member in group.members.values():
            error = SyncGroupResponse(error_code=ErrorCode.UNKNOWN_SERVER_ERROR)
            answer_sync(turn, group, member, error)
        prepare_rebalance(turn, group, "the plan is too large for the log")
        return
    for member in group.members.values():
        answer_sync(turn, group, member, _sync_response(group, plan.get(member.member_id, NO_ASSIGNMENT)))
    turn.append(record)
    group.state_timestamp_ms = turn.now_ms  # stable from now on, once the record is committed


def _sync_response(group: ClassicGroup, assignment: bytes) -> SyncGroupResponse:
    return SyncGroupResponse(
        protocol_type=group.protocol_type, protocol_name=group.protocol_name, assignment=assignment
    )


def _replace_parked_sync(turn: Turn, parked: Completion[SyncGroupResponse] | None) -> None:
    if parked is not None:
        turn.reply(parked, SyncGroupResponse(error_code=ErrorCode.REBALANCE_IN_PROGRESS))


def heartbeat(turn: Turn, group: ClassicGroup, command: Heartbeat) -> None:
    """Extend a member's session, and tell it to join again where a rebalance runs."""
    request = command.request
    member = _require_current(group, request.member_id, request.group_instance_id, request.generation_id)
    extend_session(turn, group, member)
    rebalances = group.is_in(GroupState.PREPARING_REBALANCE)
    code = ErrorCode.REBALANCE_IN_PROGRESS if rebalances else ErrorCode.NONE
    turn.reply(command.reply_to, HeartbeatResponse(error_code=code))


def leave(turn: Turn, group: ClassicGroup, command: LeaveGroup) -> None:
    """Remove members; those who are left rebalance once for all of them."""
    responses = [_leave_one(turn, group, identity) for identity in command.request.members]
    turn.reply(command.reply_to, LeaveGroupResponse(members=responses))
    left = [response.member_id for response in responses if response.error_code == ErrorCode.NONE]
    if not left:
        return
    if group.is_in(GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
        maybe_rebalance(turn, group, f"members {left} left")
    else:
        maybe_complete_join(turn, group)


def _leave_one(turn: Turn, group: ClassicGroup, identity: MemberIdentity) -> MemberResponse:
    member_id, instance_id = identity.member_id, identity.group_instance_id
    response = MemberResponse(member_id=member_id, group_instance_id=instance_id)
    if member_id == "" and instance_id is not None:
        # An administrator removes a static member by its name alone.
        member_id = group.static_members.get(instance_id, "")
    if member_id in group.pending_members:
        drop_member(turn, group, member_id)
        return response
    try:
        member = group.require_member(member_id, instance_id)
    except KafkaError as error:
        response.error_code = error.code
        return response
    logger.info("Member %s left group %s%s", member_id, group.group_id, _reason_of(identity.reason))
    refuse_parked_join(turn, group, member)
    answer_sync(turn, group, member, SyncGroupResponse(error_code=ErrorCode.UNKNOWN_MEMBER_ID))
    drop_member(turn, group, member_id)
    return response


def _require_current(
    group: ClassicGroup, member_id: str, group_instance_id: str | None, generation_id: int
) -> ClassicMember:
    """Return the member. Raises KafkaError where it is not one, or not of this generation."""
    member = group.require_member(member_id, group_instance_id)
    if generation_id != group.generation_id:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)
    return member


def _refuse(turn: Turn, command: JoinGroup, member_id: str, code: ErrorCode) -> None:
    turn.reply(command.reply_to, JoinGroupResponse(member_id=member_id, error_code=code))


def _protocols_of(request: JoinGroupRequest) -> Protocols:
    return [(protocol.name, protocol.metadata) for protocol in request.protocols]


def _differs(asked: str | None, current: str | None) -> bool:
    return asked is not None and current is not None and asked != current


def _reason_of(reason: str | None) -> str:
    return f": {reason}" if reason else ""
