"""AlterClientQuotas against the image, by the rules and texts of Kafka's ClientQuotaControlManager.

An entity is all or nothing; different entities are independent. Whether the name of a host can be resolved is found out
by who asks, since nothing here waits for a network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import strings_in_hash_order
from ottla.metadata.aspects.client_quotas import (
    ENTITY_TYPES,
    IP,
    QuotaEntity,
    entity_record_parts,
    quota_entity,
)
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.records import ClientQuotaRecord, MetadataRecord
from ottla.protocol.messages.alter_client_quotas import EntityData, EntryData, EntryResult, OpData

FRACTION_LIMIT = 1e-6
"""How far from a whole number a value may be that has to be one."""


class _Kind(Enum):
    """The type of a quota, with the largest value that Kafka takes and the words for a larger one."""

    DOUBLE = (math.inf, "")
    INT = (2.0**31 - 1, "an INT")
    LONG = (2.0**63, "a LONG")  # the nearest double to the largest long is one more


_USER_AND_CLIENT_QUOTAS: Mapping[str, _Kind] = {
    "producer_byte_rate": _Kind.LONG,
    "consumer_byte_rate": _Kind.LONG,
    "request_percentage": _Kind.DOUBLE,
    "controller_mutation_rate": _Kind.DOUBLE,
}
_ADDRESS_QUOTAS: Mapping[str, _Kind] = {"connection_creation_rate": _Kind.INT}


@dataclass(frozen=True, slots=True)
class AlterClientQuotasPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[EntryResult]


def plan_alter_client_quotas(
    image: ClusterImage, entries: list[EntryData], unknown_hosts: AbstractSet[str], *, validate_only: bool
) -> AlterClientQuotasPlan:
    """Plan changes of quotas; `unknown_hosts` are the names among the addresses that cannot be resolved.

    An entity that is named again is refused, but what was planned for it before stays, as in Kafka. Raises KafkaError
    POLICY_VIOLATION for too many changes.
    """
    records: list[MetadataRecord] = []
    outcomes: dict[QuotaEntity, EntryResult] = {}
    for entry in entries:
        parts = _parts(entry)
        entity = quota_entity(parts.items())
        try:
            if entity in outcomes or len({op.key for op in entry.ops}) < len(entry.ops):
                raise _invalid(f"Ignoring duplicate entity {_shown(parts)}")
            kinds = _allowed_quotas(parts, unknown_hosts)
            records += _plan_quotas(entity, image.client_quotas.of(entity), entry.ops, kinds)
        except KafkaError as error:
            outcomes[entity] = _result(parts, error.code, error.message)
        else:
            outcomes[entity] = _result(parts, ErrorCode.NONE, None)
        if len(records) > MAX_RECORDS_PER_OPERATION:
            raise excessive_operation()
    return AlterClientQuotasPlan([] if validate_only else records, list(outcomes.values()))


def host_names(entries: list[EntryData]) -> set[str]:
    """Return the names of addresses that the plan of these entries asks about, literal addresses among them."""
    return {
        part.entity_name
        for entry in entries
        for part in entry.entity
        if part.entity_type == IP and part.entity_name and len(entry.entity) == 1
    }


def _parts(entry: EntryData) -> dict[str, str | None]:
    """Return the parts of an entity in the order of Kafka's map of them; of one type the last counts."""
    names = {part.entity_type: part.entity_name for part in entry.entity}
    return {
        entity_type: names[entity_type]
        for entity_type in strings_in_hash_order(
            (part.entity_type for part in entry.entity), capacity=len(entry.entity)
        )
    }


def _shown(parts: Mapping[str, str | None]) -> str:
    """Return an entity as Kafka's ClientQuotaEntity prints itself."""
    shown = ", ".join(
        f"{entity_type}={'null' if name is None else name}" for entity_type, name in parts.items()
    )
    return f"ClientQuotaEntity(entries={{{shown}}})"


def _allowed_quotas(parts: Mapping[str, str | None], unknown_hosts: AbstractSet[str]) -> Mapping[str, _Kind]:
    """Return the quotas that an entity can have, or raise what is wrong with it."""
    if not parts:
        raise _invalid("Invalid empty client quota entity")
    for entity_type, name in parts.items():
        if entity_type not in ENTITY_TYPES:
            raise _invalid(f"Unhandled client quota entity type: {entity_type}")
        if name == "":
            raise _invalid(f"Empty {entity_type} not supported")
    if IP not in parts:
        return _USER_AND_CLIENT_QUOTAS
    if len(parts) > 1:
        # The blank is missing in Kafka's text, too.
        raise _invalid(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
        )
    if parts[IP] in unknown_hosts:
        raise _invalid(f"{parts[IP]} is not a valid IP or resolvable host.")
    return _ADDRESS_QUOTAS


def _plan_quotas(
    entity: QuotaEntity, current: Mapping[str, float], ops: list[OpData], kinds: Mapping[str, _Kind]
) -> list[ClientQuotaRecord]:
    by_key = {op.key: op for op in ops}
    records = []
    for key in strings_in_hash_order(by_key, capacity=len(ops)):
        op = by_key[key]
        if op.remove:
            if key in current:
                records.append(_record(entity, key, remove=True))
            continue
        _check_quota(key, op.value, kinds)
        if current.get(key) != op.value:
            records.append(_record(entity, key, value=op.value))
    return records


def _check_quota(key: str, value: float, kinds: Mapping[str, _Kind]) -> None:
    kind = kinds.get(key)
    if kind is None:
        raise _invalid(f"Invalid configuration key {key}")
    if value <= 0:
        raise _invalid(f"Quota {key} must be greater than 0")
    largest, words = kind.value
    if value > largest:
        raise _invalid(f"Proposed value for {key} is too large for {words}.")
    if kind is not _Kind.DOUBLE and math.fmod(value, 1) > FRACTION_LIMIT:
        raise _invalid(f"{key} cannot be a fractional value.")


def _record(entity: QuotaEntity, key: str, *, value: float = 0.0, remove: bool = False) -> ClientQuotaRecord:
    return ClientQuotaRecord(entity=entity_record_parts(entity), key=key, value=value, remove=remove)


def _result(parts: Mapping[str, str | None], code: ErrorCode, message: str | None) -> EntryResult:
    return EntryResult(
        error_code=code,
        error_message=message,
        entity=[EntityData(entity_type=entity_type, entity_name=name) for entity_type, name in parts.items()],
    )


def _invalid(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)
