"""CreatePartitions (37), v0-3: more partitions for topics; one that fails never blocks another (facts 7.7)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsResponse


def handle(request: CreatePartitionsRequest, context: RequestContext) -> Completion[CreatePartitionsResponse]:
    """Add the partitions; the answer comes when they are there, or after the client's timeout."""
    created = context.services.controller.create_partitions(
        request.topics, validate_only=request.validate_only, timeout_ms=request.timeout_ms
    )
    partitions = context.services.partitions
    return created.then(
        lambda results: partitions.when_created().map(lambda _: CreatePartitionsResponse(results=results))
    )
