"""AlterClientQuotas (49), v0-1: set and remove quotas of users, client ids and addresses (KIP-546)."""

from __future__ import annotations

from ottla.wire.schema import BOOL, FLOAT64, INT16, INT32, STRING, array_of, field, message, struct


@struct
class EntityData:
    """A part of the entity that a quota is for."""

    entity_type: str = field(STRING)
    """`user`, `client-id` or `ip`."""
    entity_name: str | None = field(STRING, nullable="0+")
    """Null for the default of its type."""


@struct
class OpData:
    """What becomes of one quota."""

    key: str = field(STRING)
    """Such as `producer_byte_rate`."""
    value: float = field(FLOAT64)
    remove: bool = field(BOOL)
    """Remove the quota; `value` is then ignored."""


@struct
class EntryData:
    """One entity and what becomes of its quotas."""

    entity: list[EntityData] = array_of(EntityData)
    ops: list[OpData] = array_of(OpData)


@message(key=49, versions="0-1", flexible="1+")
class AlterClientQuotasRequest:
    """The entities to alter; each is all or nothing."""

    entries: list[EntryData] = array_of(EntryData)
    validate_only: bool = field(BOOL)
    """Say what would happen, and change nothing."""


@struct
class EntryResult:
    """What became of one entity."""

    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    entity: list[EntityData] = array_of(EntityData)


@message(key=49, versions="0-1", flexible="1+")
class AlterClientQuotasResponse:
    """One answer per entity, however often it was named."""

    throttle_time_ms: int = field(INT32)
    entries: list[EntryResult] = array_of(EntryResult)
