"""The quotas of users, client ids and addresses, by entity (KIP-546).

An entity is what a quota is for: pairs of a type and a name, ordered by type, so that two that mean the same are equal.
The name is None for the default of its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ottla.metadata.records import ClientQuotaRecord, EntityData

USER = "user"
CLIENT_ID = "client-id"
IP = "ip"
ENTITY_TYPES = frozenset({USER, CLIENT_ID, IP})
"""What a quota can be for, by Kafka's ClientQuotaEntity."""

QuotaEntity = tuple[tuple[str, str | None], ...]

_NOTHING: Mapping[str, float] = {}


def quota_entity(parts: Iterable[tuple[str, str | None]]) -> QuotaEntity:
    """Return the entity that these parts make; of parts of one type the last one counts, as in Kafka."""
    return tuple(sorted(dict(parts).items(), key=lambda part: part[0]))


@dataclass(frozen=True, slots=True)
class ClientQuotasImage:
    """Quotas by entity and key; an entity without quotas is absent."""

    by_entity: Mapping[QuotaEntity, Mapping[str, float]] = field(default_factory=dict)

    def of(self, entity: QuotaEntity) -> Mapping[str, float]:
        """Return the quotas that are set for exactly this entity."""
        return self.by_entity.get(entity, _NOTHING)

    def to_records(self) -> Iterator[ClientQuotaRecord]:
        """Yield the records that rebuild this image."""
        for entity, quotas in self.by_entity.items():
            for key, value in quotas.items():
                yield ClientQuotaRecord(entity=entity_record_parts(entity), key=key, value=value)


def entity_record_parts(entity: QuotaEntity) -> list[EntityData]:
    """Return an entity as a ClientQuotaRecord has it."""
    return [EntityData(entity_type=entity_type, entity_name=name) for entity_type, name in entity]


class ClientQuotasDelta:
    """The quotas that one batch of records sets and removes."""

    def __init__(self, image: ClientQuotasImage) -> None:
        self._image = image
        self._changed: dict[QuotaEntity, dict[str, float]] = {}

    def replay_quota(self, record: ClientQuotaRecord) -> None:
        """Set a quota, or remove it; one that is not there is already gone."""
        entity = quota_entity((part.entity_type, part.entity_name) for part in record.entity)
        quotas = self._changed.get(entity)
        if quotas is None:
            quotas = self._changed[entity] = dict(self._image.of(entity))
        if record.remove:
            quotas.pop(record.key, None)
        else:
            quotas[record.key] = record.value

    def apply(self) -> ClientQuotasImage:
        """Return the image with the changes, or the same where there are none."""
        if not self._changed:
            return self._image
        by_entity = dict(self._image.by_entity)
        for entity, quotas in self._changed.items():
            if quotas:
                by_entity[entity] = quotas
            else:
                by_entity.pop(entity, None)
        return ClientQuotasImage(by_entity)
