"""Heartbeat (12), v0-4: keep a member's session alive, and learn of a rebalance.

While the group is being loaded the answer is simply yes: its sessions begin anew afterwards (facts 1.2).
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import Heartbeat
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse


def handle(
    request: HeartbeatRequest, context: RequestContext
) -> HeartbeatResponse | Completion[HeartbeatResponse]:
    """Pass the sign of life on."""
    if request.group_id == "":
        return HeartbeatResponse(error_code=ErrorCode.INVALID_GROUP_ID)
    command = Heartbeat(request)
    reply = command.reply_to
    context.services.groups.submit(request.group_id, command)
    if isinstance(reply.error, KafkaError) and reply.error.code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
        return HeartbeatResponse()
    return reply
