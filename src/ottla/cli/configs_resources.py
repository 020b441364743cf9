"""Settings of topics, brokers, loggers, groups and client metrics, for `kafka-configs`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ottla.cli.configs_options import (
    BROKER_LOGGERS,
    BROKERS,
    CLIENT_METRICS,
    GROUPS,
    TOPICS,
    is_integer,
)
from ottla.cli.failures import ToolError, illegal_argument
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
from ottla.cli.topic_metadata import list_topics
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.jvm_order import integers_in_hash_order, scala_order, strings_in_hash_order

RESOURCE_TYPES = {
    TOPICS: ResourceType.TOPIC,
    BROKERS: ResourceType.BROKER,
    BROKER_LOGGERS: ResourceType.BROKER_LOGGER,
    CLIENT_METRICS: ResourceType.CLIENT_METRICS,
    GROUPS: ResourceType.GROUP,
}
_DYNAMIC_SOURCES = {
    TOPICS: "DYNAMIC_TOPIC_CONFIG",
    BROKERS: "DYNAMIC_BROKER_CONFIG",
    CLIENT_METRICS: "DYNAMIC_CLIENT_METRICS_CONFIG",
    GROUPS: "DYNAMIC_GROUP_CONFIG",
}
"""Where the values come from that are shown without `--all`; of loggers all are."""
_DYNAMIC_DEFAULT_SOURCE = "DYNAMIC_DEFAULT_BROKER_CONFIG"
_INVALID_CONFIGURATION = "org.apache.kafka.common.errors.InvalidConfigurationException"
_LONGEST_TOPIC = 249
_TOPIC = re.compile(r"[a-zA-Z0-9._-]*")


def alter_resource(
    cluster: Cluster, entity_type: str, name: str, added: Mapping[str, str], deleted: Sequence[str]
) -> None:
    """Change the settings of a resource. Raises ToolError and ApiError."""
    if entity_type == BROKER_LOGGERS:
        known = {entry.name for entry in _entries(cluster, entity_type, name)}
        unknown = [key for key in (*deleted, *added) if key not in known]
        if unknown:
            raise ToolError(_INVALID_CONFIGURATION, f"Invalid broker logger(s): {','.join(unknown)}")
    else:
        known = {entry.name for entry in _entries(cluster, entity_type, name, includes_synonyms=False)}
        unknown = [key for key in deleted if key not in known]
        if unknown:
            raise ToolError(_INVALID_CONFIGURATION, f"Invalid config(s): {','.join(unknown)}")
    alterations = [
        *(Alteration(DELETE, key, "") for key in deleted),
        *(Alteration(SET, key, value) for key, value in added.items()),
    ]
    try:
        alter_configs(cluster, RESOURCE_TYPES[entity_type], {name: alterations})
    except ApiError as error:
        if error.code != ErrorCode.UNSUPPORTED_VERSION or entity_type == BROKER_LOGGERS:
            raise
        raise ToolError(
            error.java_class,
            "The INCREMENTAL_ALTER_CONFIGS API is not supported by the cluster. The API is supported starting from "
            "version 2.3.0. You may want to use an older version of this tool to interact with your cluster, or "
            "upgrade your brokers to version 2.3.0 or newer to avoid this error.",
        ) from error


def describe_resources(cluster: Cluster, entity_type: str, name: str | None, *, shows_all: bool) -> None:
    """Print the settings of a resource, or of all resources of a type. Raises ToolError and ApiError."""
    if name is not None and not shows_all and not _exists(cluster, entity_type, name):
        print(f"The {entity_type[:-1]} '{name}' doesn't exist and doesn't have dynamic config.")
        return
    for each in _all_names(cluster, entity_type) if name is None else [name]:
        if each:
            print(f"{'All' if shows_all else 'Dynamic'} configs for {entity_type[:-1]} {each} are:")
        else:
            print(f"Default configs for {entity_type} in the cluster are:")
        for entry in _entries(cluster, entity_type, each, shows_all=shows_all):
            print(entry_line(entry))


def entry_line(entry: ConfigEntry) -> str:
    """Return a setting as Kafka prints it, with the places where its value could come from."""
    synonyms = ", ".join(f"{each.source}:{each.name}={_shown(each.value)}" for each in entry.synonyms)
    sensitive = "true" if entry.is_sensitive else "false"
    return f"  {entry.name}={_shown(entry.value)} sensitive={sensitive} synonyms={{{synonyms}}}"


def _shown(value: str | None) -> str:
    return "null" if value is None else value


def _exists(cluster: Cluster, entity_type: str, name: str) -> bool:
    if entity_type == TOPICS:
        check_topic_name(name)
        return name in list_topics(cluster)
    if entity_type in {BROKERS, BROKER_LOGGERS}:
        return not name or name in _broker_names(cluster)
    if entity_type == CLIENT_METRICS:
        return name in list_config_resources(cluster, ResourceType.CLIENT_METRICS)
    return name in _group_names(cluster) or name in list_config_resources(cluster, ResourceType.GROUP)


def _all_names(cluster: Cluster, entity_type: str) -> list[str]:
    if entity_type == TOPICS:
        return list(list_topics(cluster))
    if entity_type in {BROKERS, BROKER_LOGGERS}:
        return [*_broker_names(cluster), ""]
    if entity_type == CLIENT_METRICS:
        return list_config_resources(cluster, ResourceType.CLIENT_METRICS)
    groups = _group_names(cluster)
    return scala_order(
        [*scala_order(groups), *scala_order(list_config_resources(cluster, ResourceType.GROUP))]
    )


def _broker_names(cluster: Cluster) -> list[str]:
    ids = [broker.broker_id for broker in cluster.describe_cluster().brokers]
    return [str(node_id) for node_id in integers_in_hash_order(ids)]


def _group_names(cluster: Cluster) -> list[str]:
    from ottla.cli.group_requests import list_groups

    return strings_in_hash_order(group.group_id for group in list_groups(cluster))


def _entries(
    cluster: Cluster, entity_type: str, name: str, *, includes_synonyms: bool = True, shows_all: bool = False
) -> list[ConfigEntry]:
    """Return the settings of a resource by name; those that were changed, or all."""
    _check_name(entity_type, name)
    described = describe_configs(
        cluster, RESOURCE_TYPES[entity_type], [name], includes_synonyms=includes_synonyms
    )
    source = _DYNAMIC_SOURCES.get(entity_type)
    if entity_type == BROKERS and not name:
        source = _DYNAMIC_DEFAULT_SOURCE
    entries = {entry.name: entry for entry in described[name]}
    return [
        entries[key]
        for key in sorted(entries)
        if shows_all or source is None or entries[key].source == source
    ]


def _check_name(entity_type: str, name: str) -> None:
    if entity_type == TOPICS and name:
        check_topic_name(name)
    if entity_type in {BROKERS, BROKER_LOGGERS} and name and not is_integer(name):
        raise illegal_argument(
            f"The entity name for {entity_type} must be a valid integer broker id, found: {name}"
        )


def check_topic_name(name: str) -> None:
    """Raise ToolError for what cannot be the name of a topic (Kafka's `Topic.validate`)."""
    reason = ""
    if not name:
        reason = "the empty string is not allowed"
    elif name in {".", ".."}:
        reason = f"'{name}' is not allowed"
    elif len(name) > _LONGEST_TOPIC:
        reason = f"the length of '{name}' is longer than the max allowed length {_LONGEST_TOPIC}"
    elif not _TOPIC.fullmatch(name):
        reason = f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    if reason:
        raise ToolError(
            "org.apache.kafka.common.errors.InvalidTopicException", f"Topic name is invalid: {reason}"
        )
