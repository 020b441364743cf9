"""The ACLs that the options of kafka-acls stand for: resources, and for each the entries to add, remove or look for.

Where Java keeps them in hash sets whose order changes from run to run, they come in the order of the options here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ottla.cli.failures import illegal_argument
from ottla.cli.jopt import Parsed

RESOURCE_TYPES = (
    "UNKNOWN",
    "ANY",
    "TOPIC",
    "GROUP",
    "CLUSTER",
    "TRANSACTIONAL_ID",
    "DELEGATION_TOKEN",
    "USER",
)
PATTERN_TYPES = ("UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED")
PERMISSION_TYPES = ("UNKNOWN", "ANY", "DENY", "ALLOW")
OPERATIONS = (
    "UNKNOWN",
    "ANY",
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "CREATE_TOKENS",
    "DESCRIBE_TOKENS",
    "TWO_PHASE_COMMIT",
)
"""Kafka's names by their numbers on the wire."""

SUPPORTED_OPERATIONS = {
    "TOPIC": ("READ", "WRITE", "CREATE", "DESCRIBE", "DELETE", "ALTER", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    "GROUP": ("READ", "DESCRIBE", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    "CLUSTER": (
        "CREATE",
        "CLUSTER_ACTION",
        "DESCRIBE_CONFIGS",
        "ALTER_CONFIGS",
        "IDEMPOTENT_WRITE",
        "ALTER",
        "DESCRIBE",
    ),
    "TRANSACTIONAL_ID": ("DESCRIBE", "WRITE", "TWO_PHASE_COMMIT"),
    "DELEGATION_TOKEN": ("DESCRIBE",),
    "USER": ("CREATE_TOKENS", "DESCRIBE_TOKENS"),
}
"""What can be done to each type of resource (Kafka's `AclEntry`)."""

_CLUSTER_NAME = "kafka-cluster"
_ANY_HOST = "*"
_SPECIFIC_PATTERNS = frozenset({"LITERAL", "PREFIXED"})
_PRODUCER_ON_TOPIC = ("WRITE", "DESCRIBE", "CREATE")
_PRODUCER_ON_TRANSACTIONAL_ID = ("WRITE", "DESCRIBE")
_CONSUMER_ON_TOPIC = ("READ", "DESCRIBE")
_CONSUMER_ON_GROUP = ("READ",)


class Resource(NamedTuple):
    """What an ACL is about; prints as Kafka's ResourcePattern."""

    type: str
    name: str
    pattern_type: str

    def __str__(self) -> str:
        return f"ResourcePattern(resourceType={self.type}, name={self.name}, patternType={self.pattern_type})"


class Entry(NamedTuple):
    """Who may, or may not, do what, and from where; prints as Kafka's AccessControlEntry."""

    principal: str
    host: str
    operation: str
    permission_type: str

    def __str__(self) -> str:
        return (
            f"(principal={self.principal}, host={self.host}, operation={self.operation}, "
            f"permissionType={self.permission_type})"
        )


Entries = dict[Resource, list[Entry]]

CLUSTER = Resource("CLUSTER", _CLUSTER_NAME, "LITERAL")


def parse_operation(text: str) -> str:
    """Return the operation that a text names, such as `DescribeConfigs` in any case, or UNKNOWN."""
    wanted = text.upper()
    return next((name for name in OPERATIONS if name.replace("_", "") == wanted), "UNKNOWN")


def parse_principal(text: str) -> str:
    """Return a principal such as `User:alice`; raises the failure of an illegal argument for what is none."""
    if ":" not in text:
        raise illegal_argument(f"expected a string in format principalType:principalName but got {text}")
    return text


def principals(parsed: Parsed, option: str) -> list[str]:
    """Return the principals of an option, each once."""
    return list(dict.fromkeys(parse_principal(text.strip()) for text in parsed.texts(option)))


def resources(parsed: Parsed, *, is_needed: bool) -> list[Resource]:
    """Return the resources that the options name. Raises UsageError where none is and one `is_needed`."""
    pattern_type = parsed.text("resource-pattern-type") or ""
    found = [Resource("TOPIC", name.strip(), pattern_type) for name in parsed.texts("topic")]
    if pattern_type == "LITERAL" and (parsed.has("cluster") or parsed.has("idempotent")):
        found.append(CLUSTER)
    found += [Resource("GROUP", name.strip(), pattern_type) for name in parsed.texts("group")]
    found += [Resource("TRANSACTIONAL_ID", name, pattern_type) for name in parsed.texts("transactional-id")]
    found += [
        Resource("DELEGATION_TOKEN", name.strip(), pattern_type) for name in parsed.texts("delegation-token")
    ]
    found += [Resource("USER", name.strip(), pattern_type) for name in parsed.texts("user-principal")]
    if not found and is_needed:
        raise parsed.usage_error(
            "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or "
            "--delegation-token <Delegation Token ID>"
        )
    return list(dict.fromkeys(found))


def entries_to_add(parsed: Parsed) -> Entries:
    """Return the entries to add by their resources. Raises UsageError for what cannot be added."""
    pattern_type = parsed.text("resource-pattern-type") or ""
    if pattern_type not in _SPECIFIC_PATTERNS:
        raise parsed.usage_error(
            f"A '--resource-pattern-type' value of '{pattern_type}' is not valid when adding acls."
        )
    found = entries_by_resource(parsed)
    if not all(found.values()):
        raise parsed.usage_error(
            "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs."
        )
    return found


def entries_by_resource(parsed: Parsed) -> Entries:
    """Return the entries that the options stand for by their resources; a resource may have none.

    Raises UsageError for an operation that a resource does not have.
    """
    found: Entries = {}
    if not parsed.has("producer") and not parsed.has("consumer"):
        names = [parse_operation(text.strip()) for text in parsed.texts("operation")]
        entries = _entries(parsed, names)
        found = dict.fromkeys(resources(parsed, is_needed=True), entries)
    if parsed.has("producer"):
        found |= _producer_entries(parsed)
    if parsed.has("consumer"):
        for resource, entries in _consumer_entries(parsed).items():
            found[resource] = list(dict.fromkeys([*found.get(resource, ()), *entries]))
    _check_operations(parsed, found)
    return found


def _producer_entries(parsed: Parsed) -> Entries:
    named = resources(parsed, is_needed=True)
    on_topic = _entries(parsed, _PRODUCER_ON_TOPIC)
    on_transactional_id = _entries(parsed, _PRODUCER_ON_TRANSACTIONAL_ID)
    found = {each: on_topic for each in named if each.type == "TOPIC"}
    found |= {each: on_transactional_id for each in named if each.type == "TRANSACTIONAL_ID"}
    if parsed.has("idempotent"):
        found[CLUSTER] = _entries(parsed, ("IDEMPOTENT_WRITE",))
    return found


def _consumer_entries(parsed: Parsed) -> Entries:
    named = resources(parsed, is_needed=True)
    on_topic = _entries(parsed, _CONSUMER_ON_TOPIC)
    on_group = _entries(parsed, _CONSUMER_ON_GROUP)
    found = {each: on_topic for each in named if each.type == "TOPIC"}
    return found | {each: on_group for each in named if each.type == "GROUP"}


def _entries(parsed: Parsed, operations: Iterable[str]) -> list[Entry]:
    allowed, denied = principals(parsed, "allow-principal"), principals(parsed, "deny-principal")
    names = list(operations)
    found = _combined(allowed, _hosts(parsed, "allow-host", allowed), names, "ALLOW")
    found += _combined(denied, _hosts(parsed, "deny-host", denied), names, "DENY")
    return list(dict.fromkeys(found))


def _combined(
    names: Sequence[str], hosts: Sequence[str], operations: Sequence[str], permission_type: str
) -> list[Entry]:
    found = [
        Entry(principal, host, operation, permission_type)
        for principal in names
        for operation in operations
        for host in hosts
    ]
    if any(entry.operation == "ANY" for entry in found):
        raise illegal_argument("operation must not be ANY")
    return found


def _hosts(parsed: Parsed, option: str, named: Sequence[str]) -> list[str]:
    if parsed.has(option):
        return [host.strip() for host in parsed.texts(option)]
    return [_ANY_HOST] if named else []


def _check_operations(parsed: Parsed, found: Entries) -> None:
    for resource, entries in found.items():
        valid = (*SUPPORTED_OPERATIONS[resource.type], "ALL")
        if any(entry.operation not in valid for entry in entries):
            raise parsed.usage_error(
                f"ResourceType {resource.type} only supports operations [{', '.join(valid)}]"
            )
