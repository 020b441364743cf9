"""The options of `kafka-configs`: what is configured, and what is to be done with it (`ConfigCommandOptions`)."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from ottla.cli.failures import illegal_argument
from ottla.cli.jopt import INTEGER, REQUIRED, Opt, Parsed, parse

TOPICS = "topics"
CLIENTS = "clients"
USERS = "users"
BROKERS = "brokers"
IPS = "ips"
CLIENT_METRICS = "client-metrics"
GROUPS = "groups"
BROKER_LOGGERS = "broker-loggers"

ENTITY_TYPES = (TOPICS, CLIENTS, USERS, BROKERS, IPS, CLIENT_METRICS, GROUPS, BROKER_LOGGERS)
"""What has settings, as options and messages name it, in the order of messages."""

NAMING_OPTIONS = {
    "topic": TOPICS,
    "client": CLIENTS,
    "user": USERS,
    "broker": BROKERS,
    "broker-logger": BROKER_LOGGERS,
    "ip": IPS,
    "client-metrics": CLIENT_METRICS,
    "group": GROUPS,
}
"""Options that give the type of an entity and its name at once."""

DEFAULT_OPTIONS = {
    "client-defaults": CLIENTS,
    "user-defaults": USERS,
    "broker-defaults": BROKERS,
    "ip-defaults": IPS,
}
"""Options that stand for the default of a type; its name is the empty text."""

_WITH_DEFAULTS = frozenset({USERS, CLIENTS, BROKERS, IPS})

_SUMMARY = (
    "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or "
    "group"
)

OPTIONS = (
    Opt("bootstrap-server", "The brokers to connect to.", REQUIRED, "server to connect to"),
    Opt("bootstrap-controller", "The controllers to connect to.", REQUIRED, "controller to connect to"),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt("alter", "Change settings."),
    Opt("describe", "Show settings."),
    Opt("all", "Show all settings, not only those that were changed."),
    Opt("entity-type", f"What is configured: one of {', '.join(ENTITY_TYPES)}.", REQUIRED),
    Opt("entity-name", "The name of what is configured, or the id of a broker.", REQUIRED),
    Opt("entity-default", "The default of all clients, users, brokers or ips."),
    Opt(
        "add-config",
        "Settings and their values: 'k1=v1,k2=[v1,v2,v2],k3=v3', with brackets around values with commas. Users can "
        "have SCRAM credentials: 'SCRAM-SHA-256=[iterations=8192,password=secret]'. Users and clients together set "
        "what a user may do with a client.",
        REQUIRED,
    ),
    Opt("add-config-file", "A .properties file with settings and their values.", REQUIRED),
    Opt("delete-config", "Settings to take back: 'k1,k2'.", REQUIRED, separator=","),
    Opt("topic", "The name of a topic.", REQUIRED),
    Opt("client", "The id of a client.", REQUIRED),
    Opt("client-defaults", "The default of all clients."),
    Opt("user", "The name of a user's principal.", REQUIRED),
    Opt("user-defaults", "The default of all users."),
    Opt("broker", "The id of a broker.", REQUIRED),
    Opt("broker-defaults", "The default of all brokers."),
    Opt("broker-logger", "The id of a broker whose log levels are meant.", REQUIRED),
    Opt("ip-defaults", "The default of all addresses."),
    Opt("ip", "An address.", REQUIRED),
    Opt("group", "The id of a group.", REQUIRED),
    Opt("client-metrics", "The name of a subscription to metrics of clients.", REQUIRED),
    Opt("force", "Has no effect any more since 4.1."),
)


def parse_configs_options(arguments: Sequence[str]) -> Parsed:
    """Read the options and check them. Raises UsageError, VersionRequestedError and ToolError."""
    parsed = parse(OPTIONS, arguments)
    parsed.check_help_and_version(_SUMMARY)
    if parsed.has("alter") == parsed.has("describe"):
        raise parsed.usage_error("Command must include exactly one action: --describe, --alter")
    parsed.check_invalid("describe", "alter", "add-config", "delete-config")
    types = entity_types(parsed)
    _check_types(parsed, types)
    _check_flags(parsed)
    _check_names(parsed, types)
    if parsed.has("describe"):
        _check_describe(parsed, types)
    else:
        _check_alter(parsed, types)
    return parsed


def entity_types(parsed: Parsed) -> list[str]:
    """Return the types of what is configured; two for a user with a client."""
    flags = NAMING_OPTIONS | DEFAULT_OPTIONS
    return parsed.texts("entity-type") + [flags[name] for name in flags if parsed.has(name)]


def entity_names(parsed: Parsed) -> list[str]:
    """Return the names that go with the types, the empty text for a default; none where all are meant."""
    given = iter(parsed.texts("entity-name"))
    names = [
        next(given) if name == "entity-name" else ""
        for name in parsed.occurrences
        if name in {"entity-name", "entity-default"}
    ]
    names += [parsed.text(name) or "" for name in NAMING_OPTIONS if parsed.has(name)]
    return names + ["" for name in DEFAULT_OPTIONS if parsed.has(name)]


def _check_types(parsed: Parsed, types: Sequence[str]) -> None:
    repeated = [name for index, name in enumerate(types) if name in types[:index]]
    if repeated:
        raise illegal_argument(f"Duplicate entity type(s) specified: {','.join(repeated)}")
    if not parsed.has("bootstrap-server") and not parsed.has("bootstrap-controller"):
        raise illegal_argument("Either --bootstrap-server or --bootstrap-controller must be specified.")
    for name in types:
        if name not in ENTITY_TYPES:
            raise illegal_argument(
                f"Invalid entity type {name}, the entity type must be one of {', '.join(ENTITY_TYPES)} with a "
                "--bootstrap-server or --bootstrap-controller argument"
            )
    if not types:
        raise illegal_argument("At least one entity type must be specified")
    if len(types) > 1 and set(types) != {USERS, CLIENTS}:
        raise illegal_argument(f"Only '{USERS}' and '{CLIENTS}' entity types may be specified together")


def _check_flags(parsed: Parsed) -> None:
    spelled_out = any(parsed.has(name) for name in ("entity-name", "entity-type", "entity-default"))
    if spelled_out and any(parsed.has(name) for name in NAMING_OPTIONS | DEFAULT_OPTIONS):
        raise illegal_argument(
            "--entity-{type,name,default} should not be used in conjunction with specific entity flags"
        )
    entity_names(parsed)
    if parsed.has("bootstrap-server") and parsed.has("bootstrap-controller"):
        raise illegal_argument("Only one of --bootstrap-server or --bootstrap-controller can be specified")


def _check_names(parsed: Parsed, types: Sequence[str]) -> None:
    if not any(entity_names(parsed)):
        return
    if BROKERS in types or BROKER_LOGGERS in types:
        for option in ("entity-name", "broker", "broker-logger"):
            name = parsed.text(option)
            if name is not None and not is_integer(name):
                raise illegal_argument(
                    f"The entity name for {types[0]} must be a valid integer broker id, but it is: {name}"
                )
    if IPS in types:
        for option in ("entity-name", "ip"):
            name = parsed.text(option)
            if name is not None and not is_address(name):
                raise illegal_argument(
                    f"The entity name for {types[0]} must be a valid IP or resolvable host, but it is: {name}"
                )


def is_integer(text: str) -> bool:
    """Tell whether a text is an integer of 32 bits, as Java reads it."""
    try:
        INTEGER.read(text)
    except ValueError:
        return False
    return True


def is_address(text: str) -> bool:
    """Tell whether a text is an address, or a name that resolves to one; Java counts the empty text for one."""
    try:
        socket.getaddrinfo(text or "localhost", None)
    except (OSError, UnicodeError):
        return False
    return True


def _check_describe(parsed: Parsed, types: Sequence[str]) -> None:
    if parsed.has("entity-default") and not _WITH_DEFAULTS & set(types):
        raise illegal_argument(f"--entity-default must not be specified with --describe of {','.join(types)}")
    if BROKER_LOGGERS in types and not any(entity_names(parsed)):
        raise illegal_argument(f"An entity name must be specified with --describe of {','.join(types)}")


def _check_alter(parsed: Parsed, types: Sequence[str]) -> None:
    names = entity_names(parsed)
    if _WITH_DEFAULTS & set(types):
        if not names:
            raise illegal_argument(
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
            )
    elif not any(names):
        raise illegal_argument(f"An entity name must be specified with --alter of {','.join(types)}")
    if parsed.has("add-config") and parsed.has("add-config-file"):
        raise illegal_argument("Only one of --add-config or --add-config-file must be specified")
    if not any(parsed.has(name) for name in ("add-config", "add-config-file", "delete-config")):
        raise illegal_argument(
            "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"
        )
