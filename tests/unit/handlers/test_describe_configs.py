from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.config.describe import ConfigSource
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.describe_configs import handle
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.records import ConfigRecord
from ottla.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResult,
)

OVERRIDES = [
    ConfigRecord(resource_type=ResourceType.TOPIC, resource_name="orders", name="retention.ms", value="1000"),
    ConfigRecord(resource_type=ResourceType.BROKER, resource_name="", name="min.insync.replicas", value="1"),
]


def ask(kind: int, name: str, *keys: str, **flags: bool) -> DescribeConfigsResult:
    context = context_of(image_of([*cluster_records(), *OVERRIDES]), 4, overrides={"num.partitions": "4"})
    resource = DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=list(keys) or None
    )
    (result,) = handle(DescribeConfigsRequest(resources=[resource], **flags), context).results
    return result


def test_a_topic_is_described_with_its_overrides() -> None:
    result = ask(ResourceType.TOPIC, "orders", "retention.ms", "segment.bytes")
    assert (result.error_code, result.error_message) == (0, "")
    rows = {row.name: row for row in result.configs}
    assert set(rows) == {"retention.ms", "segment.bytes"}
    assert (rows["retention.ms"].value, rows["retention.ms"].config_source) == ("1000", ConfigSource.TOPIC)
    assert rows["segment.bytes"].config_source == ConfigSource.DEFAULT
    assert rows["retention.ms"].synonyms == []
    assert rows["retention.ms"].documentation is None


def test_synonyms_and_documentation_come_on_demand() -> None:
    result = ask(
        ResourceType.TOPIC, "orders", "min.insync.replicas", include_synonyms=True, include_documentation=True
    )
    (row,) = result.configs
    assert [(each.name, each.value, each.source) for each in row.synonyms] == [
        ("min.insync.replicas", "1", ConfigSource.DYNAMIC_DEFAULT_BROKER),
        ("min.insync.replicas", "1", ConfigSource.DEFAULT),
    ]
    assert row.documentation


def test_this_broker_and_the_default_of_all_brokers_are_described() -> None:
    (row,) = ask(ResourceType.BROKER, "1", "num.partitions").configs
    assert (row.value, row.config_source, row.read_only) == ("4", ConfigSource.STATIC_BROKER, True)
    (row,) = ask(ResourceType.BROKER, "").configs
    assert (row.name, row.config_source) == ("min.insync.replicas", ConfigSource.DYNAMIC_DEFAULT_BROKER)


@pytest.mark.parametrize(
    ("kind", "name", "code", "message"),
    [
        (ResourceType.TOPIC, "missing", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ""),
        (
            ResourceType.TOPIC,
            "",
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: the empty string is not allowed",
        ),
        (
            ResourceType.BROKER,
            "7",
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1 or empty string, but received 7",
        ),
        (ResourceType.BROKER, "x", ErrorCode.INVALID_REQUEST, "Broker id must be an integer, but it is: x"),
        (
            ResourceType.GROUP,
            "g",
            ErrorCode.INVALID_REQUEST,
            "Resources of type GROUP are not described by this broker",
        ),
    ],
)
def test_a_resource_that_cannot_be_described_fails_alone(
    kind: int, name: str, code: ErrorCode, message: str
) -> None:
    result = ask(kind, name)
    assert (result.error_code, result.error_message, result.configs) == (code, message, [])


@pytest.mark.parametrize("kind", [0, 77])
def test_an_unknown_kind_of_resource_fails_the_request(kind: int) -> None:
    with pytest.raises(KafkaError) as refusal:
        ask(kind, "x")
    assert refusal.value.code is ErrorCode.INVALID_REQUEST
