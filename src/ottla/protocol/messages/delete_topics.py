"""DeleteTopics (20), v1-6: request and response."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class DeleteTopicState:
    """DeleteTopicState of DeleteTopicsRequest."""

    name: str | None = field(STRING, nullable="0+", default=None)
    topic_id: Uuid = field(UUID)


@message(key=20, versions="1-6", flexible="4+")
class DeleteTopicsRequest:
    """DeleteTopicsRequest."""

    topics: list[DeleteTopicState] = array_of(DeleteTopicState, versions="6+")
    topic_names: list[str] = array_of(STRING, versions="1-5")
    timeout_ms: int = field(INT32)


@struct
class DeletableTopicResult:
    """DeletableTopicResult of DeleteTopicsResponse."""

    name: str | None = field(STRING, nullable="6+")
    topic_id: Uuid = field(UUID, versions="6+")
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="5+", nullable="0+", default=None)


@message(key=20, versions="1-6", flexible="4+")
class DeleteTopicsResponse:
    """DeleteTopicsResponse."""

    throttle_time_ms: int = field(INT32)
    responses: list[DeletableTopicResult] = array_of(DeletableTopicResult)
