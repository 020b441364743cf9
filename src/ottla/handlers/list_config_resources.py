"""ListConfigResources (74), v0-1: the resources that have a configuration, by kind (KIP-1142).

Topics and nodes always have one; groups and subscriptions to client metrics where somebody has set something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import ClusterImage
from ottla.protocol.messages.list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)


def handle(request: ListConfigResourcesRequest, context: RequestContext) -> ListConfigResourcesResponse:
    """List the resources of the kinds that are asked for; a kind that there is not fails the request."""
    # Version 0 knows one kind, and cannot ask for any (KIP-714).
    known = {ResourceType.CLIENT_METRICS} if context.api_version == 0 else set(_NAMES)
    if not known.issuperset(request.resource_types):
        return ListConfigResourcesResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    wanted = set(request.resource_types) or known
    image = context.services.image()
    return ListConfigResourcesResponse(
        config_resources=[
            ConfigResource(resource_name=name, resource_type=kind)
            for kind, names_of in _NAMES.items()
            if kind in wanted
            for name in names_of(image, context.listener_name)
        ]
    )


def _configured(kind: ResourceType) -> Callable[[ClusterImage, str], Iterable[str]]:
    return lambda image, _: [each.name for each in image.configs.by_resource if each.resource_type == kind]


def _brokers(image: ClusterImage, listener_name: str) -> Iterable[str]:
    """Return the brokers that this listener's clients can reach."""
    return [
        str(broker.node_id)
        for broker in image.brokers.by_id.values()
        if listener_name in broker.endpoints and not broker.fenced
    ]


def _topics(image: ClusterImage, _listener_name: str) -> Iterable[str]:
    return image.topics.by_name


_NAMES: dict[ResourceType, Callable[[ClusterImage, str], Iterable[str]]] = {
    ResourceType.GROUP: _configured(ResourceType.GROUP),
    ResourceType.CLIENT_METRICS: _configured(ResourceType.CLIENT_METRICS),
    ResourceType.BROKER_LOGGER: _brokers,
    ResourceType.BROKER: _brokers,
    ResourceType.TOPIC: _topics,
}
"""The kinds in the order of Kafka's answer, each with the names of its resources for a listener's clients."""
