"""kafka-verifiable-consumer: reads a topic as a member of a group and tells in JSON what it gets and commits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ottla.cli.arguments import (
    Argument,
    ParsedCommand,
    parse_program,
    program_error,
)
from ottla.cli.commands import run_program
from ottla.cli.failures import illegal_argument
from ottla.cli.json_events import print_event
from ottla.cli.tool_clients import POLL_SLICE_S, StopSignals, log_error, open_cluster
from ottla.client.consumer import Consumer, ConsumerRecord, OffsetAndMetadata
from ottla.client.consumer_settings import CONSUMER_ROWS, ConsumerSettings
from ottla.client.failures import ApiError
from ottla.client.properties import read_client_properties
from ottla.errors import ErrorCode
from ottla.types import TopicPartition
from ottla.wire.json_form import JsonValue

PROGRAM = "verifiable-consumer"
DESCRIPTION = (
    "This tool consumes messages from a specific topic and emits consumer events (e.g. group rebalances, received "
    "messages, and offsets committed) as JSON objects to STDOUT."
)

_CLASS = "org.apache.kafka.tools.VerifiableConsumer"
_RANGE_ASSIGNOR = "org.apache.kafka.clients.consumer.RangeAssignor"
_PROTOCOLS = ("CLASSIC", "CONSUMER")
NO_LIMIT = -1

OPTIONS = (
    Argument(
        ("--bootstrap-server",),
        "The brokers to connect to.",
        required=True,
        group="connection",
        shown="HOST1:PORT1[,HOST2:PORT2[...]]",
    ),
    Argument(("--topic",), "The topic to read.", required=True),
    Argument(
        ("--group-protocol",), "The protocol of the group: classic or consumer.", shown="GROUP_PROTOCOL"
    ),
    Argument(
        ("--group-remote-assignor",),
        "The broker's assignor, for the consumer protocol.",
        shown="GROUP_REMOTE_ASSIGNOR",
    ),
    Argument(("--group-id",), "The group to be a member of.", required=True, shown="GROUP_ID"),
    Argument(("--group-instance-id",), "The name of a static member.", shown="GROUP_INSTANCE_ID"),
    Argument(
        ("--max-messages",),
        "How many records to read; -1 for no limit.",
        is_integer=True,
        shown="MAX-MESSAGES",
    ),
    Argument(
        ("--session-timeout",),
        "The session timeout in ms, for the classic protocol.",
        is_integer=True,
        shown="TIMEOUT_MS",
    ),
    Argument(("--verbose",), "Tell of each record too.", takes_value=False),
    Argument(("--enable-autocommit",), "Leave committing to the consumer.", takes_value=False),
    Argument(("--reset-policy",), "Where to begin without a committed offset: earliest, latest or none."),
    Argument(("--assignment-strategy",), "The assignor, for the classic protocol."),
    Argument(
        ("--consumer.config",),
        "A file with settings of the consumer; options go before them.",
        shown="CONFIG_FILE",
        synonyms=("--command-config",),
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read, and how."""

    topic: str
    max_messages: int
    is_verbose: bool
    commits_itself: bool
    """Whether the tool commits after each poll, instead of the consumer."""
    properties: dict[str, str]


def main(arguments: Sequence[str]) -> int:
    """Read and tell of it; return the exit code."""
    return run_program(PROGRAM, DESCRIPTION, OPTIONS, arguments, read_command_line, _run)


def _run(reading: Reading) -> int:
    settings = ConsumerSettings.from_properties(reading.properties)
    client_id = f"consumer-{settings.group_id}-1"
    with (
        open_cluster(reading.properties, kind="Consumer", client_id=client_id, rows=CONSUMER_ROWS) as cluster,
        StopSignals() as stop,
    ):
        _read(Consumer(cluster, settings), reading, stop)
    return stop.exit_code


def read_command_line(arguments: Sequence[str]) -> Reading:
    """Return what the arguments ask for. Raises ArgumentsError, HelpRequestedError and ToolError."""
    given = parse_program(PROGRAM, DESCRIPTION, OPTIONS, arguments)
    most = given.value("max_messages")
    return Reading(
        topic=given.value("topic") or "",
        max_messages=NO_LIMIT if most is None else int(most),
        is_verbose=given.is_set("verbose"),
        commits_itself=not given.is_set("enable_autocommit"),
        properties=_properties(given),
    )


def _properties(given: ParsedCommand) -> dict[str, str]:
    properties: dict[str, str] = {}
    path = given.value("consumer.config")
    if path is not None:
        try:
            properties |= read_client_properties(path)
        except OSError as error:
            raise program_error(PROGRAM, DESCRIPTION, OPTIONS, path) from error
    protocol = (given.value("group_protocol") or "classic").upper()
    if protocol not in _PROTOCOLS:
        raise illegal_argument(f"No enum constant org.apache.kafka.clients.consumer.GroupProtocol.{protocol}")
    properties["group.protocol"] = protocol
    if protocol == "CONSUMER":
        assignor = given.value("group_remote_assignor")
        if assignor is not None:
            properties["group.remote.assignor"] = assignor
    else:
        properties["partition.assignment.strategy"] = given.value("assignment_strategy") or _RANGE_ASSIGNOR
    for name, key in (
        ("session_timeout", "session.timeout.ms"),
        ("group_id", "group.id"),
        ("group_instance_id", "group.instance.id"),
        ("bootstrap_server", "bootstrap.servers"),
    ):
        value = given.value(name)
        if value is not None:
            properties[key] = value
    properties["enable.auto.commit"] = "true" if given.is_set("enable_autocommit") else "false"
    properties["auto.offset.reset"] = given.value("reset_policy") or "earliest"
    return properties


def _read(consumer: Consumer, reading: Reading, stop: StopSignals) -> None:
    try:
        print_event("startup_complete")
        consumer.subscribe([reading.topic], on_assigned=_tell_assigned, on_revoked=_tell_revoked)
        consumed = 0
        while not stop.received and (reading.max_messages < 0 or consumed < reading.max_messages):
            sys.stdout.flush()
            records = consumer.poll(POLL_SLICE_S)
            if not records:
                continue
            offsets, count = tell_records(records, reading, consumed)
            consumed += count
            if reading.commits_itself:
                _commit(consumer, offsets)
    except ApiError as failure:
        log_error(_CLASS, "Error during processing, terminating consumer process: ", failure)
    finally:
        consumer.close()
        print_event("shutdown_complete")


def tell_records(
    records: Sequence[ConsumerRecord], reading: Reading, consumed: int
) -> tuple[dict[TopicPartition, OffsetAndMetadata], int]:
    """Tell of the records of a poll, up to the limit; return the offsets to commit and how many these were."""
    offsets: dict[TopicPartition, OffsetAndMetadata] = {}
    summaries: list[JsonValue] = []
    count = 0
    by_partition: dict[TopicPartition, list[ConsumerRecord]] = {}
    for partition, found in groupby(records, lambda record: TopicPartition(record.topic, record.partition)):
        by_partition.setdefault(partition, []).extend(found)
    for partition, found_records in by_partition.items():
        taken = found_records
        if reading.max_messages >= 0:
            taken = found_records[: reading.max_messages - consumed - count]
        if not taken:
            continue
        first, last = taken[0].offset, taken[-1].offset
        offsets[partition] = OffsetAndMetadata(last + 1)
        summaries.append(
            {
                "topic": partition.topic,
                "partition": partition.partition,
                "count": len(taken),
                "minOffset": first,
                "maxOffset": last,
            }
        )
        if reading.is_verbose:
            for record in taken:
                _tell_record(record)
        count += len(taken)
        if 0 <= reading.max_messages <= consumed + count:
            break
    print_event("records_consumed", count=len(records), partitions=summaries)
    return offsets, count


def _tell_record(record: ConsumerRecord) -> None:
    print_event(
        "record_data",
        key=_text(record.key),
        value=_text(record.value),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")


def _commit(consumer: Consumer, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
    """Commit and tell of it. Raises ApiError where another member has taken this one's name."""
    failure: ApiError | None = None
    try:
        consumer.commit(offsets)
    except ApiError as error:
        if error.code is ErrorCode.FENCED_INSTANCE_ID:
            raise
        failure = error
    committed = [
        {"topic": partition.topic, "partition": partition.partition, "offset": committed.offset}
        for partition, committed in offsets.items()
    ]
    error_field = {} if failure is None else {"error": str(failure)}
    print_event("offsets_committed", offsets=committed, **error_field, success=failure is None)


def _tell_assigned(partitions: list[TopicPartition]) -> None:
    print_event("partitions_assigned", partitions=_partition_forms(partitions))


def _tell_revoked(partitions: list[TopicPartition]) -> None:
    print_event("partitions_revoked", partitions=_partition_forms(partitions))


def _partition_forms(partitions: list[TopicPartition]) -> list[JsonValue]:
    return [{"topic": each.topic, "partition": each.partition} for each in partitions]
