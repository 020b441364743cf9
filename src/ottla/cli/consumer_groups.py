"""kafka-consumer-groups: list, describe and delete consumer groups, and reset or delete their offsets.

As with Kafka's tool, what goes wrong behind the options is printed on standard output, and the exit code stays 0.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.consumer_groups_options import OPTIONS, check_action, check_options
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.group_requests import (
    CONSUMER_GROUP_STATES,
    CONSUMER_GROUP_TYPES,
    CONSUMER_PROTOCOL,
    GROUP_STATES,
    GROUP_TYPES,
    all_consumer_groups,
    delete_group,
    delete_offsets,
    list_groups,
    parse_name,
)
from ottla.cli.java_failures import (
    FAILURES,
    Failure,
    execution_failure,
    message_of,
    runtime_failure,
    stack_trace,
)
from ottla.cli.java_text import java_split
from ottla.cli.jopt import OptionError, Parsed, parse
from ottla.cli.topic_metadata import describe_each_topic
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode, error_message
from ottla.jvm_order import partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition

_ILLEGAL_ARGUMENT = {"java.lang.IllegalArgumentException", "java.lang.NumberFormatException"}
_WHOLE_GROUP_ERRORS = frozenset(
    {
        ErrorCode.INVALID_GROUP_ID,
        ErrorCode.GROUP_ID_NOT_FOUND,
        ErrorCode.GROUP_AUTHORIZATION_FAILED,
        ErrorCode.NON_EMPTY_GROUP,
    }
)
_PARTITION_ERRORS = frozenset(
    {
        ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC,
        ErrorCode.TOPIC_AUTHORIZATION_FAILED,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse(OPTIONS, arguments)
    check_options(parsed)
    try:
        check_action(parsed)
        if parsed.has("validate-regex"):
            return _validate_regex(parsed.text("validate-regex") or "")
    except OptionError as error:
        raise parsed.usage_error(message_of(error)) from error
    try:
        with _open(parsed) as cluster:
            _run(cluster, parsed)
    except FAILURES as error:
        if isinstance(error, ToolError) and error.java_class in _ILLEGAL_ARGUMENT:
            raise parsed.usage_error(message_of(error)) from error
        print_error(f"Executing consumer group command failed due to {message_of(error)}", error)
    return 0


def print_error(message: str, failure: Failure | None = None) -> None:
    """Print what went wrong, and where a failure lies behind it, that one on standard error."""
    print(f"\nError: {message}")
    if failure is not None:
        print(stack_trace(failure), end="", file=sys.stderr)


def _chosen_groups(cluster: Cluster, parsed: Parsed) -> list[str]:
    """Return the groups that the options name: all consumer groups, or the given ones."""
    return all_consumer_groups(cluster) if parsed.has("all-groups") else parsed.texts("group")


def _validate_regex(pattern: str) -> int:
    from ottla.cli.re2_syntax import RegexError, check_regex

    try:
        check_regex(pattern)
    except RegexError as error:
        print(f"The regular expression `{pattern}` is invalid: {error}.")
    else:
        print(f"The regular expression `{pattern}` is valid.")
    return 0


def _open(parsed: Parsed) -> Cluster:
    try:
        properties = load_properties(parsed.text("command-config"))
    except ToolError as error:
        if isinstance(error, OptionError):
            raise
        raise runtime_failure(error) from error
    servers = parsed.text("bootstrap-server")
    return open_admin(properties, servers, timeout_ms=_timeout_ms(parsed))


def _timeout_ms(parsed: Parsed) -> int:
    """Return how long a call may take; Kafka's tool wraps what does not fit an int."""
    given = parsed.number("timeout") or 0
    return (given + (1 << 31)) % (1 << 32) - (1 << 31)


def _run(cluster: Cluster, parsed: Parsed) -> None:
    actions: dict[str, Callable[[Cluster, Parsed], None]] = {
        "list": _list,
        "describe": _describe,
        "delete": _delete,
        "reset-offsets": _reset,
        "delete-offsets": _delete_offsets,
    }
    next(run for action, run in actions.items() if parsed.has(action))(cluster, parsed)


def _list(cluster: Cluster, parsed: Parsed) -> None:
    if not parsed.has("type") and not parsed.has("state"):
        for group_id in all_consumer_groups(cluster):
            print(group_id)
        return
    from ottla.cli.consumer_groups_report import group_list

    types = _names_in(parsed.text("type"), GROUP_TYPES, CONSUMER_GROUP_TYPES, "types", "types")
    states = _names_in(parsed.text("state"), GROUP_STATES, CONSUMER_GROUP_STATES, "state", "states")
    groups = list_groups(cluster, types=types, states=states, protocols=("", CONSUMER_PROTOCOL))
    by_id = {group.group_id: group for group in groups}
    ordered = [by_id[group_id] for group_id in strings_in_hash_order(by_id)]
    print(group_list(ordered, with_type=parsed.has("type"), with_state=parsed.has("state")), end="")


def _names_in(
    text: str | None, names: Sequence[str], valid: Sequence[str], what: str, plural: str
) -> list[str]:
    """Return the names in a list such as `stable,empty`; raises the failure of an illegal argument."""
    if not text:
        return []
    found = [parse_name(part.strip(), names) for part in java_split(text, ",")]
    if not set(found) <= set(valid):
        words = f"Invalid {what} list '{text}'. Valid {plural} are: {', '.join(valid)}"
        raise illegal_argument(words)
    return list(dict.fromkeys(found))


def _describe(cluster: Cluster, parsed: Parsed) -> None:
    from ottla.cli.consumer_groups_describe import describe_members, describe_offsets, describe_states

    group_ids = _chosen_groups(cluster, parsed)
    verbose = parsed.has("verbose")
    if parsed.has("members"):
        describe_members(cluster, group_ids, verbose=verbose)
    elif parsed.has("state"):
        describe_states(cluster, group_ids, verbose=verbose)
    else:
        describe_offsets(cluster, group_ids, verbose=verbose)


def _delete(cluster: Cluster, parsed: Parsed) -> None:
    results = {group_id: delete_group(cluster, group_id) for group_id in _chosen_groups(cluster, parsed)}
    ordered = strings_in_hash_order(results)
    deleted = ", ".join(f"'{group_id}'" for group_id in ordered if results[group_id] is None)
    failed = {group_id: failure for group_id in ordered if (failure := results[group_id]) is not None}
    if not failed:
        print(f"Deletion of requested consumer groups ({deleted}) was successful.")
        return
    print_error("Deletion of some consumer groups failed:")
    for group_id, failure in failed.items():
        print(f"* Group '{group_id}' could not be deleted due to: {failure.java_text()}")
    if deleted:
        print(f"\nThese consumer groups were deleted successfully: {deleted}")


def _reset(cluster: Cluster, parsed: Parsed) -> None:
    from ottla.cli.consumer_groups_csv import export_csv
    from ottla.cli.consumer_groups_report import reset_table
    from ottla.cli.consumer_groups_reset import reset_offsets

    resets = reset_offsets(cluster, parsed, _chosen_groups(cluster, parsed))
    ordered = [
        (group_id, [(each, resets[group_id][each]) for each in partitions_in_hash_order(resets[group_id])])
        for group_id in strings_in_hash_order(resets)
    ]
    if parsed.has("export"):
        print(export_csv(ordered, is_single_group=len(parsed.texts("group")) == 1))
    else:
        print(reset_table(ordered))


def _delete_offsets(cluster: Cluster, parsed: Parsed) -> None:
    from ottla.cli.consumer_groups_report import deletion_table
    from ottla.cli.consumer_groups_topics import parse_topic_partitions

    group_id = parsed.text("group") or ""
    topics = parsed.texts("topic")
    partitions = [
        partition
        for topic in strings_in_hash_order(topic for topic in topics if ":" in topic)
        for partition in parse_topic_partitions(topic)
    ]
    results: dict[TopicPartition, Failure | None] = {}
    for topic, found in describe_each_topic(cluster, [topic for topic in topics if ":" not in topic]).items():
        if isinstance(found, ApiError):
            results[TopicPartition(topic, -1)] = found
        else:
            partitions += [TopicPartition(topic, each.number) for each in found.partitions]
    code = _delete_from(cluster, group_id, partitions_in_hash_order(partitions), results)
    _print_whole_result(group_id, code)
    rows = [
        (each, f"Error: {message_of(execution_failure(failure))}" if failure is not None else "Successful")
        for each, failure in results.items()
    ]
    print(deletion_table(rows))


def _delete_from(
    cluster: Cluster,
    group_id: str,
    partitions: list[TopicPartition],
    results: dict[TopicPartition, Failure | None],
) -> ErrorCode:
    """Delete offsets and note what became of each; return the error that stands for the whole."""
    try:
        answers = delete_offsets(cluster, group_id, partitions)
    except ApiError as error:
        results |= dict.fromkeys(partitions, error)
        return error.code
    worst = ErrorCode.NONE
    for partition in partitions:
        found = answers.get(partition)
        results[partition] = found
        if found is not None:
            worst = worst or found.code
        elif partition not in answers:
            words = f'Offset deletion result for partition "{partition}" was not included in the response'
            results[partition] = illegal_argument(words)
            worst = worst or ErrorCode.UNKNOWN_SERVER_ERROR
    return worst


def _print_whole_result(group_id: str, code: ErrorCode) -> None:
    if code is ErrorCode.NONE:
        print(f"Request succeeded for deleting offsets from group {group_id}.")
    elif code in _WHOLE_GROUP_ERRORS:
        print_error(error_message(code) or "")
    elif code in _PARTITION_ERRORS:
        print_error("Encountered some partition-level error, see the follow-up details.")
    else:
        print_error(f"Encountered some unknown error: {code.name}")
