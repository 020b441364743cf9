"""AlterReplicaLogDirs (34), v1-2: replicas move between the data directories of a node (KIP-113); here there is one.

To stay where it is, is all that a replica can be asked for, and is a success; any other directory is not known. The
order of the checks is that of Kafka's ReplicaManager.
"""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.partitions.partition_set import PartitionSet
from ottla.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDirPartitionResult,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopicResult,
)
from ottla.storage.partition_metadata import future_directory_fits
from ottla.types import TopicPartition


def handle(request: AlterReplicaLogDirsRequest, context: RequestContext) -> AlterReplicaLogDirsResponse:
    """Answer for each partition, where it is named more than once for the directory that was named last."""
    partitions = context.services.partitions
    directory = str(context.services.volume.directory)
    wishes = {
        TopicPartition(topic.name, number): wish.path
        for wish in request.dirs
        for topic in wish.topics
        for number in topic.partitions
    }
    results: dict[str, AlterReplicaLogDirTopicResult] = {}
    for topic_partition, path in wishes.items():
        topic, number = topic_partition
        result = results.setdefault(topic, AlterReplicaLogDirTopicResult(topic_name=topic))
        code = _judge(partitions, topic_partition, is_here=path == directory)
        result.partitions.append(AlterReplicaLogDirPartitionResult(partition_index=number, error_code=code))
    return AlterReplicaLogDirsResponse(results=list(results.values()))


def _judge(partitions: PartitionSet, topic_partition: TopicPartition, *, is_here: bool) -> ErrorCode:
    if not future_directory_fits(topic_partition):
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    if not is_here:
        return ErrorCode.LOG_DIR_NOT_FOUND
    partition = partitions.get(*topic_partition)
    if partition is not None:
        return ErrorCode.KAFKA_STORAGE_ERROR if partition.is_offline else ErrorCode.NONE
    missing = partitions.missing_error(*topic_partition)
    # The code that this API has kept for clients that are older than NOT_LEADER_OR_FOLLOWER.
    return ErrorCode.REPLICA_NOT_AVAILABLE if missing is ErrorCode.NOT_LEADER_OR_FOLLOWER else missing
