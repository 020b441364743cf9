"""GetTelemetrySubscriptions (71), v0: not advertised, since nothing here receives metrics of clients (facts 7.10)."""

from __future__ import annotations

from ottla.coordination.client_telemetry import ACCEPTED_CODECS, Client
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse,
)
from ottla.types import ZERO_UUID, random_uuid


def handle(
    request: GetTelemetrySubscriptionsRequest, context: RequestContext
) -> GetTelemetrySubscriptionsResponse:
    """Tell a client what it is asked to send, and give it an identifier where it has none.

    Raises KafkaError where it asks too often.
    """
    services = context.services
    instance_id = random_uuid() if request.client_instance_id == ZERO_UUID else request.client_instance_id
    subscription = services.client_telemetry.subscribe(
        Client(instance_id, context.client_id, context.client_address),
        services.image().configs,
        context.now_ms,
    )
    return GetTelemetrySubscriptionsResponse(
        client_instance_id=instance_id,
        subscription_id=subscription.subscription_id,
        accepted_compression_types=list(ACCEPTED_CODECS),
        push_interval_ms=subscription.interval_ms,
        telemetry_max_bytes=services.client_telemetry.max_bytes,
        delta_temporality=True,
        requested_metrics=list(subscription.metrics),
    )
