"""UpdateRaftVoter (82), v0: the only voter is this node, and needs nobody to speak for it (KIP-853).

The checks and their order are those of Kafka's `KafkaRaftClient` and `UpdateVoterHandler`. While the voters are
configured Kafka remembers what they say until kraft.version is raised; the one voter here is known anyway.
"""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import is_about_this_cluster, leader_endpoint, leader_error
from ottla.handlers.raft_voters import is_voter_key
from ottla.protocol.messages.update_raft_voter import (
    CurrentLeader,
    UpdateRaftVoterRequest,
    UpdateRaftVoterResponse,
)


def handle(request: UpdateRaftVoterRequest, context: RequestContext) -> UpdateRaftVoterResponse:
    """Compare what a voter says about itself with what is known."""
    quorum = context.services.quorum
    leader = CurrentLeader(leader_id=quorum.node_id, leader_epoch=quorum.leader_epoch)
    endpoint = leader_endpoint(context)
    if endpoint is not None:
        leader.host, leader.port = endpoint.host, endpoint.port
    return UpdateRaftVoterResponse(error_code=_error(request, context), current_leader=leader)


def _error(request: UpdateRaftVoterRequest, context: RequestContext) -> ErrorCode:
    quorum = context.services.quorum
    if not is_about_this_cluster(request.cluster_id, context):
        return ErrorCode.INCONSISTENT_CLUSTER_ID
    error = leader_error(request.current_leader_epoch, context)
    if error is not ErrorCode.NONE:
        return error
    feature = request.kraft_version_feature
    lowest, highest = feature.min_supported_version, feature.max_supported_version
    listener_names = {listener.name for listener in request.listeners}
    if (
        not is_voter_key(request.voter_id, request.voter_directory_id)
        or quorum.default_listener_name not in listener_names
        or not 0 <= lowest <= highest
        or not lowest <= quorum.kraft_version <= highest
    ):
        return ErrorCode.INVALID_REQUEST
    voter = quorum.voter()
    is_own = request.voter_id == voter.node_id and (
        quorum.kraft_version == 0 or request.voter_directory_id == voter.directory_id
    )
    if not is_own:
        return ErrorCode.VOTER_NOT_FOUND
    said = {(listener.name, listener.host, listener.port) for listener in request.listeners}
    is_known = said == set(voter.listeners) and (lowest, highest) == voter.supported_kraft_versions
    return ErrorCode.NONE if is_known else ErrorCode.INVALID_REQUEST
