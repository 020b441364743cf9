import pytest
from tests.unit.metadata.clusters import cluster

from ottla.config.alterations import AlterOperation
from ottla.config.broker import embedded_broker_config
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import records as r
from ottla.metadata.alter_configs_plan import AlterConfigsPlan, plan_alter_configs
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import ClusterImage, apply_records
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
)

SET, DELETE, APPEND, SUBTRACT = AlterOperation


def record(name: str, value: str | None, topic: str = "t") -> r.ConfigRecord:
    return r.ConfigRecord(resource_type=2, resource_name=topic, name=name, value=value)


CONFIG = embedded_broker_config()
IMAGE, _ = apply_records(cluster({"t": 1, "u": 1}), [record("retention.ms", "5")])


def change(name: str, operation: int, value: str | None = None) -> AlterableConfig:
    return AlterableConfig(name=name, config_operation=operation, value=value)


def topic(name: str, *changes: AlterableConfig) -> AlterConfigsResource:
    return AlterConfigsResource(resource_type=ResourceType.TOPIC, resource_name=name, configs=list(changes))


def resource(kind: ResourceType, name: str, *changes: AlterableConfig) -> AlterConfigsResource:
    return AlterConfigsResource(resource_type=kind, resource_name=name, configs=list(changes))


def broker(name: str, *changes: AlterableConfig) -> AlterConfigsResource:
    return resource(ResourceType.BROKER, name, *changes)


def plan(
    *resources: AlterConfigsResource,
    validate_only: bool = False,
    replace: bool = False,
    image: ClusterImage = IMAGE,
) -> AlterConfigsPlan:
    return plan_alter_configs(image, CONFIG, list(resources), validate_only=validate_only, replace=replace)


def test_overrides_are_set_deleted_and_altered() -> None:
    made = plan(
        topic("t", change("retention.ms", DELETE), change("segment.ms", SET, "7")),
        topic("u", change("cleanup.policy", APPEND, "compact")),
    )
    assert made.records == [
        record("retention.ms", None),
        record("segment.ms", "7"),
        record("cleanup.policy", "delete,compact", "u"),
    ]
    assert made.results == [
        AlterConfigsResourceResponse(resource_type=2, resource_name="t", error_message=None),
        AlterConfigsResourceResponse(resource_type=2, resource_name="u", error_message=None),
    ]


def test_replacing_takes_away_what_is_not_named() -> None:
    made = plan(topic("t", change("segment.ms", SET, "7")), replace=True)
    assert made.records == [record("segment.ms", "7"), record("retention.ms", None)]
    assert plan(topic("t", change("retention.ms", SET, "5")), replace=True).records == []


def test_a_change_of_min_insync_replicas_clears_the_eligible_leaders() -> None:
    made = plan(topic("t", change("min.insync.replicas", SET, "1"), change("segment.ms", SET, "7")))
    assert made.records == [
        record("min.insync.replicas", "1"),
        record("segment.ms", "7"),
        r.ClearElrRecord(topic_name="t"),
    ]


def test_what_does_not_change_is_not_written() -> None:
    made = plan(topic("t", change("retention.ms", SET, "5"), change("segment.ms", DELETE)))
    assert made.records == []
    assert made.results[0].error_code == ErrorCode.NONE


def test_a_dry_run_writes_nothing() -> None:
    made = plan(topic("t", change("segment.ms", SET, "7")), validate_only=True)
    assert made.records == []
    assert made.results[0].error_code == ErrorCode.NONE


def test_deleting_a_name_that_nobody_knows_is_no_error() -> None:
    assert plan(topic("t", change("nope", DELETE))).results[0].error_code == ErrorCode.NONE


@pytest.mark.parametrize(
    ("item", "code", "message"),
    [
        (
            topic("t", change("retention.ms", SET, "x")),
            ErrorCode.INVALID_CONFIG,
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        ),
        (
            topic("none", change("retention.ms", SET, "1")),
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            "The topic 'none' does not exist.",
        ),
        (
            topic("", change("retention.ms", SET, "1")),
            ErrorCode.INVALID_REQUEST,
            "Default topic resources are not allowed.",
        ),
        (
            topic("..", change("retention.ms", SET, "1")),
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: '..' is not allowed",
        ),
        (
            topic("t", change("retention.ms", APPEND, "1")),
            ErrorCode.INVALID_CONFIG,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (
            topic("t", change("retention.ms", SET), change("segment.ms", SET)),
            ErrorCode.INVALID_REQUEST,
            "Null value not supported for : retention.ms, segment.ms",
        ),
        (
            topic("t", change("retention.ms", SET, "1"), change("retention.ms", DELETE)),
            ErrorCode.INVALID_REQUEST,
            "Error due to duplicate config keys",
        ),
        (
            AlterConfigsResource(resource_type=3, resource_name="t"),
            ErrorCode.INVALID_REQUEST,
            "Unknown resource type 3",
        ),
        (
            AlterConfigsResource(resource_type=0, resource_name="t"),
            ErrorCode.INVALID_REQUEST,
            "Unknown resource type 0",
        ),
        (
            resource(ResourceType.BROKER_LOGGER, "1", change("root", SET, "INFO")),
            ErrorCode.INVALID_REQUEST,
            "Unknown resource type 8",
        ),
    ],
)
def test_refusals_block_no_other_resource(
    item: AlterConfigsResource, code: ErrorCode, message: str | None
) -> None:
    made = plan(item, topic("u", change("segment.ms", SET, "7")))
    assert made.records == [record("segment.ms", "7", "u")]
    assert (made.results[0].error_code, made.results[0].error_message) == (code, message)


def test_an_operation_that_there_is_not_fails_whatever_is_not_refused_before() -> None:
    unknown = topic("t", change("retention.ms", 9, "1"))
    other = topic("u", change("segment.ms", SET, "7"))
    no_value = topic("v", change("segment.ms", SET))
    made = plan(unknown, other, no_value)
    assert made.records == []
    assert [(each.error_code, each.error_message) for each in made.results] == [
        (ErrorCode.UNKNOWN_SERVER_ERROR, None),
        (ErrorCode.UNKNOWN_SERVER_ERROR, None),
        (ErrorCode.INVALID_REQUEST, "Null value not supported for : segment.ms"),
    ]
    refused_before = topic("t", change("retention.ms", 9, "1"), change("segment.ms", SET))
    assert plan(refused_before, other).records == [record("segment.ms", "7", "u")]


def test_of_several_wrong_changes_the_first_in_kafkas_hash_map_is_told() -> None:
    wrong = topic(
        "t",
        change("segment.jitter.ms", APPEND, "1"),
        change("cleanup.policy", SET, ""),
        change("compression.type", 3, "gzip"),
    )
    made = plan(wrong)
    assert (
        made.results[0].error_message
        == "Can't SUBTRACT to key compression.type because its type is not LIST."
    )


@pytest.mark.parametrize(
    ("unknown", "known", "code"),
    [
        # Kafka meets the lag of at most first.
        ("min.compaction.lag.ms", "max.compaction.lag.ms", ErrorCode.INVALID_CONFIG),
        ("max.compaction.lag.ms", "min.compaction.lag.ms", ErrorCode.UNKNOWN_SERVER_ERROR),
    ],
)
def test_an_unknown_operation_behind_what_is_wrong_fails_nothing_else(
    unknown: str, known: str, code: ErrorCode
) -> None:
    other = topic("u", change("segment.ms", SET, "7"))
    made = plan(topic("t", change(unknown, 9, "1"), change(known, APPEND, "1")), other)
    assert made.results[0].error_code == code
    assert bool(made.records) is (code is ErrorCode.INVALID_CONFIG)


def test_a_resource_given_twice_is_refused_both_times() -> None:
    made = plan(topic("t", change("segment.ms", SET, "7")), topic("t", change("segment.ms", SET, "7")))
    assert made.records == []
    assert [result.error_message for result in made.results] == [
        "Each resource must appear at most once."
    ] * 2


def test_too_many_changes_fail_as_a_whole() -> None:
    many = {f"t{number}": 1 for number in range(10_001)}
    resources = [topic(name, change("segment.ms", SET, "7")) for name in many]
    with pytest.raises(KafkaError) as error:
        plan_alter_configs(cluster(many), CONFIG, resources, validate_only=False, replace=False)
    assert error.value.message == "Unable to perform excessively large batch operation."


def setting(kind: ResourceType, resource_name: str, name: str, value: str | None) -> r.ConfigRecord:
    return r.ConfigRecord(resource_type=kind, resource_name=resource_name, name=name, value=value)


def test_settings_of_one_broker_and_of_all_are_written() -> None:
    made = plan(
        broker("1", change("log.retention.ms", SET, "9"), change("sasl.jaas.config", SET, "secret")),
        broker("", change("log.cleanup.policy", APPEND, "compact"), change("no.such.key", SET, "x")),
    )
    assert made.records == [
        setting(ResourceType.BROKER, "1", "log.retention.ms", "9"),
        setting(ResourceType.BROKER, "1", "sasl.jaas.config", "secret"),
        setting(ResourceType.BROKER, "", "log.cleanup.policy", "delete,compact"),
        setting(ResourceType.BROKER, "", "no.such.key", "x"),
    ]


def test_what_a_broker_is_told_is_written_though_it_changes_nothing() -> None:
    image, _ = apply_records(IMAGE, [setting(ResourceType.BROKER, "1", "log.retention.ms", "9")])
    same = [
        setting(ResourceType.BROKER, "1", "log.retention.ms", "9"),
        setting(ResourceType.BROKER, "1", "log.roll.ms", None),
    ]
    changes = (change("log.retention.ms", SET, "9"), change("log.roll.ms", DELETE))
    assert plan(broker("1", *changes), image=image).records == same
    replaced = plan(broker("1", change("log.roll.ms", SET, "8")), image=image, replace=True)
    assert replaced.records == [
        setting(ResourceType.BROKER, "1", "log.roll.ms", "8"),
        setting(ResourceType.BROKER, "1", "log.retention.ms", None),
    ]


@pytest.mark.parametrize(
    ("item", "code", "message"),
    [
        (
            broker("7", change("log.retention.ms", SET, "9")),
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1, but received 7",
        ),
        (
            broker("x", change("log.retention.ms", SET, "9")),
            ErrorCode.INVALID_REQUEST,
            "Node id must be an integer, but it is: x",
        ),
        (
            broker("1", change("log.retention.ms", 9, "9")),
            ErrorCode.INVALID_REQUEST,
            "Unknown operations type 9",
        ),
        (
            broker("1", change("log.retention.ms", APPEND, "9")),
            ErrorCode.INVALID_CONFIG,
            "Config value append is not allowed for config key: log.retention.ms",
        ),
        (
            broker("1", change("log.retention.ms", SUBTRACT, "9")),
            ErrorCode.INVALID_CONFIG,
            "Config value subtract is not allowed for config key: log.retention.ms",
        ),
        (broker("1", change("no.such.key", APPEND, "9")), ErrorCode.UNKNOWN_SERVER_ERROR, None),
        (broker("1", change("process.roles", APPEND, "x")), ErrorCode.UNKNOWN_SERVER_ERROR, None),
        (
            broker("1", change("process.roles", SET, "broker")),
            ErrorCode.INVALID_REQUEST,
            "Cannot update these configs dynamically: Set(process.roles)",
        ),
        (
            broker("1", change("no.such.key", SET, "x" * 32768)),
            ErrorCode.INVALID_CONFIG,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
        ),
        (
            broker("1", change("min.insync.replicas", SET, "1")),
            ErrorCode.INVALID_CONFIG,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            broker("", change("min.insync.replicas", DELETE)),
            ErrorCode.INVALID_CONFIG,
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
        (
            resource(ResourceType.GROUP, "", change("consumer.session.timeout.ms", SET, "50000")),
            ErrorCode.INVALID_REQUEST,
            "Default group resources are not allowed.",
        ),
        (
            resource(ResourceType.CLIENT_METRICS, "s", change("metrics", APPEND, "org.apache.kafka.")),
            ErrorCode.INVALID_CONFIG,
            "Can't APPEND to key metrics because its type is not LIST.",
        ),
        (
            resource(ResourceType.CLIENT_METRICS, "s", change("interval.ms", SET, "1")),
            ErrorCode.INVALID_REQUEST,
            "Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
    ],
)
def test_what_other_resources_are_refused(
    item: AlterConfigsResource, code: ErrorCode, message: str | None
) -> None:
    made = plan(item, topic("u", change("segment.ms", SET, "7")))
    assert made.records == [record("segment.ms", "7", "u")]
    assert (made.results[0].error_code, made.results[0].error_message) == (code, message)


def test_without_eligible_leader_replicas_every_broker_may_have_its_own_min_insync_replicas() -> None:
    image = cluster({"t": 1}, eligible_leader_replicas=False)
    made = plan(
        broker("1", change("min.insync.replicas", SET, "1")),
        broker("", change("min.insync.replicas", DELETE)),
        image=image,
    )
    assert made.records == [
        setting(ResourceType.BROKER, "1", "min.insync.replicas", "1"),
        setting(ResourceType.BROKER, "", "min.insync.replicas", None),
    ]


def test_a_change_of_min_insync_replicas_for_all_brokers_clears_all_eligible_leaders() -> None:
    made = plan(broker("", change("min.insync.replicas", SET, "1")))
    assert made.records == [
        setting(ResourceType.BROKER, "", "min.insync.replicas", "1"),
        r.ClearElrRecord(topic_name=""),
    ]


def test_a_stored_setting_that_no_broker_takes_is_no_obstacle() -> None:
    stored = [setting(ResourceType.BROKER, "", "process.roles", "broker")]
    image, _ = apply_records(IMAGE, stored)
    made = plan(broker("", change("log.roll.ms", SET, "8")), image=image)
    assert made.results[0].error_code == ErrorCode.NONE


def test_settings_of_groups_and_subscriptions_are_written_where_they_change() -> None:
    interval = setting(ResourceType.CLIENT_METRICS, "s", "interval.ms", "5000")
    image, _ = apply_records(IMAGE, [interval])
    made = plan(
        resource(ResourceType.GROUP, "g", change("consumer.session.timeout.ms", SET, "50000")),
        resource(
            ResourceType.CLIENT_METRICS,
            "s",
            change("interval.ms", SET, "5000"),
            change("metrics", SET, "org.apache.kafka."),
        ),
        image=image,
    )
    assert made.records == [
        setting(ResourceType.GROUP, "g", "consumer.session.timeout.ms", "50000"),
        setting(ResourceType.CLIENT_METRICS, "s", "metrics", "org.apache.kafka."),
    ]


def test_an_unknown_operation_for_a_broker_fails_that_resource_alone() -> None:
    made = plan(broker("1", change("log.roll.ms", 9, "1")), topic("u", change("segment.ms", SET, "7")))
    assert [each.error_code for each in made.results] == [ErrorCode.INVALID_REQUEST, ErrorCode.NONE]
