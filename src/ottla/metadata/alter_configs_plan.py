"""IncrementalAlterConfigs and AlterConfigs against the image (facts 6.2).

A resource is all or nothing; different resources are independent. Only the overrides of topics can be altered so far:
any other resource is refused, never accepted and ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ottla.config.topic import Alteration, AlterOperation, apply_alterations, validate_topic_overrides
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.configs import ConfigResource, ResourceType
from ottla.metadata.image import ClusterImage
from ottla.metadata.leadership import plan_clear_eligible_leaders
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.records import ConfigRecord, MetadataRecord
from ottla.metadata.topic_names import check_topic_name
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
)

_OPERATIONS = frozenset(AlterOperation)
_ALTERABLE = frozenset({ResourceType.TOPIC})
_KNOWN_TYPES = frozenset(ResourceType) - {ResourceType.UNKNOWN}


@dataclass(frozen=True, slots=True)
class AlterConfigsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[AlterConfigsResourceResponse]


def plan_alter_configs(
    image: ClusterImage, resources: list[AlterConfigsResource], *, validate_only: bool, replace: bool
) -> AlterConfigsPlan:
    """Plan changes of overrides; with `replace` those that are not named go, as AlterConfigs has it.

    Raises KafkaError POLICY_VIOLATION for too many changes.
    """
    times = Counter(map(_resource, resources))
    records: list[MetadataRecord] = []
    results = []
    fails_all = any(times[_resource(item)] == 1 and _has_unknown_operation(item) for item in resources)
    for item in resources:
        result = AlterConfigsResourceResponse(
            resource_type=item.resource_type, resource_name=item.resource_name, error_message=None
        )
        results.append(result)
        try:
            if times[_resource(item)] > 1:
                raise _invalid_request("Each resource must appear at most once.")
            _check_resource(item)
            if fails_all:
                # Kafka's controller fails on such a request as a whole, and answers without a text, too.
                raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
            records += _plan_resource(image, item, replace=replace)
        except KafkaError as error:
            result.error_code, result.error_message = error.code, error.message
        if len(records) > MAX_RECORDS_PER_OPERATION:
            raise excessive_operation()
    records += plan_clear_eligible_leaders(image, records)
    return AlterConfigsPlan([] if validate_only else records, results)


def _resource(item: AlterConfigsResource) -> tuple[int, str]:
    return item.resource_type, item.resource_name


def _has_unknown_operation(item: AlterConfigsResource) -> bool:
    """Tell whether a resource that is not refused before has an operation that there is not."""
    try:
        _check_resource(item)
    except KafkaError:
        return False
    return any(entry.config_operation not in _OPERATIONS for entry in item.configs)


def _plan_resource(image: ClusterImage, item: AlterConfigsResource, *, replace: bool) -> list[ConfigRecord]:
    if item.resource_type not in _ALTERABLE:
        word = ResourceType(item.resource_type).name.lower().replace("_", " ")
        raise _invalid_request(f"Altering the configurations of a {word} is not supported, only of topics")
    current = image.configs.of(ConfigResource(item.resource_type, item.resource_name))
    alterations = [_alteration(entry) for entry in item.configs]
    if replace:
        named = {entry.name for entry in item.configs}
        alterations += [
            Alteration(name, AlterOperation.DELETE, None) for name in current if name not in named
        ]
    altered = apply_alterations(current, alterations)
    _check_topic(image, item.resource_name, altered)
    return [
        ConfigRecord(
            resource_type=item.resource_type,
            resource_name=item.resource_name,
            name=name,
            value=altered.get(name),
        )
        for name, _, _ in alterations
        if altered.get(name) != current.get(name)
    ]


def _check_resource(item: AlterConfigsResource) -> None:
    """Raise what Kafka's broker finds wrong before it asks the controller."""
    if len({entry.name for entry in item.configs}) < len(item.configs):
        raise _invalid_request("Error due to duplicate config keys")
    nulls = [
        entry.name
        for entry in item.configs
        if entry.value is None and entry.config_operation != AlterOperation.DELETE
    ]
    if nulls:
        raise _invalid_request(f"Null value not supported for : {', '.join(nulls)}")
    if item.resource_type not in _KNOWN_TYPES:
        raise _invalid_request(f"Unknown resource type {item.resource_type}")


def _alteration(entry: AlterableConfig) -> Alteration:
    return Alteration(entry.name, AlterOperation(entry.config_operation), entry.value)


def _check_topic(image: ClusterImage, name: str, altered: Mapping[str, str]) -> None:
    if not name:
        raise _invalid_request("Default topic resources are not allowed.")
    check_topic_name(name)
    validate_topic_overrides(altered)
    if name not in image.topics.by_name:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")


def _invalid_request(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)
