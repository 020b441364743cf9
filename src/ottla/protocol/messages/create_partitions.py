"""CreatePartitions (37), v0-3: add partitions to topics (KIP-195).

Decided topic by topic; v3 may answer with THROTTLING_QUOTA_EXCEEDED (KIP-599).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, STRING, array_of, field, message, struct


@struct
class CreatePartitionsAssignment:
    """Where the replicas of one new partition go."""

    broker_ids: list[int] = array_of(INT32)
    """The first is the preferred leader."""


@struct
class CreatePartitionsTopic:
    """One topic to extend."""

    name: str = field(STRING)
    count: int = field(INT32)
    """How many partitions it is to have, old and new together."""
    assignments: list[CreatePartitionsAssignment] | None = array_of(CreatePartitionsAssignment, nullable="0+")
    """One per new partition; null to let the controller place the replicas."""


@message(key=37, versions="0-3", flexible="2+")
class CreatePartitionsRequest:
    """The topics to extend."""

    topics: list[CreatePartitionsTopic] = array_of(CreatePartitionsTopic)
    timeout_ms: int = field(INT32)
    """Longest wait for the controller."""
    validate_only: bool = field(BOOL)
    """Check everything, change nothing."""


@struct
class CreatePartitionsTopicResult:
    """Whether one topic was extended."""

    name: str = field(STRING)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    """Null where there is no error."""


@message(key=37, versions="0-3", flexible="2+")
class CreatePartitionsResponse:
    """One answer per topic."""

    throttle_time_ms: int = field(INT32)
    results: list[CreatePartitionsTopicResult] = array_of(CreatePartitionsTopicResult)
