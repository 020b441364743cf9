"""`kafka-get-offsets`: prints the offsets of partitions, by default their ends (Kafka's `GetOffsetShell`)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.admin_questions import raised_by_futures
from ottla.cli.failures import terse
from ottla.cli.java_text import java_split
from ottla.cli.jopt import INTEGER, LONG, REQUIRED, Opt, OptionError, Parsed, parse
from ottla.cli.partition_leaders import list_offsets
from ottla.cli.topic_filter import (
    PartitionFilter,
    any_partition,
    any_topic,
    numbered_partitions,
    partition_rules,
)
from ottla.cli.topic_metadata import describe_topics, list_topics
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.client.leaders import EARLIEST, EARLIEST_LOCAL, LATEST, LATEST_TIERED, MAX_TIMESTAMP, NO_OFFSET
from ottla.types import TopicPartition

_SUMMARY = "An interactive shell for getting topic-partition offsets."
_CLIENT_ID = "GetOffsetShell"

NAMED_TIMES = {
    "latest": LATEST,
    "earliest": EARLIEST,
    "max-timestamp": MAX_TIMESTAMP,
    "earliest-local": EARLIEST_LOCAL,
    "latest-tiered": LATEST_TIERED,
}
"""Offsets that are asked for by a name, as the timestamps that stand for them."""

_ADDRESS = re.compile(r"(?:[0-9a-zA-Z\-%._]*://)?\[?([0-9a-zA-Z\-%._:]*)]?:([0-9]+)", re.ASCII)

OPTIONS = (
    Opt(
        "bootstrap-server",
        "REQUIRED. The brokers to connect to, such as host1:port1,host2:port2.",
        REQUIRED,
        "HOST1:PORT1,...,HOST3:PORT3",
        synonyms=("broker-list",),
    ),
    Opt(
        "topic-partitions",
        "The partitions that are meant: a list of expressions for topics, each with ':' and a number, or a range such "
        "as 0-3, 5- or -3 without its upper end. Without an expression any topic is meant, without a number all "
        "partitions.",
        REQUIRED,
        "topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
    ),
    Opt(
        "topic",
        "An expression for the topics that are meant; by default all. Not with --topic-partitions.",
        REQUIRED,
        "topic",
    ),
    Opt(
        "partitions",
        "The numbers of the partitions that are meant; by default all. Not with --topic-partitions.",
        REQUIRED,
        "partition ids",
    ),
    Opt(
        "time",
        "The time from which on the first offset is wanted. There is none where the newest record is older.",
        REQUIRED,
        "<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / "
        "-5 or latest-tiered",
        default="latest",
    ),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "config file"),
    Opt("exclude-internal-topics", "Leave out the topics in which the cluster keeps its own state."),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parsed = _parse(arguments)
    if parsed.has("topic-partitions") and (parsed.has("topic") or parsed.has("partitions")):
        raise terse("--topic-partitions cannot be used with --topic or --partitions")
    timestamp = read_time(parsed.text("time") or "")
    filters = _filters(parsed)
    with (
        open_admin(
            load_properties(parsed.text("command-config")),
            parsed.text("bootstrap-server"),
            client_id=_CLIENT_ID,
        ) as cluster,
        raised_by_futures(),
    ):
        partitions = _chosen_partitions(
            cluster, filters, excludes_internal=parsed.has("exclude-internal-topics")
        )
        if not partitions:
            raise terse("Could not match any topic-partitions with the specified filters")
        offsets = list_offsets(cluster, partitions, timestamp)
    for partition in partitions:
        found = offsets[partition]
        if isinstance(found, ApiError):
            print(
                f"Skip getting offsets for topic-partition {partition} due to error: {found.java_text()}",
                file=sys.stderr,
            )
    for partition in sorted(partitions, key=str):
        found = offsets[partition]
        if not isinstance(found, ApiError) and found.offset != NO_OFFSET:
            print(f"{partition.topic}:{partition.partition}:{found.offset}")
    return 0


def _parse(arguments: Sequence[str]) -> Parsed:
    try:
        parsed = parse(OPTIONS, arguments)
    except OptionError as error:
        raise terse(str(error)) from error
    parsed.check_help_and_version(_SUMMARY)
    parsed.check_required("bootstrap-server")
    check_addresses(parsed, parsed.text("bootstrap-server") or "")
    return parsed


def check_addresses(parsed: Parsed, text: str) -> None:
    """Raise UsageError unless a text is a list of hosts and ports (`ToolsUtils.validateBootstrapServer`)."""
    if not text.strip():
        raise parsed.usage_error("Error while validating the bootstrap address\n")
    addresses = java_split(text, ",")
    if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise parsed.usage_error("Please provide valid host:port like host1:9091,host2:9092\n")


def read_time(text: str) -> int:
    """Return the timestamp that a text stands for, in ms, or one of `NAMED_TIMES`. Raises ToolError."""
    named = NAMED_TIMES.get(text)
    if named is not None:
        return named
    try:
        timestamp: int = LONG.read(text)
    except ValueError:
        raise terse(
            f"Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / "
            "-4 or earliest-local / -5 or latest-tiered, or a specified long format timestamp"
        ) from None
    return timestamp


def read_partition_numbers(text: str | None) -> frozenset[int]:
    """Return the numbers in a list of them. Raises ToolError."""
    if not text:
        return frozenset()
    try:
        return frozenset(INTEGER.read(each) for each in java_split(text, ","))
    except ValueError:
        raise terse(
            f"--partitions expects a comma separated list of numeric partition ids, but received: {text}"
        ) from None


def _filters(parsed: Parsed) -> tuple[PartitionFilter, ...]:
    rules = parsed.text("topic-partitions")
    if rules is not None:
        return partition_rules(rules)
    topic = parsed.text("topic")
    return (numbered_partitions(topic, read_partition_numbers(parsed.text("partitions"))),)


def _chosen_partitions(
    cluster: Cluster, filters: Sequence[PartitionFilter], *, excludes_internal: bool
) -> list[TopicPartition]:
    """Return the partitions that are meant, in the order of their topics."""
    names = list_topics(cluster, includes_internal=not excludes_internal)
    topics = describe_topics(cluster, [name for name in names if any_topic(filters, name)])
    partitions = (
        TopicPartition(topic.name, partition.number) for topic in topics for partition in topic.partitions
    )
    return [partition for partition in partitions if any_partition(filters, partition)]
