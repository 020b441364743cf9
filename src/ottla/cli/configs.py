"""`kafka-configs`: shows and changes dynamic settings, quotas and SCRAM credentials (Kafka's `ConfigCommand`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.admin_questions import raised_by_futures
from ottla.cli.configs_options import (
    CLIENTS,
    IPS,
    USERS,
    entity_names,
    entity_types,
    parse_configs_options,
)
from ottla.cli.failures import illegal_argument
from ottla.cli.java_failures import FAILURES, Failure, message_of, stack_trace
from ottla.cli.jopt import Parsed
from ottla.client.cluster import Cluster

_TERSE_CLASSES = frozenset(
    {
        "java.lang.IllegalArgumentException",
        "java.lang.NumberFormatException",
        "org.apache.kafka.common.errors.InvalidConfigurationException",
        "org.apache.kafka.common.errors.InvalidTopicException",
        "org.apache.kafka.common.errors.UnsupportedVersionException",
    }
)
"""Failures of which the message is enough, as those of joptsimple; of others all is shown."""


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    try:
        parsed = parse_configs_options(arguments)
        with open_admin(
            load_properties(parsed.text("command-config")),
            parsed.text("bootstrap-server"),
            controllers=parsed.text("bootstrap-controller"),
        ) as cluster:
            _run(cluster, parsed)
    except FAILURES as failure:
        print(failure_text(failure, arguments), end="", file=sys.stderr)
        return 1
    return 0


def failure_text(failure: Failure, arguments: Sequence[str]) -> str:
    """Return what is told of a failure on standard error."""
    if failure.java_class in _TERSE_CLASSES or failure.java_class.startswith("joptsimple."):
        return f"{message_of(failure)}\n"
    return f"Error while executing config command with args '{' '.join(arguments)}'\n{stack_trace(failure)}"


def _run(cluster: Cluster, parsed: Parsed) -> None:
    types, names = entity_types(parsed), entity_names(parsed)
    if parsed.has("alter") and len(types) != len(names):
        raise illegal_argument("An entity name must be specified for every entity type")
    if parsed.has("alter"):
        _alter(cluster, parsed, types, names)
    else:
        _describe(cluster, types, names, shows_all=parsed.has("all"))


def _alter(cluster: Cluster, parsed: Parsed, types: Sequence[str], names: Sequence[str]) -> None:
    from ottla.cli.configs_values import added_configs, deleted_configs

    added, deleted = added_configs(parsed), deleted_configs(parsed)
    with raised_by_futures():
        if types[0] in {USERS, CLIENTS}:
            from ottla.cli.configs_users import alter_users

            alter_users(cluster, types, names, added, deleted)
        elif types[0] == IPS:
            from ottla.cli.configs_users import alter_ips

            alter_ips(cluster, types, names, added, deleted)
        else:
            from ottla.cli.configs_resources import alter_resource

            alter_resource(cluster, types[0], names[0], added, deleted)
    if names[0]:
        print(f"Completed updating config for {types[0][:-1]} {names[0]}.")
    else:
        print(f"Completed updating default config for {types[0]} in the cluster.")


def _describe(cluster: Cluster, types: Sequence[str], names: Sequence[str], *, shows_all: bool) -> None:
    with raised_by_futures():
        if types[0] not in {USERS, CLIENTS, IPS}:
            from ottla.cli.configs_resources import describe_resources

            describe_resources(cluster, types[0], names[0] if names else None, shows_all=shows_all)
            return
        from ottla.cli.configs_users import describe_quotas, quota_lines, scram_lines

        lines = quota_lines(describe_quotas(cluster, types, names))
        for line in lines:
            print(line)
        if types[0] != IPS and CLIENTS not in types and "" not in names:
            for line in scram_lines(cluster, names):
                print(line)
