"""ControllerRegistration (70), v0: this cluster has one controller, and registers it itself (KIP-919)."""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.controller_registration import (
    ControllerRegistrationRequest,
    ControllerRegistrationResponse,
)

logger = logging.getLogger("ottla.controller")


def handle(request: ControllerRegistrationRequest, context: RequestContext) -> ControllerRegistrationResponse:
    """Refuse every controller but this one, whose registration stands in the log already."""
    own = context.services.image().brokers.controllers.get(context.services.node_id)
    is_own = request.controller_id == context.services.node_id
    if is_own and own is not None and own.incarnation_id == request.incarnation_id:
        return ControllerRegistrationResponse()
    reason = (
        "this node has that id itself"
        if is_own
        else "this cluster has one node only; controllers of other nodes are not supported"
    )
    logger.warning(
        "Refused the registration of controller %d from %s: %s",
        request.controller_id,
        context.client_host,
        reason,
    )
    return ControllerRegistrationResponse(
        error_code=ErrorCode.INVALID_REGISTRATION,
        error_message=f"Controller {request.controller_id} cannot register: {reason}",
    )
