"""The options of kafka-consumer-groups, and which of them go together."""

from __future__ import annotations

import sys

from ottla.cli.jopt import LONG, OPTIONAL, REQUIRED, Opt, Parsed

ACTIONS = ("list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex")
_GROUP_SCOPES = ("group", "all-groups")
RESET_SPECIFICATIONS = (
    "to-offset",
    "shift-by",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "from-file",
)
_EXCLUSIVE_ORDER = (
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
)
"""The same, in the order in which conflicts are looked for."""

PURPOSE = (
    "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, "
    "or reset consumer group offsets."
)
_NOTHING_DONE = (
    "WARN: No action will be performed as the --execute option is missing. "
    "In a future major release, the default behavior of this command will be to prompt the user before "
    "executing the reset rather than doing a dry run. You should add the --dry-run option explicitly "
    "if you are scripting this command and want to keep the current default behavior without prompting."
)

OPTIONS = (
    Opt("bootstrap-server", "Brokers to connect to; needed but for --validate-regex.", REQUIRED, "host:port"),
    Opt("group", "A consumer group; may be given several times.", REQUIRED, "consumer group"),
    Opt(
        "topic",
        "A topic, or partitions of it as in topic:0,1; may be given several times. With --reset-offsets and "
        "--delete-offsets.",
        REQUIRED,
        "topic",
    ),
    Opt("all-topics", "Reset the offsets of every topic that the group has offsets for."),
    Opt("list", "List the consumer groups."),
    Opt("describe", "Show how far groups have read, who is in them, or their state."),
    Opt("all-groups", "Take every consumer group."),
    Opt("delete", "Delete groups with all their offsets."),
    Opt("timeout", "How long a call may take.", REQUIRED, "timeout (ms)", LONG, 30000),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt(
        "reset-offsets",
        "Set the offsets of groups that nobody is in: --dry-run shows what would be, --execute does it, --export "
        "prints CSV. Scope: --topic or --all-topics.",
    ),
    Opt("delete-offsets", "Delete the offsets that a group has for topics."),
    Opt("dry-run", "With --reset-offsets: only show what would be."),
    Opt("execute", "With --reset-offsets: do it."),
    Opt("export", "With --reset-offsets: print CSV instead of a table."),
    Opt("to-offset", "Reset to this offset.", REQUIRED, "offset", LONG),
    Opt("from-file", "Reset to what a CSV file says.", REQUIRED, "path to CSV file"),
    Opt("to-datetime", "Reset to a time such as 2026-01-31T12:00:00.000.", REQUIRED, "datetime"),
    Opt("by-duration", "Reset to what was so long ago, as in P1DT2H.", REQUIRED, "duration"),
    Opt("to-earliest", "Reset to the beginning."),
    Opt("to-latest", "Reset to the end."),
    Opt("to-current", "Reset to what is committed, or to the end."),
    Opt("shift-by", "Reset by so many records forwards, or backwards.", REQUIRED, "number-of-offsets", LONG),
    Opt("members", "With --describe: the members.", available_if=("describe",)),
    Opt("verbose", "With --describe: more columns.", available_if=("describe",)),
    Opt("offsets", "With --describe: the offsets, which is the default.", available_if=("describe",)),
    Opt(
        "state",
        "With --describe: the state. With --list: the states, or groups in these states only.",
        OPTIONAL,
        available_if=("describe", "list"),
    ),
    Opt("type", "With --list: the types, or groups of these types only.", OPTIONAL, available_if=("list",)),
    Opt("validate-regex", "Tell whether this is a regular expression of RE2.", REQUIRED, "regex"),
)


def check_options(parsed: Parsed) -> None:
    """Raise UsageError for options that do not go together, as Kafka's tool looks for them."""
    parsed.check_help_and_version(PURPOSE)
    if not parsed.has("validate-regex"):
        parsed.check_required("bootstrap-server")
    if parsed.has("describe"):
        _check_describe(parsed)
    if parsed.has("delete"):
        _check_scope(parsed, "delete")
        if parsed.has("topic"):
            raise parsed.usage_error(
                "The consumer does not support topic-specific offset deletion from a consumer group."
            )
    if parsed.has("delete-offsets") and not (parsed.has("group") and parsed.has("topic")):
        names = _shown(parsed.java_set_order(("group", "topic")))
        raise parsed.usage_error(f"Option [delete-offsets] takes the following options: {names}")
    if parsed.has("reset-offsets"):
        _check_reset(parsed)
    parsed.check_invalid("group", "all-groups")
    parsed.check_invalid("group", "list")
    parsed.check_invalid("topic", *parsed.java_set_order(("list", "describe")))


def check_action(parsed: Parsed) -> None:
    """Raise UsageError unless there is exactly one action."""
    if sum(parsed.has(action) for action in ACTIONS) != 1:
        names = ", ".join(f"--{action}" for action in ACTIONS)
        raise parsed.usage_error(f"Command must include exactly one action: {names}")


def _check_describe(parsed: Parsed) -> None:
    _check_scope(parsed, "describe")
    views = ("members", "offsets", "state")
    if sum(parsed.has(view) for view in views) > 1:
        raise parsed.usage_error(f"Option [describe] takes at most one of these options: {_shown(views)}")
    if parsed.has("state") and parsed.value("state") is not None:
        raise parsed.usage_error("Option [describe] does not take a value for [state]")


def _check_scope(parsed: Parsed, action: str) -> None:
    if not any(parsed.has(scope) for scope in _GROUP_SCOPES):
        names = _shown(parsed.java_set_order(_GROUP_SCOPES))
        raise parsed.usage_error(f"Option [{action}] takes one of these options: {names}")


def _check_reset(parsed: Parsed) -> None:
    if parsed.has("dry-run") and parsed.has("execute"):
        raise parsed.usage_error("Option [reset-offsets] only accepts one of [execute] and [dry-run]")
    if not parsed.has("dry-run") and not parsed.has("execute"):
        print(_NOTHING_DONE, file=sys.stderr)
    _check_scope(parsed, "reset-offsets")
    for name in _EXCLUSIVE_ORDER:
        others = [other for other in RESET_SPECIFICATIONS if other != name]
        parsed.check_invalid(name, *parsed.java_set_order(others))


def _shown(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"[{name}]" for name in names)
