from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of

from ottla.config.describe import ConfigSource
from ottla.config.option import OptionType
from ottla.coordination.broker_config import LiveBrokerConfig
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.describe_configs import handle
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import EMPTY, apply_records
from ottla.metadata.records import ConfigRecord
from ottla.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResult,
)
from ottla.telemetry.running_levels import RunningLevels

OVERRIDES = [
    ConfigRecord(resource_type=ResourceType.TOPIC, resource_name="orders", name="retention.ms", value="1000"),
    ConfigRecord(resource_type=ResourceType.BROKER, resource_name="", name="min.insync.replicas", value="1"),
    ConfigRecord(resource_type=ResourceType.BROKER, resource_name="", name="process.roles", value="broker"),
    *(
        ConfigRecord(resource_type=ResourceType.BROKER, resource_name="1", name=name, value=value)
        for name, value in (
            ("leader.replication.throttled.rate", "9"),
            ("listener.name.plaintext.max.connections", "8"),
            ("listener.name.plaintext.ssl.keystore.password", "secret"),
            ("no.such.key", "secret"),
            ("log.roll.ms", "7"),
        )
    ),
    ConfigRecord(
        resource_type=ResourceType.GROUP, resource_name="g", name="streams.num.standby.replicas", value="2"
    ),
    ConfigRecord(
        resource_type=ResourceType.CLIENT_METRICS, resource_name="s", name="metrics", value="org.apache."
    ),
]


def ask(kind: int, name: str, *keys: str, **flags: bool) -> DescribeConfigsResult:
    image, delta = apply_records(EMPTY, [*cluster_records(), *OVERRIDES])
    context = context_of(image, 4, overrides={"num.partitions": "4"}, levels=RunningLevels())
    live = LiveBrokerConfig(context.services.config)
    live.on_image(image, delta)
    context.services.config = live.config
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
        (ResourceType.BROKER_LOGGER, "", ErrorCode.INVALID_REQUEST, "Broker id must not be empty"),
        (
            ResourceType.BROKER_LOGGER,
            "7",
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1 but received 7",
        ),
        (
            ResourceType.BROKER_LOGGER,
            "x",
            ErrorCode.INVALID_REQUEST,
            "Broker id must be an integer, but it is: x",
        ),
        (
            ResourceType.CLIENT_METRICS,
            "",
            ErrorCode.INVALID_REQUEST,
            "Client metrics subscription name must not be empty",
        ),
        (ResourceType.GROUP, "", ErrorCode.INVALID_REQUEST, "Group name must not be empty"),
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


def test_a_setting_of_a_listener_and_a_quota_are_described_by_their_options() -> None:
    names = (
        "leader.replication.throttled.rate",
        "listener.name.plaintext.max.connections",
        "listener.name.plaintext.ssl.keystore.password",
        "no.such.key",
    )
    result = ask(ResourceType.BROKER, "1", *names, include_synonyms=True, include_documentation=True)
    rows = {row.name: row for row in result.configs}
    assert [(rows[name].value, rows[name].is_sensitive, rows[name].config_type) for name in names] == [
        ("9", False, OptionType.LONG),
        ("8", False, OptionType.INT),
        (None, True, OptionType.PASSWORD),
        (None, True, OptionType.UNKNOWN),
    ]
    assert all(row.read_only and row.documentation is None for row in result.configs)
    assert [(each.name, each.value) for each in rows[names[1]].synonyms] == [
        ("listener.name.plaintext.max.connections", "8"),
        ("max.connections", "2147483647"),
    ]


def test_dynamic_settings_of_a_broker_are_in_effect_and_those_that_no_broker_takes_are_not() -> None:
    (row,) = ask(ResourceType.BROKER, "1", "log.roll.ms").configs
    assert (row.value, row.config_source, row.read_only) == ("7", ConfigSource.DYNAMIC_BROKER, False)
    (row,) = ask(ResourceType.TOPIC, "orders", "segment.ms").configs
    assert (row.value, row.config_source) == ("7", ConfigSource.DYNAMIC_BROKER)
    (row,) = ask(ResourceType.BROKER, "1", "process.roles").configs
    assert (row.value, row.config_source) == ("broker,controller", ConfigSource.STATIC_BROKER)


def test_groups_and_subscriptions_are_described_though_nobody_made_them() -> None:
    (row,) = ask(ResourceType.GROUP, "g", "streams.num.standby.replicas").configs
    assert (row.value, row.config_source) == ("2", ConfigSource.GROUP)
    (row,) = ask(ResourceType.GROUP, "other", "streams.num.standby.replicas").configs
    assert (row.value, row.config_source) == ("0", ConfigSource.DEFAULT)
    (row,) = ask(ResourceType.CLIENT_METRICS, "s", "metrics").configs
    assert (row.value, row.config_source) == ("org.apache.", ConfigSource.CLIENT_METRICS)
    assert len(ask(ResourceType.CLIENT_METRICS, "other").configs) == 3


def test_loggers_are_described_with_their_levels() -> None:
    (row,) = ask(ResourceType.BROKER_LOGGER, "1", "root", include_documentation=True).configs
    assert (row.config_source, row.read_only, row.config_type) == (
        ConfigSource.DYNAMIC_BROKER_LOGGER,
        False,
        OptionType.UNKNOWN,
    )
    assert row.documentation == ""
