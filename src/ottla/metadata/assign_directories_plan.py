"""AssignReplicasToDirs against the image: in which directory of its broker a replica lies (KIP-858).

The answers are those of Kafka's `ReplicationControlManager.handleAssignReplicasToDirs`, but for a directory that the
broker does not have: Kafka takes the replica out of service then, here the wish is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.alter_partition_plan import check_broker_epoch
from ottla.metadata.image import ClusterImage
from ottla.metadata.record_versions import DIRECTORY_ASSIGNMENT_SINCE
from ottla.metadata.records import MetadataRecord, PartitionChangeRecord
from ottla.protocol.messages.assign_replicas_to_dirs import (
    AssignReplicasToDirsRequest,
    DirectoryAssignment,
    PartitionAssignment,
    TopicAssignment,
)
from ottla.types import UNASSIGNED_DIRECTORY_ID, Uuid


@dataclass(slots=True)
class AssignDirectoriesPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord] = field(default_factory=list)
    directories: list[DirectoryAssignment] = field(default_factory=list)


def plan_assign_directories(
    image: ClusterImage, request: AssignReplicasToDirsRequest
) -> AssignDirectoriesPlan:
    """Plan what a broker says about its replicas.

    Raises KafkaError UNSUPPORTED_VERSION at a metadata.version without directories, and STALE_BROKER_EPOCH.
    """
    if image.features.metadata_version < DIRECTORY_ASSIGNMENT_SINCE:
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "Directory assignment is not supported yet.")
    check_broker_epoch(image, request.broker_id, request.broker_epoch)
    plan = AssignDirectoriesPlan()
    for directory in request.directories:
        topics = [
            TopicAssignment(
                topic_id=topic.topic_id,
                partitions=[
                    PartitionAssignment(
                        partition_index=each.partition_index,
                        error_code=_assign(
                            image, request.broker_id, directory.id, topic.topic_id, each.partition_index, plan
                        ),
                    )
                    for each in topic.partitions
                ],
            )
            for topic in directory.topics
        ]
        plan.directories.append(DirectoryAssignment(id=directory.id, topics=topics))
    return plan


def _assign(
    image: ClusterImage,
    broker_id: int,
    directory: Uuid,
    topic_id: Uuid,
    number: int,
    plan: AssignDirectoriesPlan,
) -> ErrorCode:
    topic = image.topics.by_id.get(topic_id)
    if topic is None:
        return ErrorCode.UNKNOWN_TOPIC_ID
    partition = topic.partitions.get(number)
    if partition is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if broker_id not in partition.replicas:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
    if directory not in image.brokers.by_id[broker_id].log_dirs:
        return ErrorCode.LOG_DIR_NOT_FOUND
    directories = list(partition.directories) or [UNASSIGNED_DIRECTORY_ID] * len(partition.replicas)
    index = partition.replicas.index(broker_id)
    if directories[index] != directory:
        directories[index] = directory
        plan.records.append(
            PartitionChangeRecord(partition_id=number, topic_id=topic_id, directories=directories)
        )
    return ErrorCode.NONE
