"""ElectLeaders (43), v0-2: preferred and unclean elections (KIP-183, KIP-460); no failure blocks another partition."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse


def handle(
    request: ElectLeadersRequest, context: RequestContext
) -> ElectLeadersResponse | Completion[ElectLeadersResponse]:
    """Elect the leaders; the answer comes when they lead, or after the client's timeout."""
    if request.topic_partitions == []:
        return ElectLeadersResponse()
    elected = context.services.controller.elect_leaders(
        request.election_type, request.topic_partitions, timeout_ms=request.timeout_ms
    )
    return elected.map(lambda results: ElectLeadersResponse(replica_election_results=results))
