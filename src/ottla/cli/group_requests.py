"""What the tools ask the coordinators of groups, and what comes back, as Kafka's Admin client gives it.

A group is asked for with ConsumerGroupDescribe first, which knows groups of KIP-848, and with DescribeGroups where that
API does not know it. Errors that pass by themselves are waited for below, in `Cluster`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_failures import FAILURES, CausedError, Failure, execution_failure, runtime_failure
from ottla.client import log_lines
from ottla.client.cluster import Cluster, Node
from ottla.client.failures import ApiError, UnsupportedVersionError, error_of, raise_for
from ottla.errors import ErrorCode
from ottla.jvm_order import partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition

CONSUMER_PROTOCOL = "consumer"
GROUP_STATES = (
    "Unknown",
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
    "NotReady",
)
"""The states of groups as Kafka prints them."""

CONSUMER_GROUP_STATES = (
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
)
"""Those that a consumer group can be in."""

GROUP_TYPES = ("Unknown", "Consumer", "Classic", "Share", "Streams")
"""The types of groups as Kafka prints them."""

CONSUMER_GROUP_TYPES = ("Classic", "Consumer")
"""Those that a consumer group can have."""

_VERSION_SIZE_BYTES = 2
_ASK_OTHERWISE = frozenset({ErrorCode.UNSUPPORTED_VERSION, ErrorCode.GROUP_ID_NOT_FOUND})
"""After these a group is asked for with DescribeGroups."""
_DESCRIBE_HANDLER = "org.apache.kafka.clients.admin.internals.DescribeConsumerGroupsHandler"
_NOT_LOGGED = frozenset(
    {
        ErrorCode.GROUP_AUTHORIZATION_FAILED,
        ErrorCode.TOPIC_AUTHORIZATION_FAILED,
        *_ASK_OTHERWISE,
    }
)
"""What a group may well be refused with; of other errors Kafka's Admin writes a line before they are raised."""


@dataclass(frozen=True, slots=True)
class GroupListing:
    """A group in a list; type and state are None where the broker does not say."""

    group_id: str
    type: str | None
    protocol: str
    state: str | None


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A member of a consumer group; what only groups of KIP-848 have is None or empty for others."""

    member_id: str
    instance_id: str | None
    client_id: str
    host: str
    assignment: tuple[TopicPartition, ...]
    target_assignment: tuple[TopicPartition, ...] = ()
    member_epoch: int | None = None
    is_upgraded: bool | None = None


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """A consumer group, and the node that coordinates it."""

    group_id: str
    state: str
    assignor: str
    coordinator: Node
    members: tuple[GroupMember, ...]
    group_epoch: int | None = None
    target_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class CommittedOffset:
    """What a group has committed for a partition; the epoch is None where it is not known."""

    offset: int
    leader_epoch: int | None = None


def parse_name(text: str, names: Sequence[str]) -> str:
    """Return the name that a text spells in any case, or `Unknown`."""
    for name in names:
        if name.lower() == text.lower():
            return name
    return "Unknown"


def list_groups(
    cluster: Cluster,
    *,
    types: Iterable[str] = (),
    states: Iterable[str] = (),
    protocols: Iterable[str] = (),
) -> list[GroupListing]:
    """Return the groups of every broker that fit. Raises what Java's future would throw."""
    from ottla.protocol.messages.list_groups import ListGroupsRequest

    request = ListGroupsRequest(states_filter=list(states), types_filter=list(types))
    wanted = frozenset(protocols)
    found: dict[str, GroupListing] = {}
    for node in _brokers(cluster):
        try:
            response = cluster.ask_node(node.node_id, request, call="listGroups")
            raise_for(response.error_code)
        except ApiError as error:
            shown = (
                f"{node.host}:{node.port} (id: {node.node_id} rack: {node.rack or 'null'} isFenced: false)"
            )
            words = f"Error listing groups on {shown}: {error.text}"
            raise execution_failure(ApiError(error.code, words, java_class=error.java_class)) from error
        for group in response.groups:
            if not wanted or group.protocol_type in wanted:
                found[group.group_id] = _listing(group)
    return list(found.values())


def all_consumer_groups(cluster: Cluster) -> list[str]:
    """Return the ids of all consumer groups in the order of Java's hash map, failing as Kafka's tool does."""
    try:
        groups = list_groups(cluster, types=CONSUMER_GROUP_TYPES, protocols=("", CONSUMER_PROTOCOL))
    except ToolError as error:
        raise runtime_failure(error) from error
    return strings_in_hash_order(group.group_id for group in groups)


def _brokers(cluster: Cluster) -> list[Node]:
    try:
        cluster.metadata([], allow_auto_topic_creation=True, call="findAllBrokers")
    except ApiError as error:
        failure = CausedError(
            "org.apache.kafka.common.KafkaException", "Failed to find brokers to send ListGroups", error
        )
        raise execution_failure(failure) from error
    return list(cluster.nodes.values())


def _listing(group: Any) -> GroupListing:
    return GroupListing(
        group.group_id,
        parse_name(group.group_type, GROUP_TYPES) if group.group_type else None,
        group.protocol_type,
        parse_name(group.group_state, GROUP_STATES) if group.group_state else None,
    )


def describe_group(cluster: Cluster, group_id: str) -> GroupDescription:
    """Return what a consumer group is made of. Raises ApiError, or ToolError for a group of other members."""
    coordinator = _coordinator(cluster, group_id)
    try:
        return _describe_consumer_group(cluster, coordinator, group_id)
    except UnsupportedVersionError:
        words = None
    except ApiError as error:
        if error.code not in _ASK_OTHERWISE:
            raise
        words = error.text if error.code is ErrorCode.GROUP_ID_NOT_FOUND else None
    return _describe_classic_group(cluster, coordinator, group_id, words)


def _coordinator(cluster: Cluster, group_id: str) -> Node:
    try:
        node_id = cluster.retry(
            lambda _: cluster.coordinator(group_id), call="describeConsumerGroups(api=FIND_COORDINATOR)"
        )
    except ApiError as error:
        if error.is_retriable:
            raise
        shown = f"CoordinatorKey(idValue='{group_id}', type=GROUP)"
        words = f"FindCoordinator request for key `{shown}` failed due to an unexpected error"
        raise ApiError(error.code, words) from error
    return cluster.nodes[node_id]


def _describe_consumer_group(cluster: Cluster, coordinator: Node, group_id: str) -> GroupDescription:
    from ottla.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest

    request = ConsumerGroupDescribeRequest(group_ids=[group_id])
    response = cluster.ask_coordinator(group_id, request, call="describeConsumerGroups")
    (group,) = response.groups
    _raise_for_group(cluster, "ConsumerGroupDescribe", group, group.error_message)
    members = tuple(
        GroupMember(
            member.member_id,
            member.instance_id,
            member.client_id,
            member.client_host,
            _partitions(member.assignment),
            _partitions(member.target_assignment),
            member.member_epoch,
            None if member.member_type == -1 else member.member_type == 1,
        )
        for member in group.members
    )
    state = parse_name(group.group_state, GROUP_STATES)
    return GroupDescription(
        group_id, state, group.assignor_name, coordinator, members, group.group_epoch, group.assignment_epoch
    )


def _raise_for_group(cluster: Cluster, api_name: str, group: Any, words: str | None) -> None:
    error = error_of(group.error_code, words)
    if error is None:
        return
    if error.code not in _NOT_LOGGED:
        log_lines.error(
            _DESCRIBE_HANDLER,
            f"{cluster.config.log_context}`{api_name}` request for group id {group.group_id} failed due to "
            f"unexpected error {error.code.name}.",
        )
    raise error


def _partitions(assignment: Any) -> tuple[TopicPartition, ...]:
    return tuple(
        TopicPartition(topic.topic_name, partition)
        for topic in assignment.topic_partitions
        for partition in topic.partitions
    )


def _describe_classic_group(
    cluster: Cluster, coordinator: Node, group_id: str, not_found_words: str | None
) -> GroupDescription:
    from ottla.protocol.messages.describe_groups import DescribeGroupsRequest

    request = DescribeGroupsRequest(groups=[group_id])
    response = cluster.ask_coordinator(group_id, request, call="describeConsumerGroups")
    (group,) = response.groups
    words = group.error_message
    if group.error_code == ErrorCode.GROUP_ID_NOT_FOUND and not_found_words is not None:
        words = not_found_words
    _raise_for_group(cluster, "DescribeGroups", group, words)
    if group.protocol_type not in {"", CONSUMER_PROTOCOL}:
        raise illegal_argument(f"GroupId {group_id} is not a consumer group ({group.protocol_type}).")
    members = tuple(
        GroupMember(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            _assigned_partitions(member.member_assignment),
        )
        for member in group.members
    )
    state = parse_name(group.group_state, GROUP_STATES)
    return GroupDescription(group_id, state, group.protocol_data, coordinator, members)


def _assigned_partitions(assignment: bytes) -> tuple[TopicPartition, ...]:
    """Return what the bytes of a consumer's assignment say; any version begins as the first. Raises ToolError."""
    if not assignment:
        return ()
    from ottla.protocol.consumer_protocol import ConsumerProtocolAssignment
    from ottla.wire.compiler import decode
    from ottla.wire.primitives import WireError

    try:
        content, _ = decode(ConsumerProtocolAssignment, 0, assignment, _VERSION_SIZE_BYTES)
    except WireError as error:
        words = "Buffer underflow while parsing consumer protocol's assignment"
        raise ToolError("org.apache.kafka.common.protocol.types.SchemaException", words) from error
    return tuple(
        TopicPartition(topic.topic, partition)
        for topic in content.assigned_partitions
        for partition in topic.partitions
    )


def committed_offsets(cluster: Cluster, group_id: str) -> dict[TopicPartition, CommittedOffset | None]:
    """Return every offset that a group has committed, in the order of the answer. Raises ApiError."""
    from ottla.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup

    _coordinator(cluster, group_id)
    request = OffsetFetchRequest(
        group_id=group_id, topics=None, groups=[OffsetFetchRequestGroup(group_id=group_id, topics=None)]
    )
    response = cluster.ask_coordinator(group_id, request, call="offsetFetch")
    group = response.groups[0] if response.groups else response
    raise_for(group.error_code)
    return {
        TopicPartition(topic.name, partition.partition_index): _committed(partition)
        for topic in group.topics
        for partition in topic.partitions
        if not partition.error_code
    }


def _committed(partition: Any) -> CommittedOffset | None:
    if partition.committed_offset < 0:
        return None
    epoch = partition.committed_leader_epoch
    return CommittedOffset(partition.committed_offset, epoch if epoch >= 0 else None)


def commit_offsets(cluster: Cluster, group_id: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Commit offsets for a group that nobody is in. Raises the ApiError of the first partition that was refused."""
    from ottla.protocol.messages.offset_commit import (
        OffsetCommitRequest,
        OffsetCommitRequestPartition,
        OffsetCommitRequestTopic,
    )

    _coordinator(cluster, group_id)
    topics: dict[str, OffsetCommitRequestTopic] = {}
    for (topic, partition), offset in offsets.items():
        entry = topics.setdefault(topic, OffsetCommitRequestTopic(name=topic))
        entry.partitions.append(
            OffsetCommitRequestPartition(
                partition_index=partition, committed_offset=offset, committed_metadata=""
            )
        )
    request = OffsetCommitRequest(group_id=group_id, topics=list(topics.values()))
    response = cluster.ask_coordinator(group_id, request, call="offsetCommit")
    refused = {
        TopicPartition(topic.name, partition.partition_index): partition.error_code
        for topic in response.topics
        for partition in topic.partitions
        if partition.error_code
    }
    if refused:
        ordered = partitions_in_hash_order(refused)
        shown = ", ".join(map(str, ordered))
        raise_for(
            refused[ordered[0]], f"Failed altering group offsets for the following partitions: [{shown}]"
        )


def delete_offsets(
    cluster: Cluster, group_id: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, ApiError | None]:
    """Delete what a group has committed; return what became of each partition. Raises ApiError for the whole."""
    from ottla.protocol.messages.offset_delete import (
        OffsetDeleteRequest,
        OffsetDeleteRequestPartition,
        OffsetDeleteRequestTopic,
    )

    _coordinator(cluster, group_id)
    topics: dict[str, OffsetDeleteRequestTopic] = {}
    for topic, partition in partitions:
        entry = topics.setdefault(topic, OffsetDeleteRequestTopic(name=topic))
        entry.partitions.append(OffsetDeleteRequestPartition(partition_index=partition))
    request = OffsetDeleteRequest(group_id=group_id, topics=list(topics.values()))
    response = cluster.ask_coordinator(group_id, request, call="offsetDelete")
    raise_for(response.error_code)
    return {
        TopicPartition(topic.name, partition.partition_index): error_of(partition.error_code)
        for topic in response.topics
        for partition in topic.partitions
    }


def delete_group(cluster: Cluster, group_id: str) -> Failure | None:
    """Delete a group; return what hindered it."""
    from ottla.protocol.messages.delete_groups import DeleteGroupsRequest

    try:
        _coordinator(cluster, group_id)
        request = DeleteGroupsRequest(groups_names=[group_id])
        response = cluster.ask_coordinator(group_id, request, call="deleteConsumerGroups")
    except FAILURES as error:
        return error
    return error_of(response.results[0].error_code)
