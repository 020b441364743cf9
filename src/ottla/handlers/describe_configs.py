"""DescribeConfigs (32), v1-4: the configuration of topics and of this broker, and where each value comes from.

A resource that does not exist or is not asked properly fails alone; a kind of resource that Kafka does not know fails
the whole request (facts 6.1, Kafka's ConfigHelper).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ottla.config.broker import with_dynamic_settings
from ottla.config.describe import (
    ConfigEntry,
    TopicDescriber,
    describe_broker_config,
    describe_cluster_default,
)
from ottla.config.resolved import BrokerConfig
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.configs import DEFAULT_BROKER_RESOURCE_NAME, ResourceType
from ottla.metadata.topic_names import check_topic_name
from ottla.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)

_JAVA_INTEGER = re.compile(r"[+-]?[0-9]+")
_KNOWN_TYPES = frozenset(ResourceType) - {ResourceType.UNKNOWN}


def handle(request: DescribeConfigsRequest, context: RequestContext) -> DescribeConfigsResponse:
    """Describe every resource. Raises KafkaError INVALID_REQUEST for an unknown kind of one."""
    if any(resource.resource_type not in _KNOWN_TYPES for resource in request.resources):
        raise KafkaError(ErrorCode.INVALID_REQUEST)
    answer = _Answer(request, context)
    return DescribeConfigsResponse(results=[answer.describe(each) for each in request.resources])


class _Answer:
    """What the resources of one request share: the broker's configuration, and the rows that it gives all topics."""

    def __init__(self, request: DescribeConfigsRequest, context: RequestContext) -> None:
        self._request = request
        self._context = context
        self._config = _config_in_effect(context)
        self._topics: TopicDescriber | None = None
        self._rows: dict[int, tuple[ConfigEntry, DescribeConfigsResourceResult]] = {}

    def describe(self, resource: DescribeConfigsResource) -> DescribeConfigsResult:
        result = DescribeConfigsResult(
            resource_type=resource.resource_type, resource_name=resource.resource_name, error_message=""
        )
        try:
            entries = self._entries(resource)
        except KafkaError as error:
            result.error_code = error.code
            result.error_message = error.message or ""
            return result
        wanted = set(resource.configuration_keys or ())
        result.configs = [self._row(entry) for entry in entries if not wanted or entry.name in wanted]
        return result

    def _entries(self, resource: DescribeConfigsResource) -> Sequence[ConfigEntry]:
        """Return what there is to tell about a resource. Raises KafkaError."""
        kind = ResourceType(resource.resource_type)
        name = resource.resource_name
        image = self._context.services.image()
        if kind is ResourceType.TOPIC:
            check_topic_name(name)
            if name not in image.topics.by_name:
                raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            if self._topics is None:
                self._topics = TopicDescriber(self._config)
            return self._topics.describe(image.configs.topic(name))
        if kind is ResourceType.BROKER:
            if name == DEFAULT_BROKER_RESOURCE_NAME:
                return describe_cluster_default(self._config)
            _check_broker_name(name, self._context.services.node_id)
            return describe_broker_config(self._config)
        raise KafkaError(
            ErrorCode.INVALID_REQUEST, f"Resources of type {kind.name} are not described by this broker"
        )

    def _row(self, entry: ConfigEntry) -> DescribeConfigsResourceResult:
        """Return the row of an entry; an entry that many topics share has one row for all of them."""
        kept = self._rows.get(id(entry))
        if kept is None:
            # The entry is kept with its row, so that no other one can come to bear its id.
            kept = self._rows[id(entry)] = (entry, _row(entry, self._request))
        return kept[1]


def _check_broker_name(name: str, node_id: int) -> None:
    if not _JAVA_INTEGER.fullmatch(name):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Broker id must be an integer, but it is: {name}")
    if int(name) != node_id:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"Unexpected broker id, expected {node_id} or empty string, but received {name}",
        )


def _config_in_effect(context: RequestContext) -> BrokerConfig:
    """Return the broker's configuration with the dynamic settings that the metadata holds."""
    services = context.services
    configs = services.image().configs
    return with_dynamic_settings(services.config, configs.cluster_default(), configs.broker(services.node_id))


def _row(entry: ConfigEntry, request: DescribeConfigsRequest) -> DescribeConfigsResourceResult:
    synonyms = entry.synonyms if request.include_synonyms else ()
    return DescribeConfigsResourceResult(
        name=entry.name,
        value=entry.value,
        read_only=entry.read_only,
        config_source=entry.source,
        is_sensitive=entry.sensitive,
        synonyms=[
            DescribeConfigsSynonym(name=synonym.name, value=synonym.value, source=synonym.source)
            for synonym in synonyms
        ],
        config_type=entry.type,
        documentation=entry.documentation if request.include_documentation else None,
    )
