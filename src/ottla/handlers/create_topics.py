"""CreateTopics (19), v2-7: topics with their partitions and overrides; no failure blocks another topic (facts 7.7)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse


def handle(request: CreateTopicsRequest, context: RequestContext) -> Completion[CreateTopicsResponse]:
    """Create the topics; the answer comes when they are there, or after the client's timeout."""
    created = context.services.controller.create_topics(
        request.topics, validate_only=request.validate_only, timeout_ms=request.timeout_ms
    )
    partitions = context.services.partitions
    there = created.then(lambda results: partitions.when_created().map(lambda _: results))
    return there.map(lambda results: CreateTopicsResponse(topics=results))
