"""AlterReplicaLogDirs (34), v1-2: move replicas to other data directories of the same node (KIP-113)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, STRING, array_of, field, message, struct


@struct
class AlterReplicaLogDirTopic:
    """The partitions of one topic that are to move."""

    name: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@struct
class AlterReplicaLogDir:
    """A directory, and what is to be in it."""

    path: str = field(STRING)
    """As the broker knows it: absolute."""
    topics: list[AlterReplicaLogDirTopic] = array_of(AlterReplicaLogDirTopic)


@message(key=34, versions="1-2", flexible="2+")
class AlterReplicaLogDirsRequest:
    """Where the replicas are to be."""

    dirs: list[AlterReplicaLogDir] = array_of(AlterReplicaLogDir)


@struct
class AlterReplicaLogDirPartitionResult:
    """What became of one partition."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16)


@struct
class AlterReplicaLogDirTopicResult:
    """The partitions of one topic."""

    topic_name: str = field(STRING)
    partitions: list[AlterReplicaLogDirPartitionResult] = array_of(AlterReplicaLogDirPartitionResult)


@message(key=34, versions="1-2", flexible="2+")
class AlterReplicaLogDirsResponse:
    """One answer for each partition."""

    throttle_time_ms: int = field(INT32)
    results: list[AlterReplicaLogDirTopicResult] = array_of(AlterReplicaLogDirTopicResult)
