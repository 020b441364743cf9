"""InitProducerId (22), v0-6: a producer id and epoch, for idempotent or transactional producing.

With a transactional id it fences older producers of that id and aborts what they left open (KIP-98).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, field, message


@message(key=22, versions="0-6", flexible="2+")
class InitProducerIdRequest:
    """Who will produce."""

    transactional_id: str | None = field(STRING, nullable="0+")
    """Null for a producer that is only idempotent."""
    transaction_timeout_ms: int = field(INT32)
    """How long a transaction may stay open; looked at only with a transactional id."""
    producer_id: int = field(INT64, versions="3+", default=-1)
    """The id that the producer has and wants to go on with; -1 when it has none (KIP-360)."""
    producer_epoch: int = field(INT16, versions="3+", default=-1)
    """The epoch that belongs to `producer_id`; -1 when it has none."""
    enable2_pc: bool = field(BOOL, versions="6+")
    """Whether an outside coordinator decides the transactions (KIP-939)."""
    keep_prepared_txn: bool = field(BOOL, versions="6+")
    """Leave a transaction that is open, for the outside coordinator to decide (KIP-939)."""


@message(key=22, versions="0-6", flexible="2+")
class InitProducerIdResponse:
    """The id to produce with."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    producer_id: int = field(INT64, default=-1)
    """-1 on error."""
    producer_epoch: int = field(INT16)
    ongoing_txn_producer_id: int = field(INT64, versions="6+", default=-1)
    """Of the transaction that was kept; -1 when there is none (KIP-939)."""
    ongoing_txn_producer_epoch: int = field(INT16, versions="6+", default=-1)
    """Of the transaction that was kept; -1 when there is none (KIP-939)."""
