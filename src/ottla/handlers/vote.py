"""Vote (52), v0-2: nobody gets this voter's vote, which leads (KIP-595, KIP-996)."""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import (
    is_about_this_cluster,
    is_metadata_partition,
    is_own_voter_key,
    leader_endpoint,
    voter_error,
)
from ottla.protocol.messages.vote import (
    NodeEndpoint,
    VotedPartition,
    VotedTopic,
    VotePartition,
    VoteRequest,
    VoteResponse,
)
from ottla.types import CLUSTER_METADATA_TOPIC


def handle(request: VoteRequest, context: RequestContext) -> VoteResponse:
    """Say who leads in which epoch."""
    if not is_about_this_cluster(request.cluster_id, context):
        return VoteResponse(error_code=ErrorCode.INCONSISTENT_CLUSTER_ID)
    if not is_metadata_partition(request.topics):
        return VoteResponse(error_code=ErrorCode.INVALID_REQUEST)
    (candidate,) = request.topics[0].partitions
    quorum = context.services.quorum
    partition = VotedPartition(
        error_code=_error(request, candidate, context),
        leader_id=quorum.node_id,
        leader_epoch=quorum.leader_epoch,
        vote_granted=False,
    )
    endpoint = leader_endpoint(context)
    return VoteResponse(
        topics=[VotedTopic(topic_name=CLUSTER_METADATA_TOPIC, partitions=[partition])],
        node_endpoints=[]
        if endpoint is None
        else [NodeEndpoint(node_id=quorum.node_id, host=endpoint.host, port=endpoint.port)],
    )


def _error(request: VoteRequest, candidate: VotePartition, context: RequestContext) -> ErrorCode:
    if candidate.pre_vote:
        has_illegal_epoch = candidate.last_offset_epoch > candidate.replica_epoch
    else:
        has_illegal_epoch = candidate.last_offset_epoch >= candidate.replica_epoch
    if has_illegal_epoch or candidate.last_offset < 0 or candidate.last_offset_epoch < 0:
        return ErrorCode.INVALID_REQUEST
    error = voter_error(candidate.replica_id, candidate.replica_epoch, context)
    if error is ErrorCode.NONE and not is_own_voter_key(
        request.voter_id, candidate.voter_directory_id, context
    ):
        return ErrorCode.INVALID_VOTER_KEY
    return error
