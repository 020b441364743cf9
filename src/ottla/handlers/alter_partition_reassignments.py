"""AlterPartitionReassignments (45), v0-1: where replicas are to be (KIP-455); no failure blocks another partition."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
)


def handle(
    request: AlterPartitionReassignmentsRequest, context: RequestContext
) -> AlterPartitionReassignmentsResponse | Completion[AlterPartitionReassignmentsResponse]:
    """Move the replicas; the answer comes when it is decided, or after the client's timeout."""
    if not request.topics:
        return AlterPartitionReassignmentsResponse(error_message="")
    may_change_factor = request.allow_replication_factor_change
    altered = context.services.controller.alter_partition_reassignments(
        request.topics, allow_replication_factor_change=may_change_factor, timeout_ms=request.timeout_ms
    )
    return altered.map(
        lambda results: AlterPartitionReassignmentsResponse(
            allow_replication_factor_change=may_change_factor, error_message=None, responses=results
        )
    )
