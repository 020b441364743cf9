"""GetTelemetrySubscriptions (71), v0: which of its metrics a client is asked to send (KIP-714)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, UUID, array_of, field, message


@message(key=71, versions="0", flexible="0+")
class GetTelemetrySubscriptionsRequest:
    """Who asks."""

    client_instance_id: Uuid = field(UUID)
    """All zeroes to be given one."""


@message(key=71, versions="0", flexible="0+")
class GetTelemetrySubscriptionsResponse:
    """What is wanted of the client."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    client_instance_id: Uuid = field(UUID)
    subscription_id: int = field(INT32)
    """Changes with what is wanted; a push has to name it."""
    accepted_compression_types: list[int] = array_of(INT8)
    """Codec numbers, the preferred one first."""
    push_interval_ms: int = field(INT32)
    telemetry_max_bytes: int = field(INT32)
    delta_temporality: bool = field(BOOL)
    """Whether counters are sent as differences."""
    requested_metrics: list[str] = array_of(STRING)
    """Prefixes of names; empty for none, `*` for all."""
