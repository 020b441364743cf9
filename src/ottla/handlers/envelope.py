"""Envelope (58), v0: brokers forward their clients' requests in it, and there is no broker that would (KIP-590).

A request in an envelope is done in the name of whomever the envelope says. Without another node in the cluster
whoever sends one is a stranger, and gets what Kafka answers to a sender that may not act for the cluster.
"""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.envelope import EnvelopeRequest, EnvelopeResponse

logger = logging.getLogger("ottla.controller")


def handle(request: EnvelopeRequest, context: RequestContext) -> EnvelopeResponse:
    """Refuse to act for somebody else."""
    logger.warning(
        "Refused a forwarded request of %d bytes from %s: no other node is part of this cluster",
        len(request.request_data),
        context.client_host,
    )
    return EnvelopeResponse(error_code=ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
