import pytest
from tests.unit.metadata.clusters import cluster

from ottla.config.topic import AlterOperation
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import records as r
from ottla.metadata.alter_configs_plan import AlterConfigsPlan, plan_alter_configs
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import apply_records
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
)

SET, DELETE, APPEND, SUBTRACT = AlterOperation


def record(name: str, value: str | None, topic: str = "t") -> r.ConfigRecord:
    return r.ConfigRecord(resource_type=2, resource_name=topic, name=name, value=value)


IMAGE, _ = apply_records(cluster({"t": 1, "u": 1}), [record("retention.ms", "5")])


def change(name: str, operation: int, value: str | None = None) -> AlterableConfig:
    return AlterableConfig(name=name, config_operation=operation, value=value)


def topic(name: str, *changes: AlterableConfig) -> AlterConfigsResource:
    return AlterConfigsResource(resource_type=ResourceType.TOPIC, resource_name=name, configs=list(changes))


def plan(
    *resources: AlterConfigsResource, validate_only: bool = False, replace: bool = False
) -> AlterConfigsPlan:
    return plan_alter_configs(IMAGE, list(resources), validate_only=validate_only, replace=replace)


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
    ("resource", "code", "message"),
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
            AlterConfigsResource(resource_type=ResourceType.BROKER, resource_name="1"),
            ErrorCode.INVALID_REQUEST,
            "Altering the configurations of a broker is not supported, only of topics",
        ),
    ],
)
def test_refusals_block_no_other_resource(
    resource: AlterConfigsResource, code: ErrorCode, message: str | None
) -> None:
    made = plan(resource, topic("u", change("segment.ms", SET, "7")))
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
        plan_alter_configs(cluster(many), resources, validate_only=False, replace=False)
    assert error.value.message == "Unable to perform excessively large batch operation."
