"""InitProducerId (22), v0-6: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, field, message


@message(key=22, versions="0-6", flexible="2+")
class InitProducerIdRequest:
    """InitProducerIdRequest."""

    transactional_id: str | None = field(STRING, nullable="0+")
    transaction_timeout_ms: int = field(INT32)
    producer_id: int = field(INT64, versions="3+", default=-1)
    producer_epoch: int = field(INT16, versions="3+", default=-1)
    enable2_pc: bool = field(BOOL, versions="6+")
    keep_prepared_txn: bool = field(BOOL, versions="6+")


@message(key=22, versions="0-6", flexible="2+")
class InitProducerIdResponse:
    """InitProducerIdResponse."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    producer_id: int = field(INT64, default=-1)
    producer_epoch: int = field(INT16)
    ongoing_txn_producer_id: int = field(INT64, versions="6+", default=-1)
    ongoing_txn_producer_epoch: int = field(INT16, versions="6+", default=-1)
