"""ElectLeaders against the image: who is preferred leads again, or anybody where nobody leads (KIP-460, KIP-183).

On one node there is mostly nothing to elect. A log that was several nodes' may have partitions whose leader is gone:
for them there is the unclean election (Kafka's ReplicationControlManager).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from ottla.config.resolved import BrokerConfig, resolve_topic_config
from ottla.errors import ErrorCode, KafkaError, error_message
from ottla.metadata.aspects.topics import NO_LEADER, PartitionImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.partition_change import Election, PartitionTarget, plan_partition_change
from ottla.metadata.records import MetadataRecord
from ottla.protocol.messages.elect_leaders import PartitionResult, ReplicaElectionResult, TopicPartitions

_ELECTIONS = {0: Election.PREFERRED, 1: Election.UNCLEAN}
"""By the numbers of the request (Kafka's `ElectionType`)."""

_NOBODY = {
    Election.PREFERRED: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
    Election.UNCLEAN: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
}


@dataclass(slots=True)
class ElectionPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord] = field(default_factory=list)
    results: list[ReplicaElectionResult] = field(default_factory=list)


def plan_elections(
    image: ClusterImage, config: BrokerConfig, election_type: int, asked: list[TopicPartitions] | None
) -> ElectionPlan:
    """Plan elections for some partitions, or for all with None, of which those without need are not told.

    `config` is the broker's configuration in effect. Raises KafkaError INVALID_REQUEST for a type that there is not,
    POLICY_VIOLATION for too many changes.
    """
    election = _ELECTIONS.get(election_type)
    if election is None:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown election type {election_type}")

    @cache
    def min_insync_replicas(name: str) -> int:
        return resolve_topic_config(config, image.configs.topic(name)).min_insync_replicas

    plan = ElectionPlan()
    for name, numbers in _wishes(image, asked):
        result = ReplicaElectionResult(topic=name)
        plan.results.append(result)
        for number in numbers:
            code, message = _elect(plan, image, election, min_insync_replicas, name, number)
            if asked is not None or code is not ErrorCode.ELECTION_NOT_NEEDED:
                result.partition_result.append(
                    PartitionResult(partition_id=number, error_code=code, error_message=message)
                )
    return plan


def _wishes(image: ClusterImage, asked: list[TopicPartitions] | None) -> Iterator[tuple[str, list[int]]]:
    if asked is None:
        for topic in image.topics.by_id.values():
            yield topic.name, list(topic.partitions)
    else:
        for wish in asked:
            yield wish.topic, wish.partitions


def _elect(
    plan: ElectionPlan,
    image: ClusterImage,
    election: Election,
    min_insync_replicas: Callable[[str], int],
    name: str,
    number: int,
) -> tuple[ErrorCode, str | None]:
    """Plan one election; return what to answer."""
    topic = image.topics.by_name.get(name)
    if topic is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such topic as {name}"
    partition = topic.partitions.get(number)
    if partition is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such partition as {name}-{number}"
    if not _needs(election, partition):
        return ErrorCode.ELECTION_NOT_NEEDED, error_message(ErrorCode.ELECTION_NOT_NEEDED)
    change = plan_partition_change(
        image,
        topic,
        number,
        PartitionTarget.unchanged(partition),
        election,
        min_insync_replicas=min_insync_replicas(name),
    )
    if change is None:
        return _NOBODY[election], error_message(_NOBODY[election])
    if len(plan.records) >= MAX_RECORDS_PER_OPERATION:
        raise excessive_operation()
    plan.records.append(change)
    return ErrorCode.NONE, None


def _needs(election: Election, partition: PartitionImage) -> bool:
    if election is Election.UNCLEAN:
        return partition.leader == NO_LEADER
    preferred, *_ = partition.replicas or (NO_LEADER,)
    return partition.leader != preferred
