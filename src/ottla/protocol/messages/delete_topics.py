"""DeleteTopics (20), v1-6: delete topics with their records.

By name up to v5, by name or id from v6 (KIP-516).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UUID, array_of, field, message, struct


@struct
class DeleteTopicState:
    """One topic to delete: its name or its id, not both."""

    name: str | None = field(STRING, nullable="0+", default=None)
    """Null when the topic is given by id."""
    topic_id: Uuid = field(UUID)
    """Zero when the topic is given by name."""


@message(key=20, versions="1-6", flexible="4+")
class DeleteTopicsRequest:
    """The topics to delete: `topic_names` up to v5, or `topics`."""

    topics: list[DeleteTopicState] = array_of(DeleteTopicState, versions="6+")
    topic_names: list[str] = array_of(STRING, versions="1-5")
    timeout_ms: int = field(INT32)
    """Longest wait for the controller."""


@struct
class DeletableTopicResult:
    """Whether one topic was deleted."""

    name: str | None = field(STRING, nullable="6+")
    """Null for an id that is unknown or that the client may not see, from v6."""
    topic_id: Uuid = field(UUID, versions="6+")
    """Zero where it is unknown, or hidden from the client."""
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, versions="5+", nullable="0+", default=None)
    """From v5; null where there is no error."""


@message(key=20, versions="1-6", flexible="4+")
class DeleteTopicsResponse:
    """One answer per topic."""

    throttle_time_ms: int = field(INT32)
    responses: list[DeletableTopicResult] = array_of(DeletableTopicResult)
