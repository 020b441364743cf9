"""In which version each metadata record is written, by the finalized metadata.version (facts 2.6).

A reader of an older release must be able to read what a cluster at its level holds.
"""

from __future__ import annotations

from ottla.metadata.records import (
    BrokerRegistrationChangeRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
)

MIGRATION_SINCE = 8
TRANSACTIONS_SINCE = 14
DIRECTORY_ASSIGNMENT_SINCE = 17
ELIGIBLE_LEADER_REPLICAS_SINCE = 23
"""Metadata versions 3.4-IV0, 3.6-IV2, 3.7-IV2 and 4.0-IV1."""


def record_version(record: MetadataRecord, metadata_version: int) -> int:
    """Return the version that a record is written in."""
    if isinstance(record, RegisterBrokerRecord):
        if metadata_version >= DIRECTORY_ASSIGNMENT_SINCE:
            return 3
        return 2 if metadata_version >= MIGRATION_SINCE else 1
    if isinstance(record, PartitionRecord | PartitionChangeRecord):
        if metadata_version >= ELIGIBLE_LEADER_REPLICAS_SINCE:
            return 2
        return 1 if metadata_version >= DIRECTORY_ASSIGNMENT_SINCE else 0
    if isinstance(record, BrokerRegistrationChangeRecord):
        # Kafka writes the lowest version that has the fields in use.
        if record.log_dirs:
            return 2
        return 1 if record.in_controlled_shutdown else 0
    return 0
