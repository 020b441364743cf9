"""PushTelemetry (72), v0: a client sends its metrics (KIP-714)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, BYTES, INT8, INT16, INT32, UUID, field, message


@message(key=72, versions="0", flexible="0+")
class PushTelemetryRequest:
    """The metrics."""

    client_instance_id: Uuid = field(UUID)
    subscription_id: int = field(INT32)
    """The one of the last GetTelemetrySubscriptions."""
    terminating: bool = field(BOOL)
    """Whether this is the client's last push."""
    compression_type: int = field(INT8)
    """0: none; 1: gzip; 2: snappy; 3: lz4; 4: zstd."""
    metrics: bytes = field(BYTES)
    """OpenTelemetry's protobuf of MetricsData, compressed as a whole."""


@message(key=72, versions="0", flexible="0+")
class PushTelemetryResponse:
    """Whether they were taken."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
