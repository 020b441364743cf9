"""What the transaction coordinator keeps in `__transaction_state`."""

from __future__ import annotations

from ottla.wire.schema import INT8, INT16, INT32, INT64, STRING, array_of, field, message, struct


@message(key=0, versions="0", flexible="none")
class TransactionLogKey:
    """The producer that a TransactionLogValue is about."""

    transactional_id: str = field(STRING)


@struct
class PartitionsSchema:
    """Partitions of one topic."""

    topic: str = field(STRING)
    partition_ids: list[int] = array_of(INT32)


@message(key=0, versions="0-1", flexible="1+")
class TransactionLogValue:
    """Where the transaction of a producer stands."""

    producer_id: int = field(INT64)
    previous_producer_id: int = field(INT64, versions="1+", tag=0, default=-1)
    """The one of the last committed transaction, from v1 (KIP-890)."""
    next_producer_id: int = field(INT64, versions="1+", tag=1, default=-1)
    """The one that the producer was told last, from v1 (KIP-890)."""
    producer_epoch: int = field(INT16)
    next_producer_epoch: int = field(INT16, versions="1+", tag=3, default=-1)
    """The epoch that goes with the next producer id, from v1 (KIP-890)."""
    transaction_timeout_ms: int = field(INT32)
    transaction_status: int = field(INT8)
    """0: empty; 1: ongoing; 2: prepare commit; 3: prepare abort; 4: complete commit; 5: complete abort; 6: dead;
    7: prepare epoch fence."""
    transaction_partitions: list[PartitionsSchema] | None = array_of(PartitionsSchema, nullable="0+")
    """Null where there are none."""
    transaction_last_update_timestamp_ms: int = field(INT64)
    transaction_start_timestamp_ms: int = field(INT64)
    client_transaction_version: int = field(INT16, versions="1+", tag=2)
    """The level of transaction.version that the producer uses, from v1 (KIP-890)."""
