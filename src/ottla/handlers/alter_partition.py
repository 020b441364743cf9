"""AlterPartition (56), v2-3: what the leader of partitions says about their replicas (KIP-497)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.alter_partition import (
    AlterPartitionRequest,
    AlterPartitionResponse,
    TopicState,
)


def handle(
    request: AlterPartitionRequest, context: RequestContext
) -> AlterPartitionResponse | Completion[AlterPartitionResponse]:
    """Take note of in-sync replicas. The completion fails with KafkaError STALE_BROKER_EPOCH."""
    if not request.topics:
        return AlterPartitionResponse()

    def respond(topics: list[TopicState]) -> AlterPartitionResponse:
        return AlterPartitionResponse(topics=topics)

    return context.services.controller.alter_partition(request).map(respond)
