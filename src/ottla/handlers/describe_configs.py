"""DescribeConfigs (32), v1-4: the configuration of every kind of resource, and where each value comes from.

A resource that does not exist or is not asked properly fails alone; a kind of resource that Kafka does not know fails
the whole request (facts 6.1, Kafka's ConfigHelper).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ottla.config.client_metrics import describe_client_metrics
from ottla.config.describe import (
    ConfigEntry,
    TopicDescriber,
    describe_broker_config,
    describe_cluster_default,
)
from ottla.config.group import describe_group
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.broker_loggers import describe_loggers
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.configs import DEFAULT_BROKER_RESOURCE_NAME, ConfigResource, ResourceType
from ottla.metadata.node_names import node_number
from ottla.metadata.topic_names import check_topic_name
from ottla.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)

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
        self._services = context.services
        self._image = context.services.image()
        self._config = context.services.config
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
        describe = {
            ResourceType.TOPIC: self._topic,
            ResourceType.BROKER: self._broker,
            ResourceType.BROKER_LOGGER: self._loggers,
            ResourceType.CLIENT_METRICS: self._client_metrics,
            ResourceType.GROUP: self._group,
        }
        return describe[ResourceType(resource.resource_type)](resource.resource_name)

    def _topic(self, name: str) -> Sequence[ConfigEntry]:
        check_topic_name(name)
        if name not in self._image.topics.by_name:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if self._topics is None:
            self._topics = TopicDescriber(self._config)
        return self._topics.describe(self._image.configs.topic(name))

    def _broker(self, name: str) -> Sequence[ConfigEntry]:
        if name == DEFAULT_BROKER_RESOURCE_NAME:
            return describe_cluster_default(self._config)
        node_id = self._services.node_id
        if node_number(name, "Broker id") != node_id:
            raise _invalid_request(
                f"Unexpected broker id, expected {node_id} or empty string, but received {name}"
            )
        return describe_broker_config(self._config)

    def _loggers(self, name: str) -> Sequence[ConfigEntry]:
        node_id = self._services.node_id
        if not name:
            raise _invalid_request("Broker id must not be empty")
        if node_number(name, "Broker id") != node_id:
            raise _invalid_request(f"Unexpected broker id, expected {node_id} but received {name}")
        return describe_loggers(self._services.levels)

    def _client_metrics(self, name: str) -> Sequence[ConfigEntry]:
        if not name:
            raise _invalid_request("Client metrics subscription name must not be empty")
        return describe_client_metrics(self._stored(ResourceType.CLIENT_METRICS, name))

    def _group(self, name: str) -> Sequence[ConfigEntry]:
        if not name:
            raise _invalid_request("Group name must not be empty")
        return describe_group(self._config, self._stored(ResourceType.GROUP, name))

    def _stored(self, kind: ResourceType, name: str) -> Mapping[str, str]:
        return self._image.configs.of(ConfigResource(kind, name))

    def _row(self, entry: ConfigEntry) -> DescribeConfigsResourceResult:
        """Return the row of an entry; an entry that many topics share has one row for all of them."""
        kept = self._rows.get(id(entry))
        if kept is None:
            # The entry is kept with its row, so that no other one can come to bear its id.
            kept = self._rows[id(entry)] = (entry, _row(entry, self._request))
        return kept[1]


def _invalid_request(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)


def _row(entry: ConfigEntry, request: DescribeConfigsRequest) -> DescribeConfigsResourceResult:
    synonyms = entry.synonyms if request.include_synonyms else ()
    # An empty text stays one, whatever was asked: Kafka leaves that field of a logger as it is by default.
    shows_documentation = request.include_documentation or not entry.documentation
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
        documentation=entry.documentation if shows_documentation else None,
    )
