"""FindCoordinator (10), v0-6: the node that coordinates a group.

The offsets topic is created when it is first needed; until it is there the answer is COORDINATOR_NOT_AVAILABLE, which
clients retry (facts 7.6). Transactions and share groups are not served, and saying "not available" would have their
clients ask for ever: what they get instead is an error that they give up on at once.
"""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError, error_message
from ottla.handlers.context import RequestContext
from ottla.handlers.transactions_refused import refuse_transaction
from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.image import ClusterImage
from ottla.protocol.messages.find_coordinator import (
    Coordinator,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from ottla.types import CONSUMER_OFFSETS_TOPIC

GROUP = 0
TRANSACTION = 1
SHARE = 2

_FIRST_WITH_MANY_KEYS = 4
_NO_NODE = -1
_NO_ERROR_TEXT = "NONE"
"""What Kafka's answers up to v3 say where there is no error."""


def handle(request: FindCoordinatorRequest, context: RequestContext) -> FindCoordinatorResponse:
    """Say where the coordinator of each key is. Raises KafkaError INVALID_REQUEST for a type that there is not."""
    if request.key_type not in (GROUP, TRANSACTION, SHARE):
        raise KafkaError(ErrorCode.INVALID_REQUEST)
    if context.api_version >= _FIRST_WITH_MANY_KEYS:
        found = [_find(key, request.key_type, context) for key in request.coordinator_keys]
        return FindCoordinatorResponse(coordinators=found)
    coordinator = _find(request.key, request.key_type, context)
    code = ErrorCode(coordinator.error_code)
    words = _NO_ERROR_TEXT if code is ErrorCode.NONE else error_message(code)
    return FindCoordinatorResponse(
        error_code=code,
        error_message=coordinator.error_message or words,
        node_id=coordinator.node_id,
        host=coordinator.host,
        port=coordinator.port,
    )


def _find(key: str, key_type: int, context: RequestContext) -> Coordinator:
    if key_type == TRANSACTION:
        refusal = refuse_transaction(context, key)
        return _failed(key, refusal.code, refusal.message or "")
    if key_type != GROUP:
        return _failed(key, ErrorCode.INVALID_REQUEST)
    services = context.services
    image = services.image()
    topic = image.topics.by_name.get(CONSUMER_OFFSETS_TOPIC)
    if topic is None:
        services.controller.ensure_internal_topic(CONSUMER_OFFSETS_TOPIC)
        return _failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    partition = topic.partitions.get(services.groups.partition_for(key))
    endpoint = None if partition is None else _endpoint(image, partition.leader, context.listener_name)
    if partition is None or endpoint is None:
        return _failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return Coordinator(
        key=key, node_id=partition.leader, host=endpoint.host, port=endpoint.port, error_message=""
    )


def _endpoint(image: ClusterImage, node_id: int, listener_name: str) -> Endpoint | None:
    broker = image.brokers.by_id.get(node_id)
    return None if broker is None or broker.fenced else broker.endpoints.get(listener_name)


def _failed(key: str, code: ErrorCode, message: str = "") -> Coordinator:
    return Coordinator(
        key=key, node_id=_NO_NODE, host="", port=_NO_NODE, error_code=code, error_message=message
    )
