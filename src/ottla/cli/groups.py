"""kafka-groups: lists groups of every type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.group_requests import CONSUMER_PROTOCOL, GROUP_TYPES, GroupListing, list_groups, parse_name
from ottla.cli.java_failures import (
    EXECUTION_EXCEPTION,
    FAILURES,
    CausedError,
    Failure,
    message_of,
    stack_trace,
)
from ottla.cli.jopt import REQUIRED, Opt, Parsed, parse_or_show_usage
from ottla.client import log_lines
from ottla.client.failures import RequestTimeoutError
from ottla.jvm_order import strings_in_hash_order

_PURPOSE = "This tool helps to list groups of all types."
_TOOL = "org.apache.kafka.tools.GroupsCommand"
_NARROWEST = 20
_LONGEST_WAIT_MS = 30_000
"""The tool waits no longer for the list, whatever the client's own limit is."""
_CLIENT_WAIT_MS = "60000"

OPTIONS = (
    Opt("bootstrap-server", "The brokers to connect to.", REQUIRED, "server to connect to", required=True),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt("list", "List the groups."),
    Opt("group-type", "Only groups of this type: classic, consumer, share or streams.", REQUIRED, "type"),
    Opt("protocol", "Only groups of this protocol.", REQUIRED, "protocol"),
    Opt(
        "consumer",
        "Only consumer groups: those of type consumer, and classic ones of consumers or without members.",
    ),
    Opt("share", "Only share groups."),
    Opt("streams", "Only streams groups."),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse_or_show_usage(OPTIONS, arguments)
    _check_options(parsed)
    properties = load_properties(parsed.text("command-config"))
    servers = parsed.text("bootstrap-server")
    is_capped = int(properties.get("default.api.timeout.ms", _CLIENT_WAIT_MS)) > _LONGEST_WAIT_MS
    try:
        with open_admin(properties, servers, timeout_ms=_LONGEST_WAIT_MS if is_capped else None) as cluster:
            print(group_table(_fitting(list_groups(cluster), parsed)), end="")
    except FAILURES as error:
        failure = _within_future(error)
        if is_capped and _is_timeout(failure):
            failure = ToolError("java.util.concurrent.TimeoutException", None)
        print(f"Error while executing groups command : {message_of(failure)}")
        log_lines.error(_TOOL, stack_trace(failure))
        return 1
    return 0


def group_table(groups: Iterable[GroupListing]) -> str:
    """Return the table of groups; all columns are as wide as the longest cell of any."""
    rows = [(group.group_id, group.type or "", group.protocol) for group in groups]
    width = max([_NARROWEST, *(len(cell) for row in rows for cell in row)])
    lines = [" ".join(name.ljust(width) for name in ("GROUP", "TYPE", "PROTOCOL"))]
    lines += ["".join(cell.ljust(width) + " " for cell in row) for row in rows]
    return "".join(line + "\n" for line in lines)


def _check_options(parsed: Parsed) -> None:
    parsed.check_help_and_version(_PURPOSE)
    if not parsed.has("list"):
        raise parsed.usage_error("Command must include exactly one action: --list.")
    if parsed.has("group-type") and _wanted_type(parsed) is None:
        raise illegal_argument("--group-type must be a valid group type.")
    parsed.check_invalid("consumer", "group-type", "protocol", "share", "streams")
    parsed.check_invalid("share", "consumer", "group-type", "protocol", "streams")
    parsed.check_invalid("streams", "consumer", "group-type", "protocol", "share")


def _wanted_type(parsed: Parsed) -> str | None:
    text = parsed.text("group-type")
    name = "Unknown" if text is None else parse_name(text, GROUP_TYPES)
    return None if name == "Unknown" else name


def _fitting(groups: Sequence[GroupListing], parsed: Parsed) -> list[GroupListing]:
    """Return the groups that the options leave, in the order of Java's hash map."""
    by_id = {group.group_id: group for group in groups}
    return [by_id[each] for each in strings_in_hash_order(by_id) if _fits(by_id[each], parsed)]


def _fits(group: GroupListing, parsed: Parsed) -> bool:
    protocol = parsed.text("protocol")
    if parsed.has("group-type"):
        return group.type == _wanted_type(parsed) and protocol in {None, group.protocol}
    if protocol is not None:
        return group.protocol == protocol
    if parsed.has("consumer"):
        return group.protocol in {"", CONSUMER_PROTOCOL} or group.type == "Consumer"
    if parsed.has("share"):
        return group.type == "Share"
    return not parsed.has("streams") or group.type == "Streams"


def _within_future(failure: Failure) -> Failure:
    """Return what a future failed with; any other failure is shown as it is."""
    if isinstance(failure, CausedError) and failure.java_class == EXECUTION_EXCEPTION and failure.cause:
        return failure.cause
    return failure


def _is_timeout(failure: Failure) -> bool:
    while isinstance(failure, CausedError) and failure.cause is not None:
        failure = failure.cause
    return isinstance(failure, RequestTimeoutError)
