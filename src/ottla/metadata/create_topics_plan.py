"""CreateTopics against the image: records for the topics that can be created, one result for every name.

The order of the checks and their texts are those of Kafka's ControllerApis and ReplicationControlManager (facts 7.7).
A topic that cannot be created never blocks another; only a request that asks for too much fails as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ottla.config.describe import describe_created_topic
from ottla.config.resolved import BrokerConfig
from ottla.config.topic import validate_topic_overrides
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import ClusterImage
from ottla.metadata.leadership import plan_clear_eligible_leaders
from ottla.metadata.limits import MAX_PARTITIONS_PER_REQUEST, MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.placement import check_manual_assignment, new_partition, place
from ottla.metadata.records import ConfigRecord, MetadataRecord, PartitionRecord, TopicRecord
from ottla.metadata.topic_names import (
    check_topic_name,
    colliding_name,
    collision_index,
    has_collision_characters,
)
from ottla.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
)
from ottla.types import CLUSTER_METADATA_TOPIC, Uuid

_DEFAULT = -1
"""Asks for the broker's number of partitions or replication factor."""


@dataclass(frozen=True, slots=True)
class CreateTopicsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[CreatableTopicResult]


@dataclass(frozen=True, slots=True)
class _Context:
    image: ClusterImage
    config: BrokerConfig
    new_topic_id: Callable[[], Uuid]
    collisions: Mapping[str, str]
    """Existing names that new ones could collide with, by unified name."""
    described: dict[tuple[tuple[str, str], ...], list[CreatableTopicConfigs | bytes]] = field(
        default_factory=dict
    )
    """What was told of topics with the same overrides: mostly of all that one request creates, which share the list."""


def plan_create_topics(
    image: ClusterImage,
    config: BrokerConfig,
    topics: list[CreatableTopic],
    new_topic_id: Callable[[], Uuid],
    *,
    validate_only: bool,
) -> CreateTopicsPlan:
    """Plan the creation of topics.

    `config` is the broker's configuration in effect. Raises KafkaError POLICY_VIOLATION for too many partitions or
    records.
    """
    times = Counter(topic.name for topic in topics)
    acceptable = acceptable_topics(topics)
    _check_partition_total(acceptable, config)
    may_collide = any(has_collision_characters(topic.name) for topic in acceptable)
    collisions = collision_index(image.topics.by_name) if may_collide else {}
    context = _Context(image, config, new_topic_id, collisions)
    records: list[MetadataRecord] = []
    results: list[CreatableTopicResult] = []
    for topic in acceptable:
        try:
            topic_records, result = _plan_topic(context, topic)
        except KafkaError as error:
            results.append(_failure(topic.name, error.code, error.text))
        else:
            records += topic_records
            results.append(result)
            if len(records) > MAX_RECORDS_PER_OPERATION:
                raise excessive_operation()
    results += [
        _failure(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
        for name, count in times.items()
        if count > 1
    ]
    if times[CLUSTER_METADATA_TOPIC] == 1:
        message = f"Creation of internal topic {CLUSTER_METADATA_TOPIC} is prohibited."
        results.append(_failure(CLUSTER_METADATA_TOPIC, ErrorCode.INVALID_REQUEST, message))
    return CreateTopicsPlan([] if validate_only else records, results)


def acceptable_topics(topics: list[CreatableTopic]) -> list[CreatableTopic]:
    """Return the topics that the controller has to judge; the others are refused for their names alone."""
    times = Counter(topic.name for topic in topics)
    return [topic for topic in topics if times[topic.name] == 1 and topic.name != CLUSTER_METADATA_TOPIC]


def _check_partition_total(topics: list[CreatableTopic], config: BrokerConfig) -> None:
    total = 0
    for topic in topics:
        if topic.assignments:
            total += len(topic.assignments)
        elif topic.num_partitions == _DEFAULT:
            total += config.num_partitions
        else:
            total += max(topic.num_partitions, 0)
    if total > MAX_PARTITIONS_PER_REQUEST:
        raise KafkaError(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")


def _plan_topic(
    context: _Context, topic: CreatableTopic
) -> tuple[list[MetadataRecord], CreatableTopicResult]:
    _check_name(context, topic.name)
    overrides = _overrides(topic, context.config)
    topic_id = context.new_topic_id()
    partitions = _partitions(context, topic, topic_id)
    records: list[MetadataRecord] = [TopicRecord(name=topic.name, topic_id=topic_id)]
    records += [
        ConfigRecord(resource_type=ResourceType.TOPIC, resource_name=topic.name, name=name, value=value)
        for name, value in overrides.items()
    ]
    records += plan_clear_eligible_leaders(context.image, records)
    records += partitions
    result = CreatableTopicResult(
        name=topic.name,
        topic_id=topic_id,
        error_message=None,
        num_partitions=len(partitions),
        replication_factor=len(partitions[0].replicas),
        configs=_described(context, overrides),
    )
    return records, result


def _check_name(context: _Context, name: str) -> None:
    check_topic_name(name)
    if name in context.image.topics.by_name:
        raise KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
    other = colliding_name(name, context.collisions)
    if other is not None:
        raise KafkaError(
            ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic '{name}' collides with existing topic: {other}"
        )


def _overrides(topic: CreatableTopic, config: BrokerConfig) -> Mapping[str, str]:
    """Return the overrides asked for; of a name that is given twice the last counts."""
    if not topic.configs:
        return {}  # there is nothing to judge, and most topics have none
    overrides = {item.name: item.value for item in topic.configs}
    validate_topic_overrides(overrides, config)
    return {name: value for name, value in overrides.items() if value is not None}


def _described(context: _Context, overrides: Mapping[str, str]) -> list[CreatableTopicConfigs | bytes]:
    key = tuple(overrides.items())
    described = context.described.get(key)
    if described is None:
        described = context.described[key] = [
            CreatableTopicConfigs(
                name=entry.name,
                value=entry.value,
                read_only=entry.read_only,
                config_source=entry.source,
                is_sensitive=entry.sensitive,
            )
            for entry in describe_created_topic(context.config, overrides)
        ]
    return described


def _partitions(context: _Context, topic: CreatableTopic, topic_id: Uuid) -> list[PartitionRecord]:
    brokers = context.image.brokers
    if topic.assignments:
        replicas_by_number = _manual_assignments(context, topic)
        return [
            new_partition(brokers, topic_id, number, replicas, is_manual=True)
            for number, replicas in sorted(replicas_by_number.items())
        ]
    replication_factor = topic.replication_factor
    if replication_factor < _DEFAULT or replication_factor == 0:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    partition_count = topic.num_partitions
    if partition_count < _DEFAULT or partition_count == 0:
        raise KafkaError(
            ErrorCode.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        )
    if replication_factor == _DEFAULT:
        replication_factor = _default_replication_factor(context)
    if partition_count == _DEFAULT:
        partition_count = context.config.num_partitions
    try:
        placements = place(brokers, 0, partition_count, replication_factor)
    except KafkaError as error:
        message = f"Unable to replicate the partition {replication_factor} time(s): {error.text}"
        raise KafkaError(error.code, message) from error
    return [
        new_partition(brokers, topic_id, number, replicas, is_manual=False)
        for number, replicas in enumerate(placements)
    ]


def _default_replication_factor(context: _Context) -> int:
    """Return how many replicas a topic gets that says nothing: no more than there are brokers, unless that is off."""
    factor = context.config.default_replication_factor
    if context.config.ottla_replication_factor_clamp:
        return min(factor, max(len(context.image.brokers.by_id), 1))
    return factor


def _manual_assignments(context: _Context, topic: CreatableTopic) -> dict[int, list[int]]:
    if topic.replication_factor != _DEFAULT:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        )
    if topic.num_partitions != _DEFAULT:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        )
    replicas_by_number: dict[int, list[int]] = {}
    for assignment in topic.assignments:
        _add_assignment(context, assignment, replicas_by_number)
    if sorted(replicas_by_number) != list(range(len(replicas_by_number))):
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    return replicas_by_number


def _add_assignment(
    context: _Context, assignment: CreatableReplicaAssignment, replicas_by_number: dict[int, list[int]]
) -> None:
    number = assignment.partition_index
    if number in replicas_by_number:
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"Found multiple manual partition assignments for partition {number}",
        )
    before = next(iter(replicas_by_number.values()), None)
    check_manual_assignment(
        context.image.brokers, assignment.broker_ids, None if before is None else len(before)
    )
    replicas_by_number[number] = assignment.broker_ids


def _failure(name: str, code: ErrorCode, message: str | None) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=code, error_message=message, configs=[])
