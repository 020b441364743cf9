"""The command line of kafka-console-consumer, with its checks in the order in which Kafka's tool makes them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ottla.cli.failures import ToolError
from ottla.cli.jopt import INTEGER, LONG, REQUIRED, Opt, Parsed, key_values
from ottla.cli.message_formatters import DEFAULT_FORMATTER, MessageFormatter, formatter_named
from ottla.cli.tool_clients import parse_or_show_usage, properties_of_file
from ottla.jvm_order import strings_in_hash_order

PURPOSE = "This tool helps to read data from Kafka topics and outputs it to standard output."
EARLIEST = -2
LATEST = -1
CLIENT_ID = "console-consumer"

_MOST_OFFSET = (1 << 63) - 1
_GROUP_NUMBERS = 100_000

ROWS = (
    Opt("topic", "The topic to read.", REQUIRED, "topic"),
    Opt("include", "A regular expression for the topics to read.", REQUIRED, "Java regex (String)"),
    Opt(
        "partition",
        "The partition to read, from its end unless --offset is given.",
        REQUIRED,
        "partition",
        INTEGER,
    ),
    Opt(
        "offset",
        "The offset to begin at: a number that is not negative, 'earliest' or 'latest'.",
        REQUIRED,
        "consume offset",
        default="latest",
    ),
    Opt(
        "consumer-property",
        "A setting of the consumer, as key=value.",
        REQUIRED,
        "consumer_prop",
        synonyms=("command-property",),
    ),
    Opt(
        "consumer.config",
        "A file with settings of the consumer; --consumer-property goes before it.",
        REQUIRED,
        "config file",
        synonyms=("command-config",),
    ),
    Opt("formatter", "The class that prints records.", REQUIRED, "class", default=DEFAULT_FORMATTER),
    Opt(
        "property",
        "A property of the formatter, as key=value: print.timestamp, print.key, print.offset, print.epoch,"
        " print.partition, print.headers, print.value (true or false), key.separator, line.separator,"
        " headers.separator, null.literal, key.deserializer, value.deserializer, headers.deserializer,"
        " and those of the deserializers behind their names and a dot.",
        REQUIRED,
        "prop",
        synonyms=("formatter-property",),
    ),
    Opt(
        "formatter-config",
        "A file with properties of the formatter; --property goes before it.",
        REQUIRED,
        "config file",
    ),
    Opt(
        "from-beginning", "Without a committed offset, begin with the earliest record instead of the latest."
    ),
    Opt(
        "max-messages",
        "How many records to print before the end; all by default.",
        REQUIRED,
        "num_messages",
        INTEGER,
    ),
    Opt("timeout-ms", "End when no record came for so long.", REQUIRED, "timeout_ms", LONG),
    Opt("skip-message-on-error", "Leave out a record that cannot be printed instead of ending."),
    Opt("bootstrap-server", "REQUIRED: The brokers to connect to.", REQUIRED, "server to connect to"),
    Opt("key-deserializer", "", REQUIRED, "deserializer for key"),
    Opt("value-deserializer", "", REQUIRED, "deserializer for values"),
    Opt("enable-systest-events", "Tell of the end of the consumer, for system tests."),
    Opt(
        "isolation-level",
        "read_committed leaves out what was not committed, read_uncommitted reads all.",
        REQUIRED,
        default="read_uncommitted",
    ),
    Opt("group", "The consumer group to be a member of.", REQUIRED, "consumer group id"),
)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What is to be read, and how."""

    properties: dict[str, str]
    """The settings of the consumer."""
    topic: str | None
    include: str | None
    partition: int | None
    """One partition to read without a group; None for a subscription."""
    offset: int
    """Where in that partition to begin, or EARLIEST or LATEST."""
    timeout_ms: int | None
    """None to wait for ever."""
    formatter: MessageFormatter
    skips_errors: bool
    tells_events: bool
    options: Parsed

    def max_messages(self) -> int | None:
        """Return how many records to print, None for all. Raises OptionError."""
        given = self.options.number("max-messages")
        return None if given in {None, -1} else max(given or 0, 0)


class ConflictError(Exception):
    """Settings that contradict each other; the text is all that standard error gets."""


def read_command_line(arguments: Sequence[str]) -> Consumption:
    """Return what the arguments ask for.

    Raises UsageError, VersionRequestedError, ConflictError and, for what Kafka's tool dies of, ToolError.
    """
    options = parse_or_show_usage(ROWS, arguments)
    options.check_help_and_version(PURPOSE)
    _check_required(options)
    path = options.text("consumer.config")
    from_file = properties_of_file(path) if path is not None else {}
    given = key_values(options.texts("consumer-property"))
    group_id = _group_id(options, from_file, given)
    properties = _consumer_properties(options, from_file | given, group_id)
    offset = _offset(options)
    timeout_ms = options.number("timeout-ms")
    return Consumption(
        properties,
        options.text("topic"),
        options.text("include"),
        options.number("partition"),
        offset,
        None if timeout_ms is None or timeout_ms < 0 else timeout_ms,
        _formatter(options),
        options.has("skip-message-on-error"),
        options.has("enable-systest-events"),
        options,
    )


def _check_required(options: Parsed) -> None:
    if options.has("topic") == options.has("include"):
        raise options.usage_error("Exactly one of --include/--topic is required. ")
    if options.has("partition"):
        options.number("partition")
        if not options.has("topic"):
            raise options.usage_error("The topic is required when partition is specified.")
        if options.has("from-beginning") and options.has("offset"):
            raise options.usage_error("Options from-beginning and offset cannot be specified together.")
    elif options.has("offset"):
        raise options.usage_error("The partition is required when offset is specified.")
    options.check_required("bootstrap-server")


def _group_id(options: Parsed, from_file: dict[str, str], given: dict[str, str]) -> str | None:
    named = [options.text("group")] if options.has("group") else []
    named += [each["group.id"] for each in (from_file, given) if "group.id" in each]
    different = strings_in_hash_order(name for name in named if name is not None)
    if len(different) > 1:
        shown = ", ".join(f"'{name}'" for name in different)
        raise options.usage_error(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', "
            f"or via '--consumer.config') do not match. Detected group ids: {shown}"
        )
    if different and options.has("partition"):
        raise options.usage_error("Options group and partition cannot be specified together.")
    return different[0] if different else None


def _consumer_properties(options: Parsed, given: dict[str, str], group_id: str | None) -> dict[str, str]:
    properties = dict(given)
    from_beginning = options.has("from-beginning")
    reset = properties.setdefault("auto.offset.reset", "earliest" if from_beginning else "latest")
    if from_beginning and reset != "earliest":
        raise ConflictError(
            f"Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', please remove one option"
        )
    properties["bootstrap.servers"] = options.text("bootstrap-server") or ""
    properties.setdefault("client.id", CLIENT_ID)
    options.merge_into(properties, "isolation.level", "isolation-level")
    if group_id is None:
        # No secret: it only keeps consumers apart that nobody named.
        properties["group.id"] = f"console-consumer-{random.randrange(_GROUP_NUMBERS)}"  # noqa: S311
        properties.setdefault("enable.auto.commit", "false")
    else:
        properties["group.id"] = group_id
    return properties


def _offset(options: Parsed) -> int:
    if not options.has("offset"):
        return EARLIEST if options.has("from-beginning") else LATEST
    text = options.text("offset") or ""
    match text.lower():
        case "earliest":
            return EARLIEST
        case "latest":
            return LATEST
    digits = text.removeprefix("+")
    if not digits.isdecimal() or int(digits) > _MOST_OFFSET:
        raise options.usage_error(
            f"The provided offset value '{text}' is incorrect. Valid values are "
            "'earliest', 'latest', or a non-negative long."
        )
    return int(digits)


def _formatter(options: Parsed) -> MessageFormatter:
    try:
        path = options.text("formatter-config")
        properties = properties_of_file(path) if path is not None else {}
        for name in ("key", "value"):
            class_name = options.text(f"{name}-deserializer")
            if class_name:
                properties[f"{name}.deserializer"] = class_name
        properties |= key_values(options.texts("property"))
        return formatter_named(options.text("formatter") or "", properties)
    except ToolError as error:
        raise options.usage_error(error.message or "null") from error
