"""How much one command may ask of the metadata log."""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError

MAX_RECORDS_PER_OPERATION = 10_000
"""Records that one request may cause, and records in one batch: Kafka's QuorumController has the same, so that no
client can stop the controller for long and every batch stays far below the largest that is read."""

MAX_PARTITIONS_PER_REQUEST = 10_000
"""Partitions that one CreateTopics may ask for (ReplicationControlManager)."""


def excessive_operation() -> KafkaError:
    """Return the error of a request that would cause too many records."""
    return KafkaError(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.")
