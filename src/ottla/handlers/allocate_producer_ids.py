"""AllocateProducerIds (67), v0: a block of producer ids, for the broker of this node (KIP-730)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.partitions.producer_ids import ProducerIdBlock
from ottla.protocol.messages.allocate_producer_ids import (
    AllocateProducerIdsRequest,
    AllocateProducerIdsResponse,
)


def handle(
    request: AllocateProducerIdsRequest, context: RequestContext
) -> AllocateProducerIdsResponse | Completion[AllocateProducerIdsResponse]:
    """Hand out a block that nobody else gets. The completion fails with KafkaError."""
    services = context.services
    broker = services.image().brokers.by_id.get(request.broker_id)
    if broker is None or broker.epoch != request.broker_epoch or request.broker_id != services.node_id:
        return AllocateProducerIdsResponse(error_code=ErrorCode.STALE_BROKER_EPOCH)
    return services.controller.allocate_producer_ids().map(_response)


def _response(block: ProducerIdBlock) -> AllocateProducerIdsResponse:
    return AllocateProducerIdsResponse(producer_id_start=block.first_id, producer_id_len=block.size)
