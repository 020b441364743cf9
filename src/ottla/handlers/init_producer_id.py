"""InitProducerId (22), v0-5: an id for an idempotent producer.

Every request without a transactional id gets a fresh id with epoch 0 (facts 5.1). One with a transactional id is
refused, since transactions are not served.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.transactions_refused import refuse_transaction
from ottla.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

NONE = -1
"""No producer id, no epoch (Kafka's RecordBatch.NO_PRODUCER_ID and NO_PRODUCER_EPOCH)."""


def handle(
    request: InitProducerIdRequest, context: RequestContext
) -> InitProducerIdResponse | Completion[InitProducerIdResponse]:
    """Allocate a producer id."""
    if (request.producer_id == NONE) != (request.producer_epoch == NONE):
        return _refusal(ErrorCode.INVALID_REQUEST)
    if request.transactional_id is None:
        return context.services.producer_ids.allocate().map(_allocated)
    if request.transactional_id == "":
        return _refusal(ErrorCode.INVALID_REQUEST)
    return _refusal(refuse_transaction(context, request.transactional_id).code)


def _allocated(producer_id: int) -> InitProducerIdResponse:
    return InitProducerIdResponse(producer_id=producer_id, producer_epoch=0)


def _refusal(code: ErrorCode) -> InitProducerIdResponse:
    return InitProducerIdResponse(error_code=code, producer_id=NONE, producer_epoch=NONE)
