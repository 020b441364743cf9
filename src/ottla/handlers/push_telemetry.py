"""PushTelemetry (72), v0: not advertised, since nothing here receives metrics of clients (facts 7.10)."""

from __future__ import annotations

from ottla.coordination.client_telemetry import Client
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.push_telemetry import PushTelemetryRequest, PushTelemetryResponse


def handle(request: PushTelemetryRequest, context: RequestContext) -> PushTelemetryResponse:
    """Check a push, and drop the metrics. Raises KafkaError where it may not be."""
    services = context.services
    services.client_telemetry.push(
        Client(request.client_instance_id, context.client_id, context.client_address),
        services.image().configs,
        context.now_ms,
        subscription_id=request.subscription_id,
        is_terminating=request.terminating,
        compression_type=request.compression_type,
        metrics=request.metrics,
    )
    return PushTelemetryResponse()
