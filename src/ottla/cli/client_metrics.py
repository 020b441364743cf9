"""`kafka-client-metrics`: says which metrics clients are to send (KIP-714; Kafka's `ClientMetricsCommand`).

What fails once the options are right is told on standard output, with exit code 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.failures import illegal_argument
from ottla.cli.java_failures import FAILURES, message_of, stack_trace
from ottla.cli.jopt import INTEGER, REQUIRED, Opt, OptionError, Parsed, parse
from ottla.cli.resource_configs import (
    DELETE,
    SET,
    Alteration,
    ConfigEntry,
    ResourceType,
    alter_configs,
    describe_configs,
    list_config_resources,
)
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.jvm_order import strings_in_hash_order
from ottla.types import random_uuid, uuid_to_text

_JAVA_CLASS = "org.apache.kafka.tools.ClientMetricsCommand"
_SUMMARY = "This tool helps to manipulate and describe client metrics configurations."
ACTIONS = ("alter", "delete", "describe", "list")
_SETTINGS = {"interval": "interval.ms", "metrics": "metrics", "match": "match"}
"""The settings of a subscription by the options that set them."""

OPTIONS = (
    Opt("bootstrap-server", "REQUIRED: the broker to connect to.", REQUIRED, "server to connect to"),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt("alter", "Change a subscription, or make a new one."),
    Opt("delete", "Delete a subscription."),
    Opt("describe", "Show subscriptions with their settings."),
    Opt("list", "List the names of subscriptions."),
    Opt("name", "The name of the subscription.", REQUIRED, "name"),
    Opt("generate-name", "Take a random id as the name."),
    Opt(
        "interval",
        "How often clients send, in milliseconds; an empty value takes the default again.",
        REQUIRED,
        "push interval",
    ),
    Opt(
        "match",
        "Which clients are meant, by client_id, client_instance_id, client_software_name, client_software_version, "
        "client_source_address and client_source_port.",
        REQUIRED,
        "k1=v1,k2=v2",
        separator=",",
    ),
    Opt("metrics", "The beginnings of the names of metrics.", REQUIRED, "m1,m2", separator=","),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parsed = _parse(arguments)
    properties = load_properties(parsed.text("command-config"))
    server = parsed.text("bootstrap-server")
    try:
        with open_admin(properties, server) as cluster:
            _run(cluster, parsed)
    except FAILURES as failure:
        print(f"Error while executing client metrics command : {message_of(failure)}")
        log_lines.error(_JAVA_CLASS, stack_trace(failure))
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> Parsed:
    try:
        parsed = parse(OPTIONS, arguments)
    except OptionError as error:
        raise parse(OPTIONS, ()).usage_error(str(error)) from error
    parsed.check_help_and_version(_SUMMARY)
    if sum(map(parsed.has, ACTIONS)) != 1:
        raise parsed.usage_error(
            "Command must include exactly one action: --alter, --delete, --describe or --list."
        )
    if not parsed.has("bootstrap-server"):
        raise illegal_argument("--bootstrap-server must be specified.")
    parsed.check_invalid("delete", "generate-name", "interval", "match", "metrics")
    parsed.check_invalid("describe", "generate-name", "interval", "match", "metrics")
    parsed.check_invalid("list", "name", "generate-name", "interval", "match", "metrics")
    if parsed.has("alter"):
        if parsed.has("name") == parsed.has("generate-name"):
            raise illegal_argument("One of --name or --generate-name must be specified with --alter.")
        _check_interval(parsed.text("interval"))
    if parsed.has("delete") and not parsed.has("name"):
        raise illegal_argument("A client metrics resource name must be specified with --delete.")
    return parsed


def _check_interval(text: str | None) -> None:
    if text:
        try:
            INTEGER.read(text)
        except ValueError:
            raise illegal_argument(
                "Invalid interval value. Enter an integer, or leave empty to reset."
            ) from None


def _run(cluster: Cluster, parsed: Parsed) -> None:
    if parsed.has("alter"):
        _alter(cluster, parsed)
    elif parsed.has("describe"):
        _describe(cluster, parsed.text("name"))
    elif parsed.has("delete"):
        _delete(cluster, parsed.text("name") or "")
    else:
        print("\n".join(list_config_resources(cluster, ResourceType.CLIENT_METRICS)))


def _alter(cluster: Cluster, parsed: Parsed) -> None:
    name = uuid_to_text(random_uuid()) if parsed.has("generate-name") else parsed.text("name") or ""
    wanted = {_SETTINGS[option]: ",".join(parsed.texts(option)) for option in _SETTINGS if parsed.has(option)}
    alterations = [
        Alteration(SET if wanted[key] else DELETE, key, wanted[key]) for key in strings_in_hash_order(wanted)
    ]
    alter_configs(cluster, ResourceType.CLIENT_METRICS, {name: alterations})
    print(f"Altered client metrics config for {name}.")


def _delete(cluster: Cluster, name: str) -> None:
    alterations = [Alteration(DELETE, entry.name, entry.value) for entry in _entries(cluster, name)]
    alter_configs(cluster, ResourceType.CLIENT_METRICS, {name: alterations})
    print(f"Deleted client metrics config for {name}.")


def _describe(cluster: Cluster, name: str | None) -> None:
    names = list_config_resources(cluster, ResourceType.CLIENT_METRICS)
    if name is not None and name not in names:
        print(f"The client metric resource {name} doesn't exist and doesn't have dynamic config.")
        return
    for each in names if name is None else [name]:
        print(f"Client metrics configs for {each} are:")
        for entry in _entries(cluster, each):
            print(f"  {entry.name}={'null' if entry.value is None else entry.value}")


def _entries(cluster: Cluster, name: str) -> list[ConfigEntry]:
    """Return the settings of a subscription in the order of Kafka's Admin."""
    entries = describe_configs(cluster, ResourceType.CLIENT_METRICS, [name])[name]
    by_name = {entry.name: entry for entry in entries}
    return [by_name[key] for key in strings_in_hash_order(by_name)]
