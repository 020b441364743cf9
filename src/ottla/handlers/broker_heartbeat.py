"""BrokerHeartbeat (63), v0-1: the state of this broker, which needs no heartbeats of its own (KIP-631).

A broker of another node is told that its epoch is stale: that sends it back to its registration, which is refused.
"""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.broker_heartbeat import BrokerHeartbeatRequest, BrokerHeartbeatResponse

logger = logging.getLogger("ottla.controller")


def handle(request: BrokerHeartbeatRequest, context: RequestContext) -> BrokerHeartbeatResponse:
    """Tell in which state the broker is; nobody but its own process changes that."""
    services = context.services
    broker = services.image().brokers.by_id.get(request.broker_id)
    if broker is None or broker.epoch != request.broker_epoch or request.broker_id != services.node_id:
        return BrokerHeartbeatResponse(error_code=ErrorCode.STALE_BROKER_EPOCH)
    if request.want_fence or request.want_shut_down or request.offline_log_dirs:
        logger.warning(
            "Somebody at %s speaks for broker %d and wants another state: refused",
            context.client_host,
            request.broker_id,
        )
        return BrokerHeartbeatResponse(error_code=ErrorCode.INVALID_REQUEST)
    return BrokerHeartbeatResponse(
        is_caught_up=request.current_metadata_offset >= broker.epoch,
        is_fenced=broker.fenced,
        should_shut_down=False,
    )
