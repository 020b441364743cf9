"""LeaveGroup (13), v0-5: members leave a classic group or are removed from it, one up to v2, many from v3."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import LeaveGroup
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.leave_group import (
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
)

_FIRST_WITH_MANY_MEMBERS = 3


def handle(
    request: LeaveGroupRequest, context: RequestContext
) -> LeaveGroupResponse | Completion[LeaveGroupResponse]:
    """Remove the members; one answer for each."""
    if request.group_id == "":
        return LeaveGroupResponse(error_code=ErrorCode.INVALID_GROUP_ID)
    has_many = context.api_version >= _FIRST_WITH_MANY_MEMBERS
    if not has_many:
        request.members = [MemberIdentity(member_id=request.member_id)]
    command = LeaveGroup(request)
    answer: Completion[LeaveGroupResponse] = Completion()

    def settle(reply: Completion[LeaveGroupResponse]) -> None:
        response: LeaveGroupResponse | None = None
        if reply.error is None:
            response = reply.result()
        elif isinstance(reply.error, KafkaError) and reply.error.code is ErrorCode.UNKNOWN_MEMBER_ID:
            response = _nobody(request)  # there is no such group
        if response is None:
            assert reply.error is not None
            answer.fail(reply.error)
        else:
            answer.resolve(response if has_many else _for_one(response))

    command.reply_to.on_done(settle)
    context.services.groups.submit(request.group_id, command)
    return answer


def _nobody(request: LeaveGroupRequest) -> LeaveGroupResponse:
    return LeaveGroupResponse(
        members=[
            MemberResponse(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                error_code=ErrorCode.UNKNOWN_MEMBER_ID,
            )
            for member in request.members
        ]
    )


def _for_one(response: LeaveGroupResponse) -> LeaveGroupResponse:
    """Move the only member's error to the top, where older versions have it."""
    return LeaveGroupResponse(error_code=response.members[0].error_code)
