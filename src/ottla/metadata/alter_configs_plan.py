"""IncrementalAlterConfigs and AlterConfigs against the image (facts 6.2).

A resource is all or nothing; different resources are independent. Two judges stand behind each other, as in Kafka: the
broker that is asked, which knows the form of a request and what may be set on brokers, and the controller, which knows
the other resources and what is stored. The levels of loggers are no business of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from ottla.config.alterations import (
    Alteration,
    AlterOperation,
    apply_alterations,
    check_alterations,
    check_value_size,
)
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.client_metrics import validate_client_metrics
from ottla.config.dynamic import check_dynamic_settings, usable_dynamic_settings
from ottla.config.group import validate_group_settings
from ottla.config.option import REQUIRED, ConfigError, Option, OptionType
from ottla.config.resolved import BrokerConfig
from ottla.config.topic import validate_topic_overrides
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import strings_in_hash_order
from ottla.metadata.aspects.configs import DEFAULT_BROKER_RESOURCE_NAME, ConfigResource, ResourceType
from ottla.metadata.image import ClusterImage
from ottla.metadata.leadership import plan_clear_eligible_leaders
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.node_names import node_number
from ottla.metadata.records import ConfigRecord, MetadataRecord
from ottla.metadata.topic_names import check_topic_name
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
)

_OPERATIONS = frozenset(AlterOperation)

_OPTIONS: Mapping[int, Mapping[str, Option]] = {
    ResourceType.TOPIC: TOPIC_OPTIONS,
    ResourceType.BROKER: BROKER_OPTIONS,
    ResourceType.CLIENT_METRICS: {},
    ResourceType.GROUP: {},
}
"""What is stored, with the options of which Kafka's controller knows whether they are lists."""


class _UnknownOperationError(Exception):
    """An operation without a name, over which Kafka's controller stumbles: it fails all that was asked of it then."""


@dataclass(frozen=True, slots=True)
class AlterConfigsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord]
    results: list[AlterConfigsResourceResponse]


def plan_alter_configs(
    image: ClusterImage,
    config: BrokerConfig,
    resources: list[AlterConfigsResource],
    *,
    validate_only: bool,
    replace: bool,
) -> AlterConfigsPlan:
    """Plan changes of settings; with `replace` those that are not named go, as AlterConfigs has it.

    `config` is the broker's own. Raises KafkaError POLICY_VIOLATION for too many changes.
    """
    times = Counter(map(_resource, resources))
    refusals = [
        repeated_resource() if times[_resource(item)] > 1 else _refusal(image, config, item, replace=replace)
        for item in resources
    ]
    outcomes: list[list[ConfigRecord] | KafkaError]
    try:
        outcomes = [
            refusal or _outcome(image, config, item, replace=replace)
            for item, refusal in zip(resources, refusals, strict=True)
        ]
    except _UnknownOperationError:
        outcomes = [refusal or KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR) for refusal in refusals]
    records: list[MetadataRecord] = []
    results = []
    for item, outcome in zip(resources, outcomes, strict=True):
        result = AlterConfigsResourceResponse(
            resource_type=item.resource_type, resource_name=item.resource_name, error_message=None
        )
        results.append(result)
        if isinstance(outcome, KafkaError):
            result.error_code, result.error_message = outcome.code, outcome.message
        else:
            records += outcome
        if len(records) > MAX_RECORDS_PER_OPERATION:
            raise excessive_operation()
    records += plan_clear_eligible_leaders(image, records)
    return AlterConfigsPlan([] if validate_only else records, results)


def repeated_resource() -> KafkaError:
    """Return the refusal of a resource that stands in a request more than once."""
    return _invalid_request("Each resource must appear at most once.")


def _resource(item: AlterConfigsResource) -> tuple[int, str]:
    return item.resource_type, item.resource_name


def _refusal(
    image: ClusterImage, config: BrokerConfig, item: AlterConfigsResource, *, replace: bool
) -> KafkaError | None:
    """Return what Kafka's broker finds wrong with a resource before it asks the controller, None for nothing."""
    try:
        check_alterations([(entry.name, entry.config_operation, entry.value) for entry in item.configs])
        if item.resource_type not in _OPTIONS:
            raise _invalid_request(f"Unknown resource type {item.resource_type}")
        if item.resource_type == ResourceType.BROKER:
            _check_broker(image, config, item, replace=replace)
    except KafkaError as error:
        return error
    return None


def _check_broker(
    image: ClusterImage, config: BrokerConfig, item: AlterConfigsResource, *, replace: bool
) -> None:
    """Check a change of settings of this broker, or of all, by what this broker knows. Raises KafkaError."""
    per_broker = item.resource_name != DEFAULT_BROKER_RESOURCE_NAME
    if per_broker and node_number(item.resource_name, "Node id") != config.node_id:
        raise _invalid_request(
            f"Unexpected broker id, expected {config.node_id}, but received {item.resource_name}"
        )
    for entry in item.configs:
        if not _has_known_operation(entry):
            raise _invalid_request(f"Unknown operations type {entry.config_operation}")
    stored = image.configs.of(ConfigResource(*_resource(item)))
    current = {} if replace else usable_dynamic_settings(stored, per_broker=per_broker)
    for entry in item.configs:
        if entry.config_operation in (AlterOperation.APPEND, AlterOperation.SUBTRACT):
            _check_broker_list(entry)
    altered = apply_alterations(current, list(map(_alteration, item.configs)), BROKER_OPTIONS)
    try:
        check_dynamic_settings(
            config,
            altered,
            per_broker=per_broker,
            stored_default=image.configs.cluster_default(),
            stored_broker=image.configs.broker(config.node_id),
        )
    except ConfigError as error:
        raise _invalid_request(str(error)) from error


def _check_broker_list(entry: AlterableConfig) -> None:
    option = BROKER_OPTIONS.get(entry.name)
    if option is not None and option.type is not OptionType.LIST:
        word = AlterOperation(entry.config_operation).name.lower()
        raise KafkaError(
            ErrorCode.INVALID_CONFIG, f"Config value {word} is not allowed for config key: {entry.name}"
        )
    if option is None or option.default is REQUIRED:
        # Kafka's broker trips over a name that it does not know, and over a default that there is not.
        # It gives no text then.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)


def _outcome(
    image: ClusterImage, config: BrokerConfig, item: AlterConfigsResource, *, replace: bool
) -> list[ConfigRecord] | KafkaError:
    try:
        return _plan_resource(image, config, item, replace=replace)
    except KafkaError as error:
        return error


def _plan_resource(
    image: ClusterImage, config: BrokerConfig, item: AlterConfigsResource, *, replace: bool
) -> list[ConfigRecord]:
    """Plan one resource as Kafka's controller does. Raises KafkaError and _UnknownOperationError."""
    current = image.configs.of(ConfigResource(*_resource(item)))
    # Kafka keeps the changes in a hash map, and tells what is wrong with the first that it meets there.
    by_name = {entry.name: entry for entry in item.configs}
    in_order = [by_name[name] for name in strings_in_hash_order(by_name)]
    alterations = [_alteration(entry) for entry in takewhile(_has_known_operation, in_order)]
    if replace:
        alterations += [
            Alteration(name, AlterOperation.DELETE, None) for name in current if name not in by_name
        ]
    altered = apply_alterations(current, alterations, _OPTIONS[item.resource_type])
    if not all(map(_has_known_operation, in_order)):
        raise _UnknownOperationError
    # What a broker is told is written even where it changes nothing: it makes the broker look again (KAFKA-14136).
    is_broker = item.resource_type == ResourceType.BROKER
    records = [
        ConfigRecord(
            resource_type=item.resource_type,
            resource_name=item.resource_name,
            name=name,
            value=altered.get(name),
        )
        for name, _, _ in alterations
        if is_broker or altered.get(name) != current.get(name)
    ]
    for record in records:
        _check_eligible_leaders(image, record)
        check_value_size(record.value)
    _check_resource(image, config, item, altered)
    return records


def _has_known_operation(entry: AlterableConfig) -> bool:
    return entry.config_operation in _OPERATIONS


def _alteration(entry: AlterableConfig) -> Alteration:
    return Alteration(entry.name, AlterOperation(entry.config_operation), entry.value)


def _check_eligible_leaders(image: ClusterImage, record: ConfigRecord) -> None:
    """Keep min.insync.replicas the same on all brokers, since who is an eligible leader depends on it (KIP-966)."""
    if (
        not image.features.eligible_leader_replicas
        or record.resource_type != ResourceType.BROKER
        or record.name != "min.insync.replicas"
    ):
        return
    if record.resource_name != DEFAULT_BROKER_RESOURCE_NAME:
        raise KafkaError(
            ErrorCode.INVALID_CONFIG,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        )
    if record.value is None:
        raise KafkaError(
            ErrorCode.INVALID_CONFIG,
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        )


def _check_resource(
    image: ClusterImage, config: BrokerConfig, item: AlterConfigsResource, altered: Mapping[str, str]
) -> None:
    if item.resource_type == ResourceType.TOPIC:
        _check_topic(image, config, item.resource_name, altered)
    elif item.resource_type == ResourceType.GROUP:
        validate_group_settings(config, item.resource_name, altered)
    elif item.resource_type == ResourceType.CLIENT_METRICS:
        validate_client_metrics(item.resource_name, altered)


def _check_topic(image: ClusterImage, config: BrokerConfig, name: str, altered: Mapping[str, str]) -> None:
    if not name:
        raise _invalid_request("Default topic resources are not allowed.")
    check_topic_name(name)
    validate_topic_overrides(altered, config)
    if name not in image.topics.by_name:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")


def _invalid_request(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)
