"""AllocateProducerIds (67), v0: a block of producer ids for a broker (KIP-730)."""

from __future__ import annotations

from ottla.wire.schema import INT16, INT32, INT64, field, message


@message(key=67, versions="0", flexible="0+")
class AllocateProducerIdsRequest:
    """The broker that needs ids."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64, default=-1)


@message(key=67, versions="0", flexible="0+")
class AllocateProducerIdsResponse:
    """The block."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    producer_id_start: int = field(INT64)
    producer_id_len: int = field(INT32)
