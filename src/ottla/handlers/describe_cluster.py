"""DescribeCluster (60), v0-2: the nodes behind the listener that was asked (KIP-700, KIP-919, KIP-1073).

A broker listener describes brokers, the controller listener controllers; to ask one for the other is an error.
"""

from __future__ import annotations

from ottla.errors import ErrorCode
from ottla.handlers.authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED
from ottla.handlers.context import RequestContext
from ottla.metadata.image import ClusterImage
from ottla.protocol.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)

BROKER_ENDPOINT = 1
CONTROLLER_ENDPOINT = 2
_FIRST_WITH_ENDPOINT_TYPES = 1
_ENDPOINT_NAMES = {BROKER_ENDPOINT: "BROKER", CONTROLLER_ENDPOINT: "CONTROLLER"}


def handle(request: DescribeClusterRequest, context: RequestContext) -> DescribeClusterResponse:
    """Describe the cluster to a client of this listener."""
    asked = request.endpoint_type
    served = CONTROLLER_ENDPOINT if context.listener_is_controller else BROKER_ENDPOINT
    knows_endpoint_types = context.api_version >= _FIRST_WITH_ENDPOINT_TYPES
    if asked not in _ENDPOINT_NAMES:
        return DescribeClusterResponse(
            error_code=ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, error_message=f"Unsupported endpoint type {asked}"
        )
    if asked != served:
        code = ErrorCode.MISMATCHED_ENDPOINT_TYPE if knows_endpoint_types else ErrorCode.INVALID_REQUEST
        return DescribeClusterResponse(
            error_code=code,
            error_message=(
                f"The request was sent to an endpoint of type {_ENDPOINT_NAMES[served]}, "
                f"but we wanted an endpoint of type {_ENDPOINT_NAMES[asked]}"
            ),
        )
    services = context.services
    image = services.image()
    if context.listener_is_controller:
        nodes = _controllers(image, context.listener_name)
    else:
        nodes = _brokers(image, context.listener_name, include_fenced=request.include_fenced_brokers)
    asks_for_operations = request.include_cluster_authorized_operations
    return DescribeClusterResponse(
        endpoint_type=served,
        cluster_id=services.cluster_id,
        controller_id=services.node_id,
        brokers=nodes,
        cluster_authorized_operations=CLUSTER_OPERATIONS if asks_for_operations else NOT_ASKED,
    )


def _brokers(image: ClusterImage, listener_name: str, *, include_fenced: bool) -> list[DescribeClusterBroker]:
    return [
        DescribeClusterBroker(
            broker_id=broker.node_id,
            host=broker.endpoints[listener_name].host,
            port=broker.endpoints[listener_name].port,
            rack=broker.rack,
            is_fenced=broker.fenced,
        )
        for broker in image.brokers.by_id.values()
        if listener_name in broker.endpoints and (include_fenced or not broker.fenced)
    ]


def _controllers(image: ClusterImage, listener_name: str) -> list[DescribeClusterBroker]:
    return [
        DescribeClusterBroker(
            broker_id=controller.node_id,
            host=controller.endpoints[listener_name].host,
            port=controller.endpoints[listener_name].port,
        )
        for controller in image.brokers.controllers.values()
        if listener_name in controller.endpoints
    ]
