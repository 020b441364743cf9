from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.coordination.client_telemetry import ClientTelemetry
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers import get_telemetry_subscriptions, push_telemetry
from ottla.protocol.messages.get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse,
)
from ottla.protocol.messages.push_telemetry import PushTelemetryRequest, PushTelemetryResponse
from ottla.types import ZERO_UUID, random_uuid

IMAGE = image_of(cluster_records())


def test_a_client_without_an_identifier_gets_one_and_may_push() -> None:
    context = context_of(IMAGE, 0, client_telemetry=ClientTelemetry(100))
    answer = get_telemetry_subscriptions.handle(GetTelemetrySubscriptionsRequest(), context)
    assert answer.client_instance_id != ZERO_UUID
    assert answer == GetTelemetrySubscriptionsResponse(
        client_instance_id=answer.client_instance_id,
        subscription_id=answer.subscription_id,
        accepted_compression_types=[4, 3, 1, 2],
        push_interval_ms=300_000,
        telemetry_max_bytes=100,
        delta_temporality=True,
        requested_metrics=[],
    )
    request = PushTelemetryRequest(
        client_instance_id=answer.client_instance_id,
        subscription_id=answer.subscription_id,
        metrics=bytes(100),
    )
    assert push_telemetry.handle(request, context) == PushTelemetryResponse()
    with pytest.raises(KafkaError) as refused:
        push_telemetry.handle(request, context)
    assert refused.value.code is ErrorCode.THROTTLING_QUOTA_EXCEEDED


def test_a_client_keeps_its_identifier() -> None:
    context = context_of(IMAGE, 0, client_telemetry=ClientTelemetry(100))
    own = random_uuid()
    request = GetTelemetrySubscriptionsRequest(client_instance_id=own)
    assert get_telemetry_subscriptions.handle(request, context).client_instance_id == own
    with pytest.raises(KafkaError) as refused:
        get_telemetry_subscriptions.handle(request, context)
    assert refused.value.code is ErrorCode.THROTTLING_QUOTA_EXCEEDED
