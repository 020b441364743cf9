"""Which partitions are being moved, as Kafka's tools ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ottla.cli.admin_questions import ask_controller
from ottla.cli.java_failures import execution_failure, runtime_failure
from ottla.cli.topic_metadata import TopicDescription
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, UnsupportedVersionError, raise_for
from ottla.errors import ErrorCode
from ottla.types import TopicPartition


class Move(NamedTuple):
    """A partition that moves: its replicas by node id, and those of them that come and go."""

    replicas: tuple[int, ...]
    adding: tuple[int, ...]
    removing: tuple[int, ...]


def list_moves(cluster: Cluster, topics: Iterable[TopicDescription]) -> dict[TopicPartition, Move]:
    """Return the partitions of topics that move; none where the cluster does not know or may not say.

    Raises ToolError.
    """
    from ottla.protocol.messages.list_partition_reassignments import (
        ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsTopics,
    )

    request = ListPartitionReassignmentsRequest(
        timeout_ms=cluster.config.request_timeout_ms,
        topics=[
            ListPartitionReassignmentsTopics(
                name=topic.name, partition_indexes=[partition.number for partition in topic.partitions]
            )
            for topic in topics
        ],
    )
    try:
        response = ask_controller(cluster, request, "listPartitionReassignments", works_with_controllers=True)
        raise_for(response.error_code, response.error_message)
    except UnsupportedVersionError:
        return {}
    except ApiError as error:
        if error.code == ErrorCode.CLUSTER_AUTHORIZATION_FAILED:
            return {}
        raise runtime_failure(execution_failure(error)) from error
    return {
        TopicPartition(topic.name, moving.partition_index): Move(
            tuple(moving.replicas), tuple(moving.adding_replicas), tuple(moving.removing_replicas)
        )
        for topic in response.topics
        for moving in topic.partitions
    }
