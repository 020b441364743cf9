"""SyncGroup (14), v0-5: a member's assignment; answered when the leader's plan is stored."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.groups.commands import SyncGroup
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse

_FIRST_WITH_PROTOCOL = 5


def handle(
    request: SyncGroupRequest, context: RequestContext
) -> SyncGroupResponse | Completion[SyncGroupResponse]:
    """Check what needs no group, and let the group decide the rest."""
    has_protocol = request.protocol_type is not None and request.protocol_name is not None
    if context.api_version >= _FIRST_WITH_PROTOCOL and not has_protocol:
        return SyncGroupResponse(error_code=ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if request.group_id == "":
        return SyncGroupResponse(error_code=ErrorCode.INVALID_GROUP_ID)
    command = SyncGroup(request)
    context.services.groups.submit(request.group_id, command)
    return command.reply_to
