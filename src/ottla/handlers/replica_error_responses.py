"""The answers of APIs about replicas and leaders to a request that failed as a whole; a part of `error_responses`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ottla.errors import ErrorCode, own_words
from ottla.protocol.api import ApiKey
from ottla.protocol.messages import (
    alter_partition_reassignments,
    alter_replica_log_dirs,
    describe_producers,
    elect_leaders,
)


def _alter_partition_reassignments(
    _version: int,
    request: alter_partition_reassignments.AlterPartitionReassignmentsRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    return alter_partition_reassignments.AlterPartitionReassignmentsResponse(
        error_code=code,
        error_message=own_words(code, message),
        responses=[
            alter_partition_reassignments.ReassignableTopicResponse(
                name=topic.name,
                partitions=[
                    alter_partition_reassignments.ReassignablePartitionResponse(
                        partition_index=partition.partition_index,
                        error_code=code,
                        error_message=own_words(code, message),
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )


def _elect_leaders(
    _version: int, request: elect_leaders.ElectLeadersRequest, code: ErrorCode, message: str | None
) -> Any:
    return elect_leaders.ElectLeadersResponse(
        error_code=code,
        replica_election_results=[
            elect_leaders.ReplicaElectionResult(
                topic=topic.topic,
                partition_result=[
                    elect_leaders.PartitionResult(
                        partition_id=number, error_code=code, error_message=own_words(code, message)
                    )
                    for number in topic.partitions
                ],
            )
            for topic in request.topic_partitions or []
        ],
    )


def _alter_replica_log_dirs(
    _version: int,
    request: alter_replica_log_dirs.AlterReplicaLogDirsRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return alter_replica_log_dirs.AlterReplicaLogDirsResponse(
        results=[
            alter_replica_log_dirs.AlterReplicaLogDirTopicResult(
                topic_name=topic.name,
                partitions=[
                    alter_replica_log_dirs.AlterReplicaLogDirPartitionResult(
                        partition_index=number, error_code=code
                    )
                    for number in topic.partitions
                ],
            )
            for directory in request.dirs
            for topic in directory.topics
        ]
    )


def _describe_producers(
    _version: int,
    request: describe_producers.DescribeProducersRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return describe_producers.DescribeProducersResponse(
        topics=[
            describe_producers.TopicResponse(
                name=topic.name,
                partitions=[
                    describe_producers.PartitionResponse(partition_index=number, error_code=code)
                    for number in topic.partition_indexes
                ],
            )
            for topic in request.topics
        ]
    )


REPLICA_BUILDERS: Mapping[ApiKey, Callable[[int, Any, ErrorCode, str | None], Any]] = {
    ApiKey.ALTER_REPLICA_LOG_DIRS: _alter_replica_log_dirs,
    ApiKey.ELECT_LEADERS: _elect_leaders,
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: _alter_partition_reassignments,
    ApiKey.DESCRIBE_PRODUCERS: _describe_producers,
}
"""What makes the answer of each of these APIs."""
