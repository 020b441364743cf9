"""RemoveRaftVoter (81), v0: the only voter cannot go, and there is no other (KIP-853, `RemoveVoterHandler`)."""

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
from ottla.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest, RemoveRaftVoterResponse


def handle(request: RemoveRaftVoterRequest, context: RequestContext) -> RemoveRaftVoterResponse:
    """Refuse to remove the voter, with the first reason that Kafka would have."""
    code, text = _refusal(request, context)
    return RemoveRaftVoterResponse(error_code=code, error_message=text)


def _refusal(request: RemoveRaftVoterRequest, context: RequestContext) -> tuple[ErrorCode, str]:
    quorum = context.services.quorum
    if not is_about_this_cluster(request.cluster_id, context):
        return ErrorCode.INCONSISTENT_CLUSTER_ID, wrong_cluster_text(request.cluster_id, quorum)
    if not is_voter_key(request.voter_id, request.voter_directory_id):
        return ErrorCode.INVALID_REQUEST, "Remove voter request didn't include a valid voter"
    if quorum.kraft_version == 0:
        return ErrorCode.UNSUPPORTED_VERSION, configured_voters_text("removing", quorum)
    key = key_text(request.voter_id, request.voter_directory_id)
    return ErrorCode.VOTER_NOT_FOUND, (
        f"Cannot remove voter {key} from the set of voters {voters_text(quorum.voter())}"
    )
