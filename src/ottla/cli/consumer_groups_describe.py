"""Describes consumer groups: how far they are, who is in them, and their state.

All groups are asked for before the first is printed, so that a group that is not there leaves nothing printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from ottla.cli.consumer_groups_report import MISSING, OffsetRow, member_table, offset_table, state_table
from ottla.cli.failures import ToolError
from ottla.cli.group_requests import (
    CommittedOffset,
    GroupDescription,
    GroupMember,
    committed_offsets,
    describe_group,
)
from ottla.cli.java_failures import FAILURES, execution_failure, runtime_failure
from ottla.cli.partition_leaders import list_offsets
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.client.leaders import LATEST
from ottla.jvm_order import partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition

_REBALANCING = frozenset({"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})


def describe_offsets(cluster: Cluster, group_ids: Iterable[str], *, verbose: bool) -> None:
    """Print how far each group is in each partition."""
    groups = _described(cluster, group_ids)
    rows = {group_id: _offset_rows(cluster, groups[group_id]) for group_id in strings_in_hash_order(groups)}
    for group_id in sorted(groups):
        if _is_shown(groups[group_id], len(rows[group_id])):
            print(offset_table(rows[group_id], verbose=verbose))


def describe_members(cluster: Cluster, group_ids: Iterable[str], *, verbose: bool) -> None:
    """Print the members of each group."""
    groups = _described(cluster, group_ids)
    for group_id in sorted(groups):
        group = groups[group_id]
        is_shown = _is_shown(group, len(group.members))
        print(member_table(group, is_shown=is_shown, verbose=verbose), end="")


def describe_states(cluster: Cluster, group_ids: Iterable[str], *, verbose: bool) -> None:
    """Print the state of each group."""
    groups = _described(cluster, group_ids)
    for group_id in sorted(groups):
        if _is_shown(groups[group_id], 1):
            print(state_table(groups[group_id], verbose=verbose))


def committed(cluster: Cluster, group_id: str) -> dict[TopicPartition, CommittedOffset | None]:
    """Return what a group has committed, failing as Kafka's tool does."""
    try:
        return committed_offsets(cluster, group_id)
    except ApiError as error:
        raise runtime_failure(execution_failure(error)) from error


def offsets_at(
    cluster: Cluster, partitions: Sequence[TopicPartition], timestamp: int
) -> dict[TopicPartition, int]:
    """Return the offsets of partitions at a time, in the order of Java's hash map, failing as Kafka's tool does."""
    found = list_offsets(cluster, partitions, timestamp)
    offsets = {}
    for partition in partitions_in_hash_order(partitions):
        outcome = found[partition]
        if isinstance(outcome, ApiError):
            raise runtime_failure(execution_failure(outcome)) from outcome
        offsets[partition] = outcome.offset
    return offsets


def _described(cluster: Cluster, group_ids: Iterable[str]) -> dict[str, GroupDescription]:
    found = {}
    for group_id in strings_in_hash_order(group_ids):
        try:
            found[group_id] = describe_group(cluster, group_id)
        except FAILURES as error:
            raise execution_failure(error) from error
    return found


def _offset_rows(cluster: Cluster, group: GroupDescription) -> list[OffsetRow]:
    """Return the rows of the members, those with most partitions first, then those of partitions nobody has."""
    offsets = committed(cluster, group.group_id)
    rows: list[OffsetRow] = []
    assigned: set[TopicPartition] = set()
    busy = [member for member in group.members if member.assignment]
    for member in sorted(busy, key=lambda member: -len(set(member.assignment))):
        assigned |= set(member.assignment)
        rows += _partition_rows(cluster, group.group_id, member.assignment, offsets, member)
    left = [partition for partition in partitions_in_hash_order(offsets) if partition not in assigned]
    return rows + _partition_rows(cluster, group.group_id, left, offsets, None)


def _partition_rows(
    cluster: Cluster,
    group_id: str,
    partitions: Iterable[TopicPartition],
    offsets: dict[TopicPartition, CommittedOffset | None],
    member: GroupMember | None,
) -> list[OffsetRow]:
    ordered = sorted(partitions_in_hash_order(partitions), key=lambda each: each.partition)
    reader = (MISSING,) * 3 if member is None else (member.member_id, member.host, member.client_id)
    rows = []
    for partition, end_offset in offsets_at(cluster, ordered, LATEST).items():
        found = offsets.get(partition)
        offset, epoch = (None, None) if found is None else (found.offset, found.leader_epoch)
        rows.append(OffsetRow(group_id, partition, offset, epoch, end_offset, *reader))
    return rows


def _is_shown(group: GroupDescription, row_count: int) -> bool:
    """Say what there is to say of a group's state; tell whether its rows are to be printed."""
    if group.state == "Dead":
        print(f"\nError: Consumer group '{group.group_id}' does not exist.")
    elif group.state == "Empty":
        print(f"\nConsumer group '{group.group_id}' has no active members.", file=sys.stderr)
    elif group.state in _REBALANCING:
        print(f"\nWarning: Consumer group '{group.group_id}' is rebalancing.", file=sys.stderr)
    elif group.state != "Stable":
        words = f"Expected a valid consumer group state, but found '{group.state}'."
        raise ToolError("org.apache.kafka.common.KafkaException", words)
    return group.state != "Dead" and row_count > 0
