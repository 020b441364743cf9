"""CreatePartitions against the image: partitions are added at the end, never taken away (facts 7.7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION
from ottla.metadata.placement import check_manual_assignment, new_partition, place
from ottla.metadata.records import MetadataRecord, PartitionRecord
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic, CreatePartitionsTopicResult


@dataclass(frozen=True, slots=True)
class CreatePartitionsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[CreatePartitionsTopicResult]


def plan_create_partitions(
    image: ClusterImage, topics: list[CreatePartitionsTopic], *, validate_only: bool
) -> CreatePartitionsPlan:
    """Plan more partitions for topics; a topic that cannot have them never blocks another."""
    times = Counter(topic.name for topic in topics)
    results = [
        CreatePartitionsTopicResult(
            name=name, error_code=ErrorCode.INVALID_REQUEST, error_message="Duplicate topic name."
        )
        for name, count in times.items()
        if count > 1
    ]
    records: list[MetadataRecord] = []
    for topic in acceptable_topics(topics):
        try:
            records += _plan_topic(image, topic, MAX_RECORDS_PER_OPERATION - len(records))
        except KafkaError as error:
            result = CreatePartitionsTopicResult(
                name=topic.name, error_code=error.code, error_message=error.message
            )
        else:
            result = CreatePartitionsTopicResult(name=topic.name)
        results.append(result)
    return CreatePartitionsPlan([] if validate_only else records, results)


def acceptable_topics(topics: list[CreatePartitionsTopic]) -> list[CreatePartitionsTopic]:
    """Return the topics that the controller has to judge: those that are named once."""
    times = Counter(topic.name for topic in topics)
    return [topic for topic in topics if times[topic.name] == 1]


def _plan_topic(
    image: ClusterImage, topic: CreatePartitionsTopic, records_left: int
) -> list[PartitionRecord]:
    current = image.topics.by_name.get(topic.name)
    if current is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    count = len(current.partitions)
    if topic.count == count:
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, f"Topic already has {count} partition(s).")
    if topic.count < count:
        raise KafkaError(
            ErrorCode.INVALID_PARTITIONS,
            f"The topic {topic.name} currently has {count} partition(s); {topic.count} would not be an increase.",
        )
    added = topic.count - count
    if topic.assignments is not None and len(topic.assignments) != added:
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"Attempted to add {added} additional partition(s), but only {len(topic.assignments)} "
            "assignment(s) were specified.",
        )
    if added > records_left:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)  # Kafka answers this without a text, too
    replication_factor = len(next(iter(current.partitions.values())).replicas)
    is_manual = topic.assignments is not None
    if topic.assignments is None:
        placements = place(image.brokers, count, added, replication_factor)
    else:
        placements = [assignment.broker_ids for assignment in topic.assignments]
        for replicas in placements:
            check_manual_assignment(image.brokers, replicas, replication_factor)
    return [
        new_partition(image.brokers, current.topic_id, number, replicas, is_manual=is_manual)
        for number, replicas in enumerate(placements, start=count)
    ]
