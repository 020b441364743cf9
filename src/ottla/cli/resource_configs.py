"""The settings of topics, brokers, loggers, client metrics and groups, as Kafka's Java Admin asks for and sets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from ottla.cli.admin_access import ask_broker_or_controller
from ottla.cli.admin_questions import ask_any_broker, ask_node
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, raise_for
from ottla.errors import ErrorCode


class ResourceType(IntEnum):
    """What has settings, by its number on the wire."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


_SOURCES = (
    "UNKNOWN",
    "DYNAMIC_TOPIC_CONFIG",
    "DYNAMIC_BROKER_CONFIG",
    "DYNAMIC_DEFAULT_BROKER_CONFIG",
    "STATIC_BROKER_CONFIG",
    "DEFAULT_CONFIG",
    "DYNAMIC_BROKER_LOGGER_CONFIG",
    "DYNAMIC_CLIENT_METRICS_CONFIG",
    "DYNAMIC_GROUP_CONFIG",
)
"""Where a value comes from, by its number on the wire and as Kafka's tools print it."""

DEFAULT_SOURCE = "DEFAULT_CONFIG"

SET = 0
DELETE = 1
"""Operations of IncrementalAlterConfigs (KIP-339) that tools use."""


class Synonym(NamedTuple):
    """One place where a value could come from, most specific first (KIP-226)."""

    source: str
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """A setting with its value, None where it is not set or not shown."""

    name: str
    value: str | None
    source: str
    is_sensitive: bool
    synonyms: tuple[Synonym, ...]


class Alteration(NamedTuple):
    """A setting to be set, or with `operation` DELETE to be taken back."""

    operation: int
    name: str
    value: str | None


def describe_configs(
    cluster: Cluster, resource_type: ResourceType, names: Sequence[str], *, includes_synonyms: bool = False
) -> dict[str, tuple[ConfigEntry, ...]]:
    """Return the settings of resources of one type by their names. Raises ApiError for the first that has none.

    Those of a broker or its loggers are asked of that broker, and of one at a time.
    """
    if not names:
        return {}
    from ottla.protocol.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource

    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsResource(resource_type=resource_type, resource_name=name, configuration_keys=None)
            for name in names
        ],
        include_synonyms=includes_synonyms,
    )
    node_id = _node_of(resource_type, names[0])
    if node_id is None:
        response = ask_broker_or_controller(cluster, request, "describeConfigs")
    else:
        response = ask_node(cluster, node_id, request, "describeConfigs")
    results = {result.resource_name: result for result in response.results}
    return {name: _entries(results.get(name), name) for name in names}


def alter_configs(
    cluster: Cluster, resource_type: ResourceType, changes: Mapping[str, Sequence[Alteration]]
) -> None:
    """Change settings of resources of one type, of each all or none. Raises ApiError for the first that is refused.

    Those of a broker or its loggers are changed by that broker, or by the controller where the client knows
    controllers only, which change no loggers.
    """
    responses = [
        ask_broker_or_controller(cluster, request, "incrementalAlterConfigs")
        if node_id is None
        or (cluster.is_controller_bootstrap and resource_type is not ResourceType.BROKER_LOGGER)
        else ask_node(cluster, node_id, request, "incrementalAlterConfigs")
        for node_id, request in _alter_requests(resource_type, changes).items()
    ]
    for response in responses:
        for result in response.responses:
            raise_for(result.error_code, result.error_message)


def _alter_requests(
    resource_type: ResourceType, changes: Mapping[str, Sequence[Alteration]]
) -> dict[int | None, object]:
    """Return what each node has to be asked, None for any."""
    from ottla.protocol.messages.incremental_alter_configs import (
        AlterableConfig,
        AlterConfigsResource,
        IncrementalAlterConfigsRequest,
    )

    requests: dict[int | None, IncrementalAlterConfigsRequest] = {}
    for name, alterations in changes.items():
        request = requests.setdefault(
            _node_of(resource_type, name), IncrementalAlterConfigsRequest(resources=[])
        )
        configs = [
            AlterableConfig(name=each.name, config_operation=each.operation, value=each.value)
            for each in alterations
        ]
        request.resources.append(
            AlterConfigsResource(resource_type=resource_type, resource_name=name, configs=configs)
        )
    return dict(requests)


def list_config_resources(cluster: Cluster, resource_type: ResourceType) -> list[str]:
    """Return the names of resources of a type that have settings (KIP-1142). Raises ApiError."""
    from ottla.protocol.messages.list_config_resources import ListConfigResourcesRequest

    request = ListConfigResourcesRequest(resource_types=[resource_type])
    response = ask_any_broker(cluster, request, "listConfigResources")
    raise_for(response.error_code)
    return [each.resource_name for each in response.config_resources]


def _node_of(resource_type: ResourceType, name: str) -> int | None:
    """Return the node that has to be asked about a resource; None where any can be."""
    if resource_type is ResourceType.BROKER_LOGGER or (resource_type is ResourceType.BROKER and name):
        return int(name)
    return None


def _entries(result: Any, name: str) -> tuple[ConfigEntry, ...]:
    if result is None:
        raise ApiError(
            ErrorCode.UNKNOWN_SERVER_ERROR,
            f"The node response did not contain a result for config resource {name}",
        )
    raise_for(result.error_code, result.error_message)
    return tuple(
        ConfigEntry(
            entry.name,
            entry.value,
            _source(entry.config_source),
            entry.is_sensitive,
            tuple(Synonym(_source(each.source), each.name, each.value) for each in entry.synonyms),
        )
        for entry in result.configs
    )


def _source(number: int) -> str:
    return _SOURCES[number] if 0 <= number < len(_SOURCES) else _SOURCES[0]
