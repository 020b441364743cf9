"""What tools know of topics: which there are, and the state of their partitions, in the orders of Kafka's Admin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ottla.cli.admin_order import collected_order
from ottla.cli.admin_questions import ask_any_broker, refuse_controllers
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, UnsupportedVersionError, error_of, raise_for
from ottla.errors import ErrorCode
from ottla.jvm_order import strings_in_hash_order
from ottla.types import Uuid, java_string_hash, uuid_to_text

DEFAULT_PARTITION_LIMIT = 2000
"""Partitions in one answer of DescribeTopicPartitions, Kafka's own default."""


@dataclass(frozen=True, slots=True)
class PartitionState:
    """A partition: its leader, None where it has none that lives, and its replicas by node id."""

    number: int
    leader: int | None
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    elr: tuple[int, ...] | None = None
    """The replicas that may become leader though they are not in sync (KIP-966); None where nobody said."""
    last_known_elr: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """A topic with all its partitions, by number."""

    name: str
    topic_id: Uuid
    partitions: tuple[PartitionState, ...]


def list_topics(cluster: Cluster, *, includes_internal: bool = True) -> dict[str, Uuid]:
    """Return the topics of the cluster with their ids. Raises ApiError."""
    refuse_controllers(cluster)
    response = cluster.metadata(call="listTopics")
    listed = {
        topic.name: topic.topic_id for topic in response.topics if includes_internal or not topic.is_internal
    }
    return {name: listed[name] for name in strings_in_hash_order(listed)}


def describe_topics(
    cluster: Cluster, names: Sequence[str], partition_limit: int = DEFAULT_PARTITION_LIMIT
) -> list[TopicDescription]:
    """Return the topics with these names; raises ApiError for the first that cannot be described."""
    found = describe_each_topic(cluster, names, partition_limit)
    described = []
    for name in collected_order(names, java_string_hash):
        topic = found[name]
        if isinstance(topic, ApiError):
            raise topic
        described.append(topic)
    return described


def describe_each_topic(
    cluster: Cluster, names: Iterable[str], partition_limit: int = DEFAULT_PARTITION_LIMIT
) -> dict[str, TopicDescription | ApiError]:
    """Return each of the topics with these names, or what is wrong with it, by name. Raises ApiError.

    They are asked for with DescribeTopicPartitions in pages of `partition_limit`, or with Metadata where the broker
    does not know that (KIP-966).
    """
    refuse_controllers(cluster)
    wanted = sorted(set(names))
    found: dict[str, TopicDescription | ApiError] = {
        name: _unrepresentable(name) for name in wanted if not name
    }
    wanted = [name for name in wanted if name]
    if not wanted:
        return found
    live = {broker.broker_id for broker in cluster.describe_cluster().brokers}
    try:
        answered = _paged_topics(cluster, wanted, partition_limit)
    except UnsupportedVersionError:
        return found | _describe_by_metadata(cluster, wanted)
    return found | {name: _description(name, answered, live) for name in wanted}


def _unrepresentable(name: str) -> ApiError:
    words = f"The given topic name '{name}' cannot be represented in a request."
    return ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, words)


def describe_topic_by_id(cluster: Cluster, topic_id: Uuid) -> TopicDescription:
    """Return the topic with an id. Raises ApiError."""
    refuse_controllers(cluster)
    response = cluster.metadata(topic_ids=[topic_id], call="describeTopicsWithIds")
    live = {broker.node_id for broker in response.brokers}
    for topic in response.topics:
        if topic.topic_id == topic_id and topic.name is not None:
            raise_for(topic.error_code)
            return TopicDescription(topic.name, topic_id, _states(topic.partitions, live))
    raise ApiError(ErrorCode.UNKNOWN_TOPIC_ID, f"TopicId {uuid_to_text(topic_id)} not found.")


def _describe_by_metadata(cluster: Cluster, names: Sequence[str]) -> dict[str, TopicDescription | ApiError]:
    response = cluster.metadata(names, call="describeTopics")
    live = {broker.node_id for broker in response.brokers}
    found: dict[str, TopicDescription | ApiError] = {
        name: ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"Topic {name} not found.") for name in names
    }
    for topic in response.topics:
        found[topic.name] = error_of(topic.error_code) or TopicDescription(
            topic.name, topic.topic_id, _states(topic.partitions, live)
        )
    return found


@dataclass(slots=True)
class _PagedTopic:
    """A topic while its partitions come in."""

    error_code: int
    topic_id: Uuid
    partitions: list[Any]


def _paged_topics(cluster: Cluster, names: Sequence[str], partition_limit: int) -> dict[str, _PagedTopic]:
    """Ask page by page until there is no next one. Every page has at least one partition, so that there is an end."""
    from ottla.protocol.messages.describe_topic_partitions import (
        Cursor,
        DescribeTopicPartitionsRequest,
        TopicRequest,
    )

    found: dict[str, _PagedTopic] = {}
    cursor = None
    left = list(names)
    while left:
        request = DescribeTopicPartitionsRequest(
            topics=[TopicRequest(name=name) for name in left],
            response_partition_limit=partition_limit,
            cursor=cursor,
        )
        response = ask_any_broker(cluster, request, "describeTopicPartitions")
        for topic in response.topics:
            paged = found.setdefault(topic.name, _PagedTopic(topic.error_code, topic.topic_id, []))
            paged.partitions += topic.partitions
        following = response.next_cursor
        if following is None:
            break
        left = [name for name in left if name >= following.topic_name]
        cursor = Cursor(topic_name=following.topic_name, partition_index=following.partition_index)
    return found


def _description(name: str, answered: dict[str, _PagedTopic], live: set[int]) -> TopicDescription | ApiError:
    topic = answered.get(name)
    if topic is None:
        return ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return error_of(topic.error_code) or TopicDescription(
        name, topic.topic_id, _states(topic.partitions, live)
    )


def _states(partitions: Iterable[Any], live: set[int]) -> tuple[PartitionState, ...]:
    """Return partitions as Kafka's Admin has them: a leader that is not among the nodes is none."""
    return tuple(
        PartitionState(
            partition.partition_index,
            partition.leader_id if partition.leader_id in live else None,
            tuple(partition.replica_nodes),
            tuple(partition.isr_nodes),
            _ids(getattr(partition, "eligible_leader_replicas", None)),
            _ids(getattr(partition, "last_known_elr", None)),
        )
        for partition in sorted(partitions, key=lambda partition: partition.partition_index)
    )


def _ids(replicas: list[int] | None) -> tuple[int, ...] | None:
    return None if replicas is None else tuple(replicas)
