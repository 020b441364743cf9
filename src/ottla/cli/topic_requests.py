"""What the tools ask of topics and their partitions, and what comes back, as Kafka's Admin client gives it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ottla.cli.java_failures import execution_failure
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, UnsupportedVersionError, error_of, raise_for
from ottla.errors import RETRIABLE, ErrorCode
from ottla.types import TopicPartition

EARLIEST = -2
LATEST = -1
NO_OFFSET = -1
"""What is answered where no record is as young as the time that was asked for."""

SET = 0
DELETE = 1
"""Operations of IncrementalAlterConfigs."""

TOPIC = 2
BROKER = 4
"""Types of what it changes."""

_PAGE_PARTITIONS = 2000
"""Most partitions of one answer, as Kafka's Admin client asks for them."""

_LEADER_MOVED = frozenset({ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.LEADER_NOT_AVAILABLE})


class PartitionReplicas(NamedTuple):
    """A partition and the nodes that hold it."""

    partition: int
    replicas: tuple[int, ...]


def describe_topics(cluster: Cluster, names: Iterable[str]) -> dict[str, list[PartitionReplicas] | ApiError]:
    """Return the partitions of each topic, or what is wrong with it. Raises ApiError where nobody answers."""
    found: dict[str, list[PartitionReplicas] | ApiError] = {}
    wanted = []
    for name in sorted(dict.fromkeys(names)):
        if name:
            wanted.append(name)
        else:
            words = f"The given topic name '{name}' cannot be represented in a request."
            found[name] = ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, words)
    if wanted:
        cluster.describe_cluster()
        try:
            _describe_in_pages(cluster, wanted, found)
        except UnsupportedVersionError:
            _describe_with_metadata(cluster, wanted, found)
    return found


def _describe_in_pages(
    cluster: Cluster, names: list[str], found: dict[str, list[PartitionReplicas] | ApiError]
) -> None:
    from ottla.protocol.messages.describe_topic_partitions import (
        DescribeTopicPartitionsRequest,
        TopicRequest,
    )

    cursor = None
    while True:
        request = DescribeTopicPartitionsRequest(
            topics=[TopicRequest(name=name) for name in names],
            response_partition_limit=_PAGE_PARTITIONS,
            cursor=cursor,
        )
        response = cluster.ask_any(request, call="describeTopicPartitions")
        for topic in response.topics:
            error = error_of(topic.error_code)
            if error is not None:
                found[topic.name] = error
                continue
            partitions = found.setdefault(topic.name, [])
            assert isinstance(partitions, list)
            partitions += _replicas(topic)
        cursor = response.next_cursor
        if cursor is None:
            return


def _describe_with_metadata(
    cluster: Cluster, names: list[str], found: dict[str, list[PartitionReplicas] | ApiError]
) -> None:
    """Ask as brokers before DescribeTopicPartitions are asked."""
    response = cluster.metadata(names, call="describeTopics")
    for topic in response.topics:
        found[topic.name] = error_of(topic.error_code) or sorted(_replicas(topic))


def _replicas(topic: Any) -> list[PartitionReplicas]:
    return [PartitionReplicas(each.partition_index, tuple(each.replica_nodes)) for each in topic.partitions]


def list_offsets(
    cluster: Cluster, partitions: Sequence[TopicPartition], timestamp: int
) -> dict[TopicPartition, int]:
    """Return the offset of each partition for a timestamp, or for EARLIEST or LATEST.

    Raises what Java's future throws for the first partition that has none.
    """
    found: dict[TopicPartition, int] = {}
    failed: dict[TopicPartition, ApiError] = {}

    def attempt(_: float) -> None:
        missing = [each for each in partitions if each not in found and each not in failed]
        leaders = _leaders(cluster, missing, failed)
        passing: ApiError | None = None
        for node_id, led in leaders.items():
            passing = _ask_leader(cluster, node_id, led, timestamp, found, failed) or passing
        if passing is None and any(each not in found and each not in failed for each in partitions):
            passing = ApiError(ErrorCode.LEADER_NOT_AVAILABLE)
        if passing is not None:
            raise passing

    if partitions:
        try:
            cluster.retry(attempt, call="listOffsets")
        except ApiError as error:
            raise execution_failure(error) from error
    if failed:
        raise execution_failure(failed[min(failed)])
    return found


def _leaders(
    cluster: Cluster, partitions: list[TopicPartition], failed: dict[TopicPartition, ApiError]
) -> dict[int, list[TopicPartition]]:
    """Return the partitions by the node that leads them; those without a leader are left out."""
    response = cluster.metadata(sorted({each.topic for each in partitions}), call="metadata")
    wanted = set(partitions)
    leaders: dict[int, list[TopicPartition]] = {}
    for topic in response.topics:
        error = error_of(topic.error_code)
        if error is not None and error.code is not ErrorCode.LEADER_NOT_AVAILABLE:
            _log_topic_error(cluster, topic.name, error)
            for each in partitions:
                if each.topic == topic.name:
                    failed[each] = ApiError(error.code, _lookup_words(error.code, each))
            continue
        for row in topic.partitions:
            partition = TopicPartition(topic.name, row.partition_index)
            if partition in wanted and not row.error_code and row.leader_id >= 0:
                leaders.setdefault(row.leader_id, []).append(partition)
    return leaders


def _log_topic_error(cluster: Cluster, topic: str, error: ApiError) -> None:
    kind = {
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "unknown topic error for topic {}",
        ErrorCode.TOPIC_AUTHORIZATION_FAILED: "authorization failure for topic {} in `Metadata` response",
        ErrorCode.INVALID_TOPIC_EXCEPTION: "invalid topic error for topic {} in `Metadata` response",
    }.get(error.code, "unexpected error for topic {} in `Metadata` response")
    words = f"{cluster.config.log_context}Received {kind.format(topic)}"
    log_lines.error("org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy", words)
    print(error.java_text(), file=sys.stderr)


def _lookup_words(code: ErrorCode, partition: TopicPartition) -> str:
    begin = f"Failed to fetch metadata for partition {partition}"
    topic = partition.topic
    if code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        return f"{begin} because metadata for topic `{topic}` could not be found"
    if code is ErrorCode.TOPIC_AUTHORIZATION_FAILED:
        return f"{begin} due to topic authorization failure"
    if code is ErrorCode.INVALID_TOPIC_EXCEPTION:
        return f"{begin} due to invalid topic `{topic}`"
    return f"{begin} due to unexpected error for topic `{topic}`"


def _ask_leader(
    cluster: Cluster,
    node_id: int,
    partitions: list[TopicPartition],
    timestamp: int,
    found: dict[TopicPartition, int],
    failed: dict[TopicPartition, ApiError],
) -> ApiError | None:
    """Ask one node for what it leads; return the error that passes, where one keeps a partition from an answer."""
    from ottla.protocol.messages.list_offsets import (
        ListOffsetsPartition,
        ListOffsetsRequest,
        ListOffsetsTopic,
    )

    topics: dict[str, ListOffsetsTopic] = {}
    for topic, partition in partitions:
        entry = topics.setdefault(topic, ListOffsetsTopic(name=topic))
        entry.partitions.append(ListOffsetsPartition(partition_index=partition, timestamp=timestamp))
    request = ListOffsetsRequest(
        replica_id=-1, topics=list(topics.values()), timeout_ms=cluster.config.default_api_timeout_ms
    )
    response = cluster.ask_node(node_id, request, call="listOffsets")
    passing: ApiError | None = None
    for answered in response.topics:
        for row in answered.partitions:
            key = TopicPartition(answered.name, row.partition_index)
            error = error_of(row.error_code)
            if error is None:
                found[key] = row.offset
            elif error.code in RETRIABLE or error.code in _LEADER_MOVED:
                passing = error
            else:
                failed[key] = error
    return passing


def change_configs(
    cluster: Cluster, resource_type: int, changes: Mapping[str, Mapping[str, str | None]]
) -> None:
    """Set the keys of resources, or delete those whose value is None. Raises what Java's future throws.

    A broker is asked itself, everything else any node.
    """
    from ottla.protocol.messages.incremental_alter_configs import (
        AlterableConfig,
        AlterConfigsResource,
        IncrementalAlterConfigsRequest,
    )

    def request_for(names: Iterable[str]) -> IncrementalAlterConfigsRequest:
        resources = [
            AlterConfigsResource(
                resource_type=resource_type,
                resource_name=name,
                configs=[
                    AlterableConfig(name=key, config_operation=DELETE if value is None else SET, value=value)
                    for key, value in changes[name].items()
                ],
            )
            for name in names
        ]
        return IncrementalAlterConfigsRequest(resources=resources)

    responses = []
    try:
        if resource_type == BROKER and not cluster.is_controller_bootstrap:
            responses += [
                cluster.ask_node(int(name), request_for([name]), call="incrementalAlterConfigs")
                for name in changes
            ]
        elif changes:
            ask = cluster.ask_controller if cluster.is_controller_bootstrap else cluster.ask_any
            responses.append(ask(request_for(changes), call="incrementalAlterConfigs"))
        for response in responses:
            for row in response.responses:
                raise_for(row.error_code, row.error_message)
    except ApiError as error:
        raise execution_failure(error) from error
