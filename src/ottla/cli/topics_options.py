"""The options of `kafka-topics`, and which of them go together (Kafka's `TopicCommandOptions`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ottla.cli.failures import illegal_argument
from ottla.cli.jopt import INTEGER, REQUIRED, Opt, Parsed, parse

_SUMMARY = "This tool helps to create, delete, describe, or change a topic."
_ALTER_ELSEWHERE = " (To alter topic configurations, the kafka-configs tool can be used.)"

ACTIONS = ("create", "list", "alter", "describe", "delete")
PARTITION_REPORTS = (
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
)
"""What narrows the partitions that are described."""

OPTIONS = (
    Opt("bootstrap-server", "REQUIRED: the broker to connect to.", REQUIRED, "server to connect to"),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt("list", "List all topics."),
    Opt("create", "Create a topic."),
    Opt("delete", "Delete topics."),
    Opt("alter", "Give topics more partitions." + _ALTER_ELSEWHERE),
    Opt("describe", "Show topics and their partitions."),
    Opt(
        "topic",
        "The topic to create; or a regular expression for the names of those to alter, describe or delete.",
        REQUIRED,
        "topic",
    ),
    Opt("topic-id", "The id of the topic to describe.", REQUIRED, "topic-id"),
    Opt(
        "config",
        "A setting of the topic that is created; may be given many times." + _ALTER_ELSEWHERE,
        REQUIRED,
        "name=value",
    ),
    Opt("delete-config", "Has no effect any more since 4.0.", REQUIRED, "name"),
    Opt(
        "partitions",
        "How many partitions the topic is to have; without it a new topic gets the broker's default. Records with the "
        "same key go to another partition when there are more.",
        REQUIRED,
        "# of partitions",
        kind=INTEGER,
    ),
    Opt(
        "replication-factor",
        "How many replicas each partition of a new topic is to have; without it the broker's default.",
        REQUIRED,
        "replication factor",
        kind=INTEGER,
    ),
    Opt(
        "replica-assignment",
        "On which brokers the replicas of each partition are to be.",
        REQUIRED,
        "broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , broker_id_for_part2_replica1 : "
        "broker_id_for_part2_replica2 , ...",
    ),
    Opt("under-replicated-partitions", "Describe only partitions with replicas that are not in sync."),
    Opt("unavailable-partitions", "Describe only partitions without a leader that lives."),
    Opt("under-min-isr-partitions", "Describe only partitions with fewer replicas in sync than they need."),
    Opt("at-min-isr-partitions", "Describe only partitions with just as many replicas in sync as they need."),
    Opt("topics-with-overrides", "Describe only topics with settings of their own."),
    Opt("if-exists", "Do nothing where a topic to alter, delete or describe does not exist."),
    Opt("if-not-exists", "Do nothing where a topic to create exists already."),
    Opt("exclude-internal", "Leave out the topics in which the cluster keeps its own state."),
    Opt(
        "partition-size-limit-per-response",
        "How many partitions one answer of the broker may describe.",
        REQUIRED,
        "maximum number of partitions per response",
        kind=INTEGER,
    ),
)


def parse_topics_options(arguments: Sequence[str]) -> Parsed:
    """Read the options and check them. Raises UsageError, VersionRequestedError and ToolError."""
    parsed = parse(OPTIONS, arguments)
    if not arguments:
        raise parsed.usage_error("Create, delete, describe, or change a topic.")
    parsed.check_help_and_version(_SUMMARY)
    if sum(map(parsed.has, ACTIONS)) != 1:
        raise parsed.usage_error(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete"
        )
    if parsed.has("delete-config"):
        print(
            "delete-config option is no longer supported and deprecated since version 4.0. "
            "The config will be fully removed in future releases.",
            file=sys.stderr,
        )
    _check_required(parsed)
    _check_combinations(parsed)
    return parsed


def _check_required(parsed: Parsed) -> None:
    if not parsed.has("bootstrap-server"):
        raise illegal_argument("--bootstrap-server must be specified")
    if parsed.has("describe") and parsed.has("if-exists"):
        if not parsed.has("topic") and not parsed.has("topic-id"):
            raise parsed.usage_error("--topic or --topic-id is required to describe a topic")
        if parsed.has("topic") and parsed.has("topic-id"):
            print(
                "Only topic id will be used when both --topic and --topic-id are specified and topicId is not "
                "Uuid.ZERO_UUID"
            )
    if not parsed.has("list") and not parsed.has("describe"):
        parsed.check_required("topic")
    if parsed.has("alter"):
        parsed.check_invalid_set({"bootstrap-server", "config"}, {"alter"}, _ALTER_ELSEWHERE)
        parsed.check_required("partitions")


def _check_combinations(parsed: Parsed) -> None:
    _only_with(parsed, "config", "alter", "create")
    _only_with(parsed, "partitions", "alter", "create")
    _only_with(parsed, "replication-factor", "create")
    _only_with(parsed, "replica-assignment", "alter", "create")
    if parsed.has("create"):
        parsed.check_invalid("replica-assignment", "partitions", "replication-factor")
    for report in PARTITION_REPORTS:
        _only_with(parsed, report, "describe", beside=("topics-with-overrides",))
    _only_with(parsed, "topics-with-overrides", "describe", beside=PARTITION_REPORTS)
    _only_with(parsed, "if-exists", "alter", "delete", "describe")
    _only_with(parsed, "if-not-exists", "create")
    _only_with(parsed, "exclude-internal", "list", "describe")


def _only_with(parsed: Parsed, option: str, *actions: str, beside: tuple[str, ...] = ()) -> None:
    """Refuse an option beside other actions than these, and beside the options that contradict it."""
    others = [action for action in parsed.java_set_order(ACTIONS) if action not in actions]
    parsed.check_invalid(option, *others, *parsed.java_set_order(beside))
