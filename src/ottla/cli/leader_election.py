"""kafka-leader-election: has preferred replicas lead, or any replica where there is no leader."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from ottla.cli.admin_access import load_properties, open_admin, read_text
from ottla.cli.failures import ToolError
from ottla.cli.java_failures import (
    CausedError,
    admin_command_failed,
    admin_operation_failed,
    execution_failure,
    message_of,
    runtime_failure,
    stack_trace,
)
from ottla.cli.jopt import INTEGER, REQUIRED, Kind, Opt, Parsed, parse
from ottla.cli.json_input import (
    JsonNode,
    as_array,
    as_integer,
    as_object,
    as_string,
    is_parse_failure,
    member,
    parse_json,
)
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, RequestTimeoutError, error_of
from ottla.errors import ErrorCode
from ottla.jvm_order import partitions_in_hash_order
from ottla.types import TopicPartition

_PURPOSE = (
    "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are "
    "preferred replicas and unclean replicas."
)
_SCOPES = ("topic", "all-topic-partitions", "path-to-json-file")
_ELECTION_TYPES = {"PREFERRED": 0, "UNCLEAN": 1}
_LONGEST_CALL_MS = "30000"
_LONGEST_REQUEST_MS = "15000"
"""The tool's own limits, where its file of settings has none."""


def _election_type(text: str) -> str:
    if text.upper() not in _ELECTION_TYPES:
        raise ValueError(text)
    return text.upper()


OPTIONS = (
    Opt("bootstrap-server", "The brokers to connect to; needed.", REQUIRED, "host:port"),
    Opt(
        "admin.config",
        "A file with settings of the client.",
        REQUIRED,
        "config file",
        synonyms=("command-config",),
    ),
    Opt(
        "path-to-json-file",
        'A file with the partitions: {"partitions": [{"topic": "foo", "partition": 1}]}.',
        REQUIRED,
        "Path to JSON file",
    ),
    Opt("topic", "The topic of one partition.", REQUIRED, "topic name"),
    Opt("partition", "The number of one partition; needed with --topic.", REQUIRED, "partition id", INTEGER),
    Opt("all-topic-partitions", "Every partition that may need it."),
    Opt(
        "election-type",
        "preferred: the first replica is to lead; unclean: any replica, where there is no leader. Needed.",
        REQUIRED,
        "election type",
        Kind("[PREFERRED,UNCLEAN]", _election_type),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse(OPTIONS, arguments)
    parsed.check_help_and_version(_PURPOSE)
    check_options(parsed)
    election_type = parsed.text("election-type") or ""
    partitions = _partitions(parsed)
    properties = load_properties(parsed.text("admin.config"))
    properties.setdefault("default.api.timeout.ms", _LONGEST_CALL_MS)
    properties.setdefault("request.timeout.ms", _LONGEST_REQUEST_MS)
    with open_admin(properties, parsed.text("bootstrap-server")) as cluster:
        results = _elect(cluster, election_type, partitions)
    lines, failure = outcome(election_type, results)
    print(lines, end="")
    if failure is not None:
        print(f"{message_of(failure)}\n{stack_trace(failure)}", file=sys.stderr)
        return 1
    return 0


def check_options(parsed: Parsed) -> None:
    """Raise the tool's failure for options that do not go together."""
    missing = [name for name in ("bootstrap-server", "election-type") if not parsed.has(name)]
    if missing:
        raise admin_command_failed(f"Missing required option(s): {', '.join(missing)}")
    if sum(parsed.has(scope) for scope in _SCOPES) != 1:
        raise admin_command_failed(
            f"One and only one of the following options is required: {', '.join(_SCOPES)}"
        )
    if parsed.has("topic") and not parsed.has("partition"):
        raise admin_command_failed("Missing required option(s): partition")
    if parsed.has("partition") and not parsed.has("topic"):
        raise admin_command_failed("Option partition is only allowed if topic is used")


def parse_partitions(text: str) -> list[TopicPartition]:
    """Return the partitions in the tool's JSON. Raises the tool's failures for what cannot be used."""
    try:
        content = parse_json(text)
    except ToolError as error:
        if is_parse_failure(error):
            raise admin_operation_failed("Replica election data is empty") from error
        raise
    try:
        return _read_partitions(content)
    except CausedError:
        raise
    except ToolError as error:
        raise runtime_failure(error) from error


def _read_partitions(content: JsonNode) -> list[TopicPartition]:
    listed = as_object(content)
    if "partitions" not in listed:
        raise admin_operation_failed('Replica election data is missing "partitions" field')
    partitions = []
    for each in as_array(listed["partitions"]):
        row = as_object(each)
        partitions.append(
            TopicPartition(as_string(member(row, "topic")), as_integer(member(row, "partition")))
        )
    repeated = partitions_in_hash_order(each for each in partitions if partitions.count(each) > 1)
    if repeated:
        shown = ", ".join(map(str, repeated))
        raise admin_operation_failed(f"Replica election data contains duplicate partitions: [{shown}]")
    return partitions


def outcome(
    election_type: str, results: Mapping[TopicPartition, ApiError | None]
) -> tuple[str, CausedError | None]:
    """Return what is printed of an election, and the failure that stands for all that failed."""
    ordered = partitions_in_hash_order(results)
    elected = [each for each in ordered if results[each] is None]
    failed = {each: error for each in ordered if (error := results[each]) is not None}
    idle = [each for each, error in failed.items() if error.code is ErrorCode.ELECTION_NOT_NEEDED]
    lines = ""
    if elected:
        names = ", ".join(map(str, elected))
        lines += f"Successfully completed leader election ({election_type}) for partitions {names}\n"
    if idle:
        lines += f"Valid replica already elected for partitions {', '.join(map(str, idle))}\n"
        failed = {each: error for each, error in failed.items() if each not in idle}
    for each, error in failed.items():
        lines += (
            f"Error completing leader election ({election_type}) for partition: {each}: {error.java_text()}\n"
        )
    if not failed:
        return lines, None
    failure = admin_command_failed(f"{len(failed)} replica(s) could not be elected")
    failure.suppressed = tuple(failed.values())
    return lines, failure


def _partitions(parsed: Parsed) -> list[TopicPartition] | None:
    """Return the partitions that the options name; None for all."""
    path = parsed.text("path-to-json-file")
    if path is not None:
        try:
            text = read_text(path)
        except ToolError as error:
            raise runtime_failure(error) from error
        return parse_partitions(text)
    topic = parsed.text("topic")
    return None if topic is None else [TopicPartition(topic, parsed.number("partition") or 0)]


def _elect(
    cluster: Cluster, election_type: str, partitions: list[TopicPartition] | None
) -> dict[TopicPartition, ApiError | None]:
    from ottla.protocol.messages.elect_leaders import ElectLeadersRequest, TopicPartitions

    topics: dict[str, TopicPartitions] = {}
    for topic, partition in partitions or ():
        topics.setdefault(topic, TopicPartitions(topic=topic)).partitions.append(partition)
    request = ElectLeadersRequest(
        election_type=_ELECTION_TYPES[election_type],
        topic_partitions=None if partitions is None else list(topics.values()),
        timeout_ms=cluster.config.request_timeout_ms,
    )
    try:
        response = cluster.ask_controller(request, call="electLeaders")
        error = error_of(response.error_code)
        if error is not None:
            raise error
    except ApiError as failure:
        raise _request_failure(failure) from failure
    return {
        TopicPartition(topic.topic, row.partition_id): error_of(row.error_code, row.error_message)
        for topic in response.replica_election_results
        for row in topic.partition_result
    }


def _request_failure(error: ApiError) -> CausedError:
    """Say what hindered the request as a whole, and return the failure that the tool dies of."""
    if isinstance(error, RequestTimeoutError) or error.code is ErrorCode.REQUEST_TIMED_OUT:
        message = "Timeout waiting for election results"
    elif error.code is ErrorCode.CLUSTER_AUTHORIZATION_FAILED:
        message = "Not authorized to perform leader election"
    else:
        return runtime_failure(execution_failure(error))
    print(message)
    return admin_command_failed(message, error)
