"""DescribeClientQuotas (48), v0-1: the quotas that are set for users, client ids and addresses (KIP-546)."""

from __future__ import annotations

from ottla.wire.schema import BOOL, FLOAT64, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class ComponentData:
    """What one part of an entity has to be."""

    entity_type: str = field(STRING)
    """`user`, `client-id` or `ip`."""
    match_type: int = field(INT8)
    """0: the name in `match`; 1: the default of its type; 2: any name, and the default."""
    match: str | None = field(STRING, nullable="0+")
    """Null unless a name is asked for."""


@message(key=48, versions="0-1", flexible="1+")
class DescribeClientQuotasRequest:
    """Which entities are asked for."""

    components: list[ComponentData] = array_of(ComponentData)
    """All of them have to fit; empty fits every entity."""
    strict: bool = field(BOOL)
    """Leave out entities that have parts of other types too."""


@struct
class EntityData:
    """A part of the entity that a quota is for."""

    entity_type: str = field(STRING)
    """`user`, `client-id` or `ip`."""
    entity_name: str | None = field(STRING, nullable="0+")
    """Null for the default of its type."""


@struct
class ValueData:
    """One quota."""

    key: str = field(STRING)
    """Such as `producer_byte_rate`."""
    value: float = field(FLOAT64)


@struct
class EntryData:
    """An entity and all its quotas."""

    entity: list[EntityData] = array_of(EntityData)
    values: list[ValueData] = array_of(ValueData)


@message(key=48, versions="0-1", flexible="1+")
class DescribeClientQuotasResponse:
    """The entities that fit."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error, or the code says it all."""
    entries: list[EntryData] | None = array_of(EntryData, nullable="0+")
    """Null beside an error."""
