"""AssignReplicasToDirs (73), v0: a broker says in which of its directories replicas lie (KIP-858)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, INT64, UUID, array_of, field, message, struct


@struct
class AssignedPartition:
    """A partition in a directory."""

    partition_index: int = field(INT32)


@struct
class AssignedTopic:
    """The partitions of one topic in a directory."""

    topic_id: Uuid = field(UUID)
    partitions: list[AssignedPartition] = array_of(AssignedPartition)


@struct
class AssignedDirectory:
    """What lies in a directory."""

    id: Uuid = field(UUID)
    topics: list[AssignedTopic] = array_of(AssignedTopic)


@message(key=73, versions="0", flexible="0+")
class AssignReplicasToDirsRequest:
    """What a broker has where."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64, default=-1)
    directories: list[AssignedDirectory] = array_of(AssignedDirectory)


@struct
class PartitionAssignment:
    """What came of one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class TopicAssignment:
    """What came of the partitions of one topic."""

    topic_id: Uuid = field(UUID)
    partitions: list[PartitionAssignment] = array_of(PartitionAssignment)


@struct
class DirectoryAssignment:
    """What came of one directory."""

    id: Uuid = field(UUID)
    topics: list[TopicAssignment] = array_of(TopicAssignment)


@message(key=73, versions="0", flexible="0+")
class AssignReplicasToDirsResponse:
    """What came of it."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    directories: list[DirectoryAssignment] = array_of(DirectoryAssignment)
