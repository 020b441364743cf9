"""AddRaftVoter (80), v0: the only voter stays the only one (KIP-853).

What Kafka's `AddVoterHandler` checks before it asks the new voter for its versions is checked here too.
"""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import is_about_this_cluster
from ottla.handlers.raft_voters import (
    configured_voters_text,
    is_voter_key,
    key_text,
    voters_text,
    wrong_cluster_text,
)
from ottla.protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse


def handle(request: AddRaftVoterRequest, context: RequestContext) -> AddRaftVoterResponse:
    """Refuse the voter, with the first reason that Kafka would have."""
    code, text = _refusal(request, context)
    return AddRaftVoterResponse(error_code=code, error_message=text)


def _refusal(request: AddRaftVoterRequest, context: RequestContext) -> tuple[ErrorCode, str]:
    quorum = context.services.quorum
    if not is_about_this_cluster(request.cluster_id, context):
        return ErrorCode.INCONSISTENT_CLUSTER_ID, wrong_cluster_text(request.cluster_id, quorum)
    if not is_voter_key(request.voter_id, request.voter_directory_id):
        return ErrorCode.INVALID_REQUEST, "Add voter request didn't include a valid voter"
    listener_name = quorum.default_listener_name
    if all(listener.name != listener_name for listener in request.listeners):
        endpoints = ", ".join(
            f"ListenerName({each.name})={each.host}/<unresolved>:{each.port}" for each in request.listeners
        )
        return ErrorCode.INVALID_REQUEST, (
            f"Add voter request didn't include the endpoint (Endpoints(endpoints={{{endpoints}}})) for the default "
            f"listener ListenerName({listener_name})"
        )
    if quorum.kraft_version == 0:
        return ErrorCode.UNSUPPORTED_VERSION, configured_voters_text("adding", quorum)
    voter = quorum.voter()
    if request.voter_id == voter.node_id:
        key = key_text(request.voter_id, request.voter_directory_id)
        return ErrorCode.DUPLICATE_VOTER, (
            f"The voter id for {key} is already part of the set of voters {voters_text(voter)}."
        )
    return ErrorCode.INVALID_REQUEST, "This cluster has one node only; other voters are not supported"
