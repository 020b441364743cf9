"""Works out the offsets that a reset gives to groups that nobody is in, and commits them with --execute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ottla.cli.admin_access import read_text
from ottla.cli.consumer_groups_csv import read_reset_plan
from ottla.cli.consumer_groups_describe import committed, offsets_at
from ottla.cli.consumer_groups_topics import parse_topic_partitions
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.group_requests import commit_offsets, describe_group
from ottla.cli.java_failures import execution_failure, runtime_failure
from ottla.cli.java_times import parse_datetime, parse_duration_ns
from ottla.cli.jopt import Parsed
from ottla.cli.topic_metadata import describe_each_topic
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.client.leaders import EARLIEST, LATEST, NO_OFFSET
from ottla.errors import ErrorCode
from ottla.jvm_order import partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition

Offsets = dict[TopicPartition, int]

_INACTIVE = frozenset({"Empty", "Dead"})
_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


def reset_offsets(cluster: Cluster, parsed: Parsed, group_ids: Iterable[str]) -> dict[str, Offsets]:
    """Return the new offsets of each group, which are committed with --execute; none for a group with members."""
    resets = {}
    for group_id in strings_in_hash_order(group_ids):
        state = _state(cluster, group_id)
        if state in _INACTIVE:
            resets[group_id] = _reset_group(cluster, parsed, group_id)
        else:
            print(
                f"\nError: Assignments can only be reset if the group '{group_id}' is inactive, "
                f"but the current state is {state}."
            )
            resets[group_id] = {}
    return resets


def _state(cluster: Cluster, group_id: str) -> str:
    """Return the state of a group; one that is not there counts as dead."""
    try:
        return describe_group(cluster, group_id).state
    except ApiError as error:
        if error.code is ErrorCode.GROUP_ID_NOT_FOUND:
            return "Dead"
        raise runtime_failure(execution_failure(error)) from error
    except ToolError as error:
        raise runtime_failure(execution_failure(error)) from error


def _reset_group(cluster: Cluster, parsed: Parsed, group_id: str) -> Offsets:
    partitions = _scope(cluster, parsed, group_id)
    offsets = _new_offsets(cluster, parsed, group_id, partitions)
    if parsed.has("execute") and not parsed.has("dry-run"):
        commit_offsets(cluster, group_id, offsets)
    return offsets


def _scope(cluster: Cluster, parsed: Parsed, group_id: str) -> list[TopicPartition]:
    """Return the partitions that are to be reset."""
    if parsed.has("all-topics"):
        return partitions_in_hash_order(committed(cluster, group_id))
    if parsed.has("topic"):
        return _named_partitions(cluster, parsed.texts("topic"))
    if not parsed.has("from-file"):
        raise parsed.usage_error("One of the reset scopes should be defined: --all-topics, --topic.")
    return []


def _named_partitions(cluster: Cluster, topics: Iterable[str]) -> list[TopicPartition]:
    names = list(topics)
    found = [each for name in names if ":" in name for each in parse_topic_partitions(name)]
    described = describe_each_topic(cluster, [name for name in names if ":" not in name])
    for name in strings_in_hash_order(described):
        topic = described[name]
        if isinstance(topic, ApiError):
            raise topic
        found += [TopicPartition(name, each.number) for each in topic.partitions]
    return found


def _new_offsets(
    cluster: Cluster, parsed: Parsed, group_id: str, partitions: list[TopicPartition]
) -> Offsets:
    """Return the offset that each partition is to get, by the first specification in Kafka's order."""
    specifications: dict[str, Callable[[], Offsets]] = {
        "to-offset": lambda: _in_range(cluster, dict.fromkeys(partitions, parsed.number("to-offset") or 0)),
        "to-earliest": lambda: offsets_at(cluster, partitions, EARLIEST),
        "to-latest": lambda: offsets_at(cluster, partitions, LATEST),
        "shift-by": lambda: _shifted(cluster, group_id, partitions, parsed.number("shift-by") or 0),
        "to-datetime": lambda: _at_time(
            cluster, partitions, parse_datetime(parsed.text("to-datetime") or "")
        ),
        "by-duration": lambda: _at_time(
            cluster, partitions, _ago_ms(parse_duration_ns(parsed.text("by-duration") or ""))
        ),
        "from-file": lambda: _from_file(cluster, parsed, group_id),
        "to-current": lambda: _current(cluster, group_id, partitions),
    }
    for name, offsets in specifications.items():
        if parsed.has(name):
            return offsets()
    names = ", ".join(f"[{name}]" for name in parsed.java_set_order(specifications))
    raise parsed.usage_error(f"Option '[reset-offsets]' requires one of the following scenarios: [{names}]")


def _ago_ms(duration_ns: int) -> int:
    return (time.time_ns() - duration_ns) // 1_000_000


def _in_range(cluster: Cluster, wanted: Mapping[TopicPartition, int]) -> Offsets:
    """Return offsets, those that a partition does not have moved to its beginning or end, with a warning."""
    partitions = partitions_in_hash_order(wanted)
    starts = offsets_at(cluster, partitions, EARLIEST)
    ends = offsets_at(cluster, partitions, LATEST)
    found = {}
    for partition in partitions:
        offset = wanted[partition]
        for bound, words in (
            (ends[partition], "higher than latest"),
            (starts[partition], "lower than earliest"),
        ):
            is_beyond = offset > bound if words.startswith("higher") else offset < bound
            if is_beyond:
                log_lines.warn(
                    _TOOL,
                    f"New offset ({offset}) is {words} offset for topic partition {partition}. "
                    f"Value will be set to {bound}",
                )
                offset = bound
                break
        found[partition] = offset
    return found


def _shifted(cluster: Cluster, group_id: str, partitions: list[TopicPartition], count: int) -> Offsets:
    current = committed(cluster, group_id)
    wanted = {}
    for partition in partitions:
        found = current.get(partition)
        if found is None:
            raise illegal_argument(
                f"Cannot shift offset for partition {partition} since there is no current committed offset"
            )
        wanted[partition] = found.offset + count
    return _in_range(cluster, wanted)


def _at_time(cluster: Cluster, partitions: list[TopicPartition], timestamp_ms: int) -> Offsets:
    """Return the offsets of the first records that are not older; the end where there are none."""
    found = offsets_at(cluster, partitions, timestamp_ms)
    missing = [partition for partition, offset in found.items() if offset == NO_OFFSET]
    for topic, partition in missing:
        print(
            f"\nWarn: Partition {partition} from topic {topic} is empty. Falling back to latest known offset."
        )
    return found | offsets_at(cluster, missing, LATEST)


def _from_file(cluster: Cluster, parsed: Parsed, group_id: str) -> Offsets:
    try:
        plan = read_reset_plan(read_text(parsed.text("from-file") or ""), parsed.texts("group"))
    except ToolError as error:
        raise runtime_failure(error) from error
    if any(offset < 0 for offsets in plan.values() for offset in offsets.values()):
        raise illegal_argument("Invalid negative offset")
    wanted = plan.get(group_id)
    if wanted is None:
        print(f"\nError: No reset plan for group {group_id} found")
        return {}
    return _in_range(cluster, wanted)


def _current(cluster: Cluster, group_id: str, partitions: list[TopicPartition]) -> Offsets:
    current = {
        each: found.offset for each, found in committed(cluster, group_id).items() if found is not None
    }
    kept = {partition: current[partition] for partition in partitions if partition in current}
    others = [partition for partition in partitions if partition not in current]
    return {each: kept[each] for each in partitions_in_hash_order(kept)} | offsets_at(cluster, others, LATEST)
