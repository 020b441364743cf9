"""DescribeProducers (61), v0: the producers that partitions remember, and whose transactions are open (KIP-664).

It takes no leader, only a replica (Kafka's `ReplicaManager.activeProducerState`).
"""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError, error_message
from ottla.handlers.context import RequestContext
from ottla.metadata.topic_names import check_topic_name
from ottla.partitions.partition_set import PartitionSet
from ottla.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)
from ottla.storage.producer_state import ProducerEntry


def handle(request: DescribeProducersRequest, context: RequestContext) -> DescribeProducersResponse:
    """Describe each partition; one that is not here fails alone."""
    image = context.services.image()
    response = DescribeProducersResponse()
    for topic in request.topics:
        code, message = _judge_topic(topic.name, is_known=topic.name in image.topics.by_name)
        if code is ErrorCode.NONE:
            rows = [
                _describe(context.services.partitions, topic.name, each) for each in topic.partition_indexes
            ]
        else:
            rows = [
                PartitionResponse(partition_index=each, error_code=code, error_message=message)
                for each in topic.partition_indexes
            ]
        response.topics.append(TopicResponse(name=topic.name, partitions=rows))
    return response


def _judge_topic(name: str, *, is_known: bool) -> tuple[ErrorCode, str | None]:
    try:
        check_topic_name(name)
    except KafkaError as error:
        return error.code, error.message
    if is_known:
        return ErrorCode.NONE, None
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, error_message(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


def _describe(partitions: PartitionSet, topic: str, number: int) -> PartitionResponse:
    partition = partitions.get(topic, number)
    if partition is None:
        return PartitionResponse(partition_index=number, error_code=partitions.missing_error(topic, number))
    if partition.is_offline:
        return PartitionResponse(partition_index=number, error_code=ErrorCode.KAFKA_STORAGE_ERROR)
    # Copied in one step, since the thread of a slow disk may add a producer meanwhile.
    entries = tuple(partition.log.producer_state.entries.values())
    return PartitionResponse(partition_index=number, active_producers=[_producer(entry) for entry in entries])


def _producer(entry: ProducerEntry) -> ProducerState:
    return ProducerState(
        producer_id=entry.producer_id,
        producer_epoch=entry.epoch,
        last_sequence=entry.last_sequence,
        last_timestamp=entry.last_timestamp,
        coordinator_epoch=entry.coordinator_epoch,
        current_txn_start_offset=entry.transaction_first_offset,
    )
