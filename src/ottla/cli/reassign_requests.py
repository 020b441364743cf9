"""What kafka-reassign-partitions asks of a cluster, failing as Java's futures do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ottla.cli.admin_questions import raised_by_futures
from ottla.cli.java_failures import execution_failure
from ottla.cli.reassign_states import DirectoryState, OngoingMove
from ottla.cli.topic_metadata import describe_each_topic
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, error_of, raise_for
from ottla.errors import ErrorCode
from ottla.jvm_order import Replica, partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition


def describe_brokers(cluster: Cluster) -> dict[int, str | None]:
    """Return the racks of the brokers by their ids, None for those without."""
    with raised_by_futures():
        cluster.describe_cluster()
    return {node.node_id: node.rack for node in cluster.nodes.values()}


def ongoing_moves(
    cluster: Cluster, partitions: Iterable[TopicPartition] | None = None
) -> dict[TopicPartition, OngoingMove]:
    """Return the partitions that move, of some or of all."""
    from ottla.protocol.messages.list_partition_reassignments import (
        ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsTopics,
    )

    topics: dict[str, ListPartitionReassignmentsTopics] = {}
    with raised_by_futures():
        for topic, partition in dict.fromkeys(partitions or ()):
            _check_representable(topic, partition)
            entry = topics.setdefault(topic, ListPartitionReassignmentsTopics(name=topic))
            entry.partition_indexes.append(partition)
        request = ListPartitionReassignmentsRequest(
            timeout_ms=cluster.config.request_timeout_ms,
            topics=None if partitions is None else list(topics.values()),
        )
        response = cluster.ask_controller(request, call="listPartitionReassignments")
        raise_for(response.error_code, response.error_message)
    return {
        TopicPartition(topic.name, row.partition_index): OngoingMove(
            tuple(row.replicas), tuple(row.adding_replicas), tuple(row.removing_replicas)
        )
        for topic in response.topics
        for row in topic.partitions
    }


def _check_representable(topic: str, partition: int) -> None:
    if not topic:
        words = f"The given topic name '{topic}' cannot be represented in a request."
        raise ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, words)
    if partition < 0:
        words = f"The given partition index {partition} is not valid."
        raise ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, words)


def move_partitions(
    cluster: Cluster,
    replicas: Mapping[TopicPartition, Sequence[int] | None],
    *,
    allows_replication_factor_change: bool = True,
) -> dict[TopicPartition, ApiError]:
    """Have partitions move, or take their moves back where there are no replicas; return what was refused."""
    from ottla.protocol.messages.alter_partition_reassignments import (
        AlterPartitionReassignmentsRequest,
        ReassignablePartition,
        ReassignableTopic,
    )

    topics: dict[str, ReassignableTopic] = {}
    for each in sorted(replicas):
        found = replicas[each]
        topics.setdefault(each.topic, ReassignableTopic(name=each.topic)).partitions.append(
            ReassignablePartition(
                partition_index=each.partition, replicas=None if found is None else list(found)
            )
        )
    request = AlterPartitionReassignmentsRequest(
        timeout_ms=cluster.config.request_timeout_ms,
        allow_replication_factor_change=allows_replication_factor_change,
        topics=list(topics.values()),
    )
    try:
        response = cluster.ask_controller(request, call="alterPartitionReassignments")
    except ApiError as error:
        return dict.fromkeys(replicas, error)
    whole = error_of(response.error_code, response.error_message)
    return {
        TopicPartition(topic.name, row.partition_index): refusal
        for topic in response.responses
        for row in topic.partitions
        if (refusal := whole or error_of(row.error_code, row.error_message)) is not None
    }


def replicas_of_topics(cluster: Cluster, names: Iterable[str]) -> dict[TopicPartition, tuple[int, ...]]:
    """Return where all partitions of topics are; every topic has to be there."""
    with raised_by_futures():
        described = describe_each_topic(cluster, names)
        found: dict[TopicPartition, tuple[int, ...]] = {}
        for name in strings_in_hash_order(described):
            topic = described[name]
            if isinstance(topic, ApiError):
                if topic.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                    raise ApiError(topic.code, f"Topic {name} not found.")
                raise topic
            found |= {TopicPartition(name, each.number): each.replicas for each in topic.partitions}
    return found


def replicas_of_partitions(
    cluster: Cluster, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, tuple[int, ...]]:
    """Return where partitions are; every one has to be there."""
    wanted = list(partitions)
    found = replicas_of_topics(cluster, [each.topic for each in wanted])
    missing = [each for each in partitions_in_hash_order(wanted) if each not in found]
    if missing:
        words = f"Unable to find partition: {', '.join(map(str, missing))}"
        raise execution_failure(ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, words))
    return {each: found[each] for each in wanted}


def directory_states(cluster: Cluster, targets: Mapping[Replica, str]) -> dict[Replica, DirectoryState]:
    """Return where replicas are that are to be in certain directories."""
    from ottla.protocol.messages.describe_log_dirs import (
        DescribableLogDirTopic,
        DescribeLogDirsRequest,
    )

    states = {replica: DirectoryState(target) for replica, target in targets.items()}
    for broker_id in dict.fromkeys(replica.broker_id for replica in targets):
        topics: dict[str, DescribableLogDirTopic] = {}
        for replica in targets:
            if replica.broker_id == broker_id:
                entry = topics.setdefault(replica.topic, DescribableLogDirTopic(topic=replica.topic))
                entry.partitions.append(replica.partition)
        request = DescribeLogDirsRequest(topics=list(topics.values()))
        with raised_by_futures():
            response = cluster.ask_node(broker_id, request, call="describeReplicaLogDirs")
        for result in response.results:
            if result.error_code:
                # A directory that is offline has no replicas; there is nothing to learn of it.
                continue
            for topic in result.topics:
                for row in topic.partitions:
                    replica = Replica(topic.name, row.partition_index, broker_id)
                    if replica in states:
                        place = "future" if row.is_future_key else "current"
                        states[replica] = states[replica]._replace(**{place: result.log_dir})
    return states


def move_replicas(cluster: Cluster, directories: Mapping[Replica, str]) -> dict[Replica, ApiError | None]:
    """Have replicas move to directories of their brokers; return what became of each."""
    from ottla.protocol.messages.alter_replica_log_dirs import (
        AlterReplicaLogDir,
        AlterReplicaLogDirsRequest,
        AlterReplicaLogDirTopic,
    )

    results: dict[Replica, ApiError | None] = {}
    for broker_id in dict.fromkeys(replica.broker_id for replica in directories):
        own = {replica: path for replica, path in directories.items() if replica.broker_id == broker_id}
        places: dict[str, dict[str, AlterReplicaLogDirTopic]] = {}
        for replica, path in own.items():
            topics = places.setdefault(path, {})
            topics.setdefault(replica.topic, AlterReplicaLogDirTopic(name=replica.topic)).partitions.append(
                replica.partition
            )
        request = AlterReplicaLogDirsRequest(
            dirs=[
                AlterReplicaLogDir(path=path, topics=list(topics.values())) for path, topics in places.items()
            ]
        )
        try:
            response = cluster.ask_node(broker_id, request, call="alterReplicaLogDirs")
        except ApiError as error:
            results |= dict.fromkeys(own, error)
            continue
        results |= {
            Replica(topic.topic_name, row.partition_index, broker_id): error_of(row.error_code)
            for topic in response.results
            for row in topic.partitions
        }
    return results
