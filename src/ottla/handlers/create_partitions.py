"""CreatePartitions (37), v0-3: more partitions for topics; one that fails never blocks another (facts 7.7)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.handlers.new_partitions import once_there
from ottla.protocol.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsResponse


def handle(request: CreatePartitionsRequest, context: RequestContext) -> Completion[CreatePartitionsResponse]:
    """Add the partitions; the answer comes when few new ones are there, or after the client's timeout."""
    created = context.services.controller.create_partitions(
        request.topics, validate_only=request.validate_only, timeout_ms=request.timeout_ms
    )
    there = once_there(created, context.services.partitions)
    return there.map(lambda results: CreatePartitionsResponse(results=results))
