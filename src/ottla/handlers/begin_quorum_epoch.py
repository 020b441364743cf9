"""BeginQuorumEpoch (53), v0-1: this voter leads, and takes no other leader (KIP-595)."""

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
from ottla.protocol.messages.begin_quorum_epoch import (
    BeginQuorumEpochRequest,
    BeginQuorumEpochResponse,
    BegunPartition,
    NodeEndpoint,
    QuorumEpochPartition,
    QuorumEpochTopic,
)
from ottla.types import CLUSTER_METADATA_TOPIC


def handle(request: BeginQuorumEpochRequest, context: RequestContext) -> BeginQuorumEpochResponse:
    """Say who leads in which epoch."""
    if not is_about_this_cluster(request.cluster_id, context):
        return BeginQuorumEpochResponse(error_code=ErrorCode.INCONSISTENT_CLUSTER_ID)
    if not is_metadata_partition(request.topics):
        return BeginQuorumEpochResponse(error_code=ErrorCode.INVALID_REQUEST)
    (told,) = request.topics[0].partitions
    quorum = context.services.quorum
    partition = QuorumEpochPartition(
        error_code=_error(request, told, context),
        leader_id=quorum.node_id,
        leader_epoch=quorum.leader_epoch,
    )
    endpoint = leader_endpoint(context)
    return BeginQuorumEpochResponse(
        topics=[QuorumEpochTopic(topic_name=CLUSTER_METADATA_TOPIC, partitions=[partition])],
        node_endpoints=[]
        if endpoint is None
        else [NodeEndpoint(node_id=quorum.node_id, host=endpoint.host, port=endpoint.port)],
    )


def _error(request: BeginQuorumEpochRequest, told: BegunPartition, context: RequestContext) -> ErrorCode:
    error = voter_error(told.leader_id, told.leader_epoch, context)
    if error is ErrorCode.NONE and told.leader_id != context.services.quorum.node_id:
        return ErrorCode.INCONSISTENT_VOTER_SET
    if error is ErrorCode.NONE and not is_own_voter_key(request.voter_id, told.voter_directory_id, context):
        return ErrorCode.INVALID_VOTER_KEY
    return error
