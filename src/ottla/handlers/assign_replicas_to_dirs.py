"""AssignReplicasToDirs (73), v0: in which of its directories a broker has replicas (KIP-858)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.assign_replicas_to_dirs import (
    AssignReplicasToDirsRequest,
    AssignReplicasToDirsResponse,
    DirectoryAssignment,
)


def handle(
    request: AssignReplicasToDirsRequest, context: RequestContext
) -> Completion[AssignReplicasToDirsResponse]:
    """Take note of directories. The completion fails with KafkaError STALE_BROKER_EPOCH or UNSUPPORTED_VERSION."""

    def respond(directories: list[DirectoryAssignment]) -> AssignReplicasToDirsResponse:
        return AssignReplicasToDirsResponse(directories=directories)

    return context.services.controller.assign_directories(request).map(respond)
