"""UnregisterBroker (64), v0: forget a broker that will not come back (KIP-631)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse


def handle(request: UnregisterBrokerRequest, context: RequestContext) -> Completion[UnregisterBrokerResponse]:
    """Forget the broker. The completion fails with KafkaError BROKER_ID_NOT_REGISTERED, or for this node itself."""
    forgotten = context.services.controller.unregister_broker(request.broker_id)
    return forgotten.map(lambda _: UnregisterBrokerResponse())
