"""DescribeTopicPartitions (75), v0: topics in the order of their names, a page of partitions at a time (KIP-966).

The page ends at `response_partition_limit`, at most `max.request.partition.size.limit`; where something is left, the
cursor of the answer says where the next page starts.
"""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.authorized_operations import TOPIC_OPERATIONS
from ottla.handlers.context import RequestContext
from ottla.handlers.metadata import live_nodes
from ottla.metadata.aspects.topics import PartitionImage, TopicImage
from ottla.metadata.topic_names import is_topic_name
from ottla.protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from ottla.types import INTERNAL_TOPICS


def handle(
    request: DescribeTopicPartitionsRequest, context: RequestContext
) -> DescribeTopicPartitionsResponse:
    """Describe one page.

    Raises KafkaError INVALID_REQUEST for a cursor that cannot be, and UNKNOWN_SERVER_ERROR for a topic without a name,
    over which Kafka stumbles where there is no cursor.
    """
    services = context.services
    image = services.image()
    cursor = request.cursor
    _check_cursor(request)
    asks_for_all = not request.topics
    names = list(image.topics.by_name) if asks_for_all else [topic.name for topic in request.topics]
    if cursor is not None:
        names = [name for name in names if name >= cursor.topic_name]
    elif "" in names:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    remaining = max(
        min(services.config.max_request_partition_size_limit, request.response_partition_limit), 1
    )
    live = live_nodes(image.brokers, context.listener_name)
    response = DescribeTopicPartitionsResponse()
    for name in sorted(set(names)):
        if remaining == 0:
            response.next_cursor = Cursor(topic_name=name, partition_index=0)
            break
        topic = image.topics.by_name.get(name)
        if topic is None:
            response.topics.append(_missing(name))
            continue
        first = cursor.partition_index if cursor is not None and cursor.topic_name == name else 0
        described = _topic(topic, first, remaining, live)
        response.topics.append(described)
        next_number = first + len(described.partitions)
        if next_number < len(topic.partitions):
            response.next_cursor = Cursor(topic_name=name, partition_index=next_number)
            break
        remaining -= len(described.partitions)
    return response


def _check_cursor(request: DescribeTopicPartitionsRequest) -> None:
    cursor = request.cursor
    if cursor is None:
        return
    if request.topics and all(topic.name != cursor.topic_name for topic in request.topics):
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"DescribeTopicPartitionsRequest topic list should contain the cursor topic: {cursor.topic_name}",
        )
    if cursor.partition_index < 0:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "DescribeTopicPartitionsRequest cursor partition must be valid: "
            f"Cursor(topicName='{cursor.topic_name}', partitionIndex={cursor.partition_index})",
        )


def _missing(name: str) -> DescribeTopicPartitionsResponseTopic:
    known_name = is_topic_name(name)
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if known_name else ErrorCode.INVALID_TOPIC_EXCEPTION
    return DescribeTopicPartitionsResponseTopic(
        error_code=code,
        name=name,
        is_internal=name in INTERNAL_TOPICS,
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _topic(
    topic: TopicImage, first: int, limit: int, live: frozenset[int]
) -> DescribeTopicPartitionsResponseTopic:
    numbers = range(first, min(first + limit, len(topic.partitions)))
    return DescribeTopicPartitionsResponseTopic(
        error_code=ErrorCode.NONE,
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.name in INTERNAL_TOPICS,
        partitions=[_partition(number, topic.partitions[number], live) for number in numbers],
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _partition(
    number: int, partition: PartitionImage, live: frozenset[int]
) -> DescribeTopicPartitionsResponsePartition:
    has_leader = partition.leader in live
    return DescribeTopicPartitionsResponsePartition(
        error_code=ErrorCode.NONE if has_leader else ErrorCode.LEADER_NOT_AVAILABLE,
        partition_index=number,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=list(partition.replicas),
        isr_nodes=list(partition.isr),
        eligible_leader_replicas=list(partition.eligible_leader_replicas),
        last_known_elr=list(partition.last_known_eligible_leader_replicas),
        offline_replicas=[replica for replica in partition.replicas if replica not in live],
    )
