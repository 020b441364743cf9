"""ListPartitionReassignments (46), v0: the reassignments under way, of which a single node has none (KIP-455)."""

from __future__ import annotations

from ottla.handlers.context import RequestContext
from ottla.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)


def handle(
    request: ListPartitionReassignmentsRequest, context: RequestContext
) -> ListPartitionReassignmentsResponse:
    """List the partitions that gain or lose replicas; unknown ones are just absent."""
    image = context.services.image()
    asked = None
    if request.topics is not None:
        asked = {(topic.name, number) for topic in request.topics for number in topic.partition_indexes}
    topics = []
    for topic in image.topics.by_name.values():
        ongoing = [
            OngoingPartitionReassignment(
                partition_index=number,
                replicas=list(partition.replicas),
                adding_replicas=list(partition.adding_replicas),
                removing_replicas=list(partition.removing_replicas),
            )
            for number, partition in topic.partitions.items()
            if (partition.adding_replicas or partition.removing_replicas)
            and (asked is None or (topic.name, number) in asked)
        ]
        if ongoing:
            topics.append(OngoingTopicReassignment(name=topic.name, partitions=ongoing))
    return ListPartitionReassignmentsResponse(error_message=None, topics=topics)
