"""JoinGroup (11), v0-9: become a member of a classic group; answered when the next generation is formed."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.groups.commands import JoinGroup
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse

_FIRST_WITH_REBALANCE_TIMEOUT = 1
_FIRST_WITH_MEMBER_ID_REQUIRED = 4
_FIRST_WITH_NULL_PROTOCOL = 7
_FIRST_WITH_SKIP_ASSIGNMENT = 9


def handle(
    request: JoinGroupRequest, context: RequestContext
) -> JoinGroupResponse | Completion[JoinGroupResponse]:
    """Check what needs no group, and let the group decide the rest."""
    version = context.api_version
    config = context.services.config
    lowest, highest = config.group_min_session_timeout_ms, config.group_max_session_timeout_ms
    if request.group_id == "":
        return _refusal(request, version, ErrorCode.INVALID_GROUP_ID)
    if not lowest <= request.session_timeout_ms <= highest:
        return _refusal(request, version, ErrorCode.INVALID_SESSION_TIMEOUT)
    if version < _FIRST_WITH_REBALANCE_TIMEOUT:
        request.rebalance_timeout_ms = request.session_timeout_ms
    command = JoinGroup(
        request,
        client_id=context.client_id,
        client_host=context.client_host,
        needs_member_id=version >= _FIRST_WITH_MEMBER_ID_REQUIRED,
        can_skip_assignment=version >= _FIRST_WITH_SKIP_ASSIGNMENT,
    )
    context.services.groups.submit(request.group_id, command)
    return command.reply_to.map(lambda response: _for_version(response, version))


def _refusal(request: JoinGroupRequest, version: int, code: ErrorCode) -> JoinGroupResponse:
    return _for_version(JoinGroupResponse(member_id=request.member_id, error_code=code), version)


def _for_version(response: JoinGroupResponse, version: int) -> JoinGroupResponse:
    """Leave out a protocol that is empty, as most errors do: null where the version allows it."""
    if not response.protocol_name:
        response.protocol_name = None if version >= _FIRST_WITH_NULL_PROTOCOL else ""
    return response
