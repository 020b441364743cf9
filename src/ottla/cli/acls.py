"""kafka-acls: lists, adds and removes ACLs.

As with Kafka's tool, what goes wrong behind the options is printed on standard output, its causes with it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ottla.cli.acls_entries import (
    OPERATIONS,
    PATTERN_TYPES,
    PERMISSION_TYPES,
    RESOURCE_TYPES,
    Entries,
    Entry,
    Resource,
    entries_by_resource,
    entries_to_add,
    principals,
    resources,
)
from ottla.cli.admin_access import ask_broker_or_controller, load_properties, open_admin
from ottla.cli.failures import ToolError
from ottla.cli.java_failures import FAILURES, execution_failure, message_of, stack_trace
from ottla.cli.jopt import OPTIONAL, REQUIRED, Kind, Opt, Parsed, parse_or_show_usage
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, raise_for
from ottla.jvm_order import hash_order
from ottla.types import java_string_hash

_PURPOSE = "This tool helps to manage acls on kafka."
_ACTIONS = ("add", "remove", "list")
_NO_CONSOLE = (
    'Cannot invoke "java.io.Console.readLine()" because the return value of "java.lang.System.console()" '
    "is null"
)
_ANY = 1
"""The code that fits every resource, pattern, operation and permission."""


def _pattern_type(text: str) -> str:
    name = text.upper()
    if name not in PATTERN_TYPES or name == "UNKNOWN":
        raise ValueError(text)
    return name


OPTIONS = (
    Opt("bootstrap-server", "Brokers to connect to.", REQUIRED, "server to connect to"),
    Opt("bootstrap-controller", "Controllers to connect to.", REQUIRED, "controller to connect to"),
    Opt("command-config", "A file with settings of the client.", OPTIONAL, "command-config"),
    Opt("topic", "A topic, * for all; may be given several times.", REQUIRED, "topic"),
    Opt("cluster", "The cluster."),
    Opt("group", "A consumer group, * for all; may be given several times.", REQUIRED, "group"),
    Opt("transactional-id", "A transactional id, * for all.", REQUIRED, "transactional-id"),
    Opt("idempotent", "With --producer: allow idempotent producers without a transactional id."),
    Opt("delegation-token", "A delegation token, * for all.", REQUIRED, "delegation-token"),
    Opt(
        "resource-pattern-type",
        "literal or prefixed; to list and remove also any, or match for all that affect the resource.",
        REQUIRED,
        kind=Kind("ANY|MATCH|LITERAL|PREFIXED", _pattern_type),
        default="LITERAL",
    ),
    Opt("add", "Add ACLs."),
    Opt("remove", "Remove ACLs."),
    Opt("list", "List ACLs, those of the named resources or all."),
    Opt(
        "operation",
        "What is allowed or denied: All, Read, Write, Create, Delete, Alter, Describe, ClusterAction, "
        "DescribeConfigs, AlterConfigs, IdempotentWrite, CreateTokens, DescribeTokens, TwoPhaseCommit.",
        REQUIRED,
        default="All",
    ),
    Opt("allow-principal", "Who is allowed, as in User:alice.", REQUIRED, "allow-principal"),
    Opt("deny-principal", "Who is denied.", REQUIRED, "deny-principal"),
    Opt("principal", "With --list: only the ACLs of this principal.", OPTIONAL, "principal"),
    Opt("allow-host", "From where they are allowed; * by default.", REQUIRED, "allow-host"),
    Opt("deny-host", "From where they are denied; * by default.", REQUIRED, "deny-host"),
    Opt("producer", "What a producer needs: WRITE, DESCRIBE and CREATE on the topics."),
    Opt("consumer", "What a consumer needs: READ and DESCRIBE on the topics, READ on the groups."),
    Opt("force", "Do not ask before ACLs are removed."),
    Opt("user-principal", "A user as a resource, for delegation tokens.", REQUIRED, "user-principal"),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse_or_show_usage(OPTIONS, arguments)
    check_options(parsed)
    try:
        with _open(parsed) as cluster:
            if parsed.has("add"):
                _add(cluster, parsed)
            elif parsed.has("remove"):
                _remove(cluster, parsed)
            else:
                _list(cluster, parsed)
    except FAILURES as error:
        print(f"Error while executing ACL command: {message_of(error)}")
        print(stack_trace(error))
        return 1
    return 0


def check_options(parsed: Parsed) -> None:
    """Raise UsageError for options that do not go together, as Kafka's tool looks for them."""
    parsed.check_help_and_version(_PURPOSE)
    addresses = [parsed.has("bootstrap-server"), parsed.has("bootstrap-controller")]
    if all(addresses):
        raise parsed.usage_error("Only one of --bootstrap-server or --bootstrap-controller must be specified")
    if not any(addresses):
        raise parsed.usage_error("One of --bootstrap-server or --bootstrap-controller must be specified")
    if sum(parsed.has(action) for action in _ACTIONS) != 1:
        raise parsed.usage_error("Command must include exactly one action: --list, --add, --remove. ")
    hosts_and_principals = ("allow-host", "allow-principal", "deny-host", "deny-principal")
    parsed.check_invalid("list", "producer", "consumer", *hosts_and_principals)
    parsed.check_invalid("producer", "operation", "deny-principal", "deny-host")
    parsed.check_invalid("consumer", "operation", "deny-principal", "deny-host")
    if parsed.has("principal") and not parsed.has("list"):
        raise parsed.usage_error("The --principal option is only available if --list is set")
    if parsed.has("producer") and not parsed.has("topic"):
        raise parsed.usage_error("With --producer you must specify a --topic")
    if parsed.has("idempotent") and not parsed.has("producer"):
        raise parsed.usage_error("The --idempotent option is only available if --producer is set")
    if parsed.has("consumer"):
        _check_consumer(parsed)


def _check_consumer(parsed: Parsed) -> None:
    has_others = parsed.has("cluster") or parsed.has("transactional-id")
    if not parsed.has("topic") or not parsed.has("group") or (not parsed.has("producer") and has_others):
        raise parsed.usage_error(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option "
            "should be specified."
        )


def _open(parsed: Parsed) -> Cluster:
    path = parsed.text("command-config")
    if parsed.has("command-config") and path is None:
        print("Did not load any properties since the property file is not specified")
    properties = load_properties(path)
    if parsed.has("bootstrap-server"):
        return open_admin(properties, parsed.text("bootstrap-server"))
    return open_admin(properties, None, controllers=parsed.text("bootstrap-controller"))


def _add(cluster: Cluster, parsed: Parsed) -> None:
    from ottla.protocol.messages.create_acls import AclCreation, CreateAclsRequest

    for resource, entries in entries_to_add(parsed).items():
        print(f"Adding ACLs for resource `{resource}`: \n {_shown(entries)}\n")
        creations = [
            AclCreation(
                resource_type=RESOURCE_TYPES.index(resource.type),
                resource_name=resource.name,
                resource_pattern_type=PATTERN_TYPES.index(resource.pattern_type),
                principal=entry.principal,
                host=entry.host,
                operation=OPERATIONS.index(entry.operation),
                permission_type=PERMISSION_TYPES.index(entry.permission_type),
            )
            for entry in entries
        ]
        try:
            for result in ask_broker_or_controller(
                cluster, CreateAclsRequest(creations=creations), "createAcls"
            ).results:
                raise_for(result.error_code, result.error_message)
        except ApiError as error:
            raise execution_failure(error) from error


def _remove(cluster: Cluster, parsed: Parsed) -> None:
    for resource, entries in entries_by_resource(parsed).items():
        question = f"Are you sure you want to delete all ACLs for resource filter `{resource}`? (y/n)"
        if entries:
            question = (
                f"Are you sure you want to remove ACLs: \n {_shown(entries)}\n"
                f" from resource filter `{resource}`? (y/n)"
            )
        if parsed.has("force") or _is_confirmed(question):
            _delete(cluster, resource, entries)


def _is_confirmed(question: str) -> bool:
    """Ask on the terminal; without one Kafka's tool dies of it."""
    print(question, flush=True)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ToolError("java.lang.NullPointerException", _NO_CONSOLE)
    return sys.stdin.readline().rstrip("\r\n").lower() == "y"


def _delete(cluster: Cluster, resource: Resource, entries: Sequence[Entry]) -> None:
    from ottla.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest

    wanted: Sequence[Entry | None] = entries or [None]
    filters = [
        DeleteAclsFilter(
            **_resource_filter(resource),
            principal_filter=None if entry is None else entry.principal,
            host_filter=None if entry is None else entry.host,
            operation=_ANY if entry is None else OPERATIONS.index(entry.operation),
            permission_type=_ANY if entry is None else PERMISSION_TYPES.index(entry.permission_type),
        )
        for entry in wanted
    ]
    try:
        for result in ask_broker_or_controller(
            cluster, DeleteAclsRequest(filters=filters), "deleteAcls"
        ).filter_results:
            raise_for(result.error_code, result.error_message)
            for acl in result.matching_acls:
                raise_for(acl.error_code, acl.error_message)
    except ApiError as error:
        raise execution_failure(error) from error


def _resource_filter(resource: Resource | None) -> dict[str, Any]:
    return {
        "resource_type_filter": _ANY if resource is None else RESOURCE_TYPES.index(resource.type),
        "resource_name_filter": None if resource is None else resource.name,
        "pattern_type_filter": _ANY if resource is None else PATTERN_TYPES.index(resource.pattern_type),
    }


def _list(cluster: Cluster, parsed: Parsed) -> None:
    named = resources(parsed, is_needed=False)
    wanted = principals(parsed, "principal")
    found: Entries = {}
    asked: Sequence[Resource | None] = named or [None]
    for resource in asked:
        for each, entries in _described(cluster, resource).items():
            found[each] = list(dict.fromkeys([*found.get(each, ()), *entries]))
    if not wanted:
        print(listing(found), end="")
    for principal in hash_order(wanted, _principal_hash):
        print(f"ACLs for principal `{principal}`")
        own = {
            resource: [entry for entry in entries if entry.principal == principal]
            for resource, entries in found.items()
        }
        print(listing({resource: entries for resource, entries in own.items() if entries}), end="")


def listing(found: Mapping[Resource, Iterable[Entry]]) -> str:
    """Return the ACLs as --list prints them, resource by resource."""
    return "".join(
        f"Current ACLs for resource `{resource}`:\n{_shown(entries)}\n\n"
        for resource, entries in found.items()
    )


def _described(cluster: Cluster, resource: Resource | None) -> Entries:
    from ottla.protocol.messages.describe_acls import DescribeAclsRequest

    request = DescribeAclsRequest(
        **_resource_filter(resource),
        principal_filter=None,
        host_filter=None,
        operation=_ANY,
        permission_type=_ANY,
    )
    try:
        response = ask_broker_or_controller(cluster, request, "describeAcls")
        raise_for(response.error_code, response.error_message)
    except ApiError as error:
        raise execution_failure(error) from error
    found: Entries = {}
    for row in response.resources:
        each = Resource(
            _name(RESOURCE_TYPES, row.resource_type),
            row.resource_name,
            _name(PATTERN_TYPES, row.pattern_type),
        )
        found.setdefault(each, []).extend(
            Entry(
                acl.principal,
                acl.host,
                _name(OPERATIONS, acl.operation),
                _name(PERMISSION_TYPES, acl.permission_type),
            )
            for acl in row.acls
        )
    return found


def _name(names: Sequence[str], code: int) -> str:
    """Return the name of a code, UNKNOWN for one of a later version."""
    return names[code] if 0 <= code < len(names) else names[0]


def _shown(entries: Iterable[Entry]) -> str:
    return "\n".join(f"\t{entry}" for entry in entries)


def _principal_hash(principal: str) -> int:
    kind, _, name = principal.partition(":")
    return 31 * java_string_hash(kind) + java_string_hash(name)
