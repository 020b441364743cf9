"""DescribeClientQuotas (48), v0-1: the quotas of the entities that a filter fits (KIP-546).

The rules and texts are those of Kafka's ClientQuotasImage.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.client_quotas import CLIENT_ID, ENTITY_TYPES, IP, USER, QuotaEntity
from ottla.protocol.messages.describe_client_quotas import (
    ComponentData,
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
    EntityData,
    EntryData,
    ValueData,
)


class _MatchType(IntEnum):
    EXACT = 0
    DEFAULT = 1
    SPECIFIED = 2


@dataclass(frozen=True, slots=True)
class _Filter:
    """What an entity has to be."""

    names: Mapping[str, str | None]
    """The name that it must have, by type; None for the default."""
    types: AbstractSet[str]
    """Types of which it must have a part, whatever its name."""
    strict: bool
    """Whether it must not have parts of other types."""

    def fits(self, entity: QuotaEntity) -> bool:
        parts = dict(entity)
        if self.strict and len(parts) != len(self.names) + len(self.types):
            return False
        return self.types <= parts.keys() and all(
            entity_type in parts and parts[entity_type] == name for entity_type, name in self.names.items()
        )


def handle(request: DescribeClientQuotasRequest, context: RequestContext) -> DescribeClientQuotasResponse:
    """Describe the entities that fit every component of the filter."""
    wanted = _filter(request)
    quotas = context.services.image().client_quotas
    # A strict filter without components fits nothing, since every entity has a part.
    return DescribeClientQuotasResponse(
        entries=[
            EntryData(
                entity=[EntityData(entity_type=part, entity_name=name) for part, name in entity],
                values=[ValueData(key=key, value=value) for key, value in values.items()],
            )
            for entity, values in quotas.by_entity.items()
            if wanted.fits(entity)
        ],
    )


def _filter(request: DescribeClientQuotasRequest) -> _Filter:
    names: dict[str, str | None] = {}
    types: set[str] = set()
    for component in request.components:
        entity_type = component.entity_type
        if not entity_type:
            raise _invalid("Invalid empty entity type.")
        if entity_type in names or entity_type in types:
            raise _invalid(f"Entity type {entity_type} cannot appear more than once in the filter.")
        if entity_type not in ENTITY_TYPES:
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, f"Unsupported entity type {entity_type}")
        _check_match(component)
        if component.match_type == _MatchType.SPECIFIED:
            types.add(entity_type)
        else:
            names[entity_type] = component.match
    named = names.keys() | types
    if IP in named and named & {USER, CLIENT_ID}:
        raise _invalid(
            "Invalid entity filter component combination. IP filter component should not be used with "
            "user or clientId filter component."
        )
    return _Filter(names, types, request.strict)


def _check_match(component: ComponentData) -> None:
    try:
        match_type = _MatchType(component.match_type)
    except ValueError:
        raise _invalid(f"Unknown match type {component.match_type}") from None
    if match_type is _MatchType.EXACT and component.match is None:
        raise _invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.")
    if match_type is not _MatchType.EXACT and component.match is not None:
        raise _invalid(f"Request specified MATCH_TYPE_{match_type.name}, but also specified a match string.")


def _invalid(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)
