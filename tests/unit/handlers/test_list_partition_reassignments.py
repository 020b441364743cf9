from __future__ import annotations

from tests.unit.handlers.support import ORDERS_ID, cluster_records, context_of, image_of

from ottla.handlers.list_partition_reassignments import handle
from ottla.metadata.records import PartitionChangeRecord
from ottla.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)


def test_a_single_node_has_none() -> None:
    asked = [ListPartitionReassignmentsTopics(name="missing", partition_indexes=[0])]
    for topics in (None, asked):
        request = ListPartitionReassignmentsRequest(topics=topics)
        answer = handle(request, context_of(image_of(cluster_records()), 0))
        assert (answer.error_code, answer.error_message, answer.topics) == (0, None, [])


def test_what_a_cluster_had_under_way_when_it_was_brought_here_is_shown() -> None:
    change = PartitionChangeRecord(topic_id=ORDERS_ID, partition_id=2, replicas=[1, 2], adding_replicas=[2])
    image = image_of([*cluster_records(), change])
    (topic,) = handle(ListPartitionReassignmentsRequest(topics=None), context_of(image, 0)).topics
    (partition,) = topic.partitions
    assert (topic.name, partition.partition_index, partition.adding_replicas) == ("orders", 2, [2])
    elsewhere = [ListPartitionReassignmentsTopics(name="orders", partition_indexes=[0])]
    assert handle(ListPartitionReassignmentsRequest(topics=elsewhere), context_of(image, 0)).topics == []
