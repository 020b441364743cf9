"""DeleteTopics (20), v1-6: topics by name, and since v6 by id (KIP-516).

With `delete.topic.enable=false` every topic is refused, in the words that the client's version knows.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)

_FIRST_WITH_IDS = 6
_FIRST_WITH_DELETION_DISABLED = 3


def handle(request: DeleteTopicsRequest, context: RequestContext) -> Completion[DeleteTopicsResponse]:
    """Delete the topics; the answer comes when they are gone from the metadata, or after the client's timeout."""
    services = context.services
    if not services.config.delete_topic_enable:
        if context.api_version < _FIRST_WITH_DELETION_DISABLED:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Topic deletion is disabled.")
        raise KafkaError(ErrorCode.TOPIC_DELETION_DISABLED)
    topics = request.topics
    if context.api_version < _FIRST_WITH_IDS:
        topics = [DeleteTopicState(name=name) for name in request.topic_names]
    deleted = services.controller.delete_topics(topics, timeout_ms=request.timeout_ms)
    return deleted.map(_response)


def _response(results: list[DeletableTopicResult]) -> DeleteTopicsResponse:
    return DeleteTopicsResponse(responses=results)
