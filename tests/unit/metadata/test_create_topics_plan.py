from collections.abc import Iterator

import pytest
from tests.unit.metadata.clusters import DIRECTORY, broker, cluster

from ottla.config.broker import embedded_broker_config
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import records as r
from ottla.metadata.create_topics_plan import CreateTopicsPlan, plan_create_topics
from ottla.metadata.image import ClusterImage
from ottla.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
)
from ottla.types import ZERO_UUID, Uuid

CONFIG = embedded_broker_config({"num.partitions": "3"})
IMAGE = cluster({"t": 1, "b.c": 1})
NEW = Uuid(b"new-topic-id-000")


def wanted(name: str, partitions: int = 1, factor: int = 1, **configs: str | None) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        configs=[
            CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()
        ],
    )


def assigned(name: str, *assignments: tuple[int, list[int]]) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=-1,
        replication_factor=-1,
        assignments=[
            CreatableReplicaAssignment(partition_index=number, broker_ids=replicas)
            for number, replicas in assignments
        ],
    )


def plan(
    *topics: CreatableTopic, image: ClusterImage = IMAGE, validate_only: bool = False
) -> CreateTopicsPlan:
    def identifiers() -> Iterator[Uuid]:
        for number in range(1000):
            yield Uuid(b"new-topic-id-%03d" % number)

    issued = identifiers()
    return plan_create_topics(image, CONFIG, list(topics), lambda: next(issued), validate_only=validate_only)


def refusal(topic: CreatableTopic) -> tuple[int, str | None]:
    made = plan(topic)
    assert made.records == []
    (result,) = made.results
    assert (result.name, result.topic_id, result.configs) == (topic.name, ZERO_UUID, [])
    assert (result.num_partitions, result.replication_factor) == (-1, -1)
    return result.error_code, result.error_message


def test_a_topic_is_its_record_its_overrides_and_its_partitions() -> None:
    made = plan(wanted("new", 2, 1, retention_ms="5", cleanup_policy="compact"))
    assert made.records == [
        r.TopicRecord(name="new", topic_id=NEW),
        r.ConfigRecord(resource_type=2, resource_name="new", name="retention.ms", value="5"),
        r.ConfigRecord(resource_type=2, resource_name="new", name="cleanup.policy", value="compact"),
        *(
            r.PartitionRecord(
                partition_id=number,
                topic_id=NEW,
                replicas=[1],
                isr=[1],
                leader=1,
                leader_epoch=0,
                partition_epoch=0,
                directories=[DIRECTORY],
            )
            for number in range(2)
        ),
    ]


def test_an_override_of_min_insync_replicas_clears_the_eligible_leaders() -> None:
    records = plan(wanted("new", min_insync_replicas="1")).records
    assert [type(record) for record in records] == [
        r.TopicRecord,
        r.ConfigRecord,
        r.ClearElrRecord,
        r.PartitionRecord,
    ]
    assert records[2] == r.ClearElrRecord(topic_name="new")
    without = cluster({}, eligible_leader_replicas=False)
    records = plan(wanted("new", min_insync_replicas="1"), image=without).records
    assert r.ClearElrRecord(topic_name="new") not in records


def test_the_result_tells_what_the_topic_became() -> None:
    (result,) = plan(wanted("new", 2, 1, retention_ms="5")).results
    assert (result.topic_id, result.num_partitions, result.replication_factor) == (NEW, 2, 1)
    assert (result.error_code, result.error_message, result.topic_config_error_code) == (0, None, 0)
    assert result.configs is not None
    described = {item.name: (item.value, item.config_source) for item in result.configs}
    assert len(described) == 33
    assert [item.name for item in result.configs] == sorted(described)
    assert described["retention.ms"] == ("5", 1)
    assert described["segment.bytes"] == ("1073741824", 5)


def test_minus_one_asks_for_the_defaults() -> None:
    (result,) = plan(wanted("new", -1, -1)).results
    assert (result.num_partitions, result.replication_factor) == (3, 1)


def test_a_dry_run_answers_alike_and_writes_nothing() -> None:
    assert plan(wanted("new"), validate_only=True) == CreateTopicsPlan([], plan(wanted("new")).results)


@pytest.mark.parametrize(
    ("topic", "code", "message"),
    [
        (wanted("t"), ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 't' already exists."),
        (wanted("b.c"), ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'b.c' already exists."),
        (
            wanted("b_c"),
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic 'b_c' collides with existing topic: b.c",
        ),
        (
            wanted(".."),
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: '..' is not allowed",
        ),
        (
            wanted("__cluster_metadata"),
            ErrorCode.INVALID_REQUEST,
            "Creation of internal topic __cluster_metadata is prohibited.",
        ),
        (
            wanted("new", 0),
            ErrorCode.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            wanted("new", 1, 0),
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            wanted("new", 1, 2),
            ErrorCode.INVALID_REPLICATION_FACTOR,
            (
                "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be "
                "reached because only 1 broker(s) are registered."
            ),
        ),
        (
            wanted("new", retention_ms="x"),
            ErrorCode.INVALID_CONFIG,
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        ),
        (wanted("new", nope="1"), ErrorCode.INVALID_CONFIG, "Unknown topic config name: nope"),
        (
            wanted("new", retention_ms=None),
            ErrorCode.INVALID_CONFIG,
            "Null value not supported for topic configs: retention.ms",
        ),
        (
            assigned("new", (0, [1]), (0, [1])),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "Found multiple manual partition assignments for partition 0",
        ),
        (
            assigned("new", (1, [1])),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        ),
        (
            assigned("new", (0, [2])),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes broker 2, but no such broker is registered.",
        ),
    ],
)
def test_refusals(topic: CreatableTopic, code: ErrorCode, message: str) -> None:
    assert refusal(topic) == (code, message)


def test_a_manual_assignment_says_everything_itself() -> None:
    made = plan(assigned("new", (1, [1]), (0, [1])))
    partitions = [record for record in made.records if isinstance(record, r.PartitionRecord)]
    assert [(each.partition_id, each.replicas) for each in partitions] == [(0, [1]), (1, [1])]
    with_factor = assigned("new", (0, [1]))
    with_factor.replication_factor = 1
    assert refusal(with_factor) == (
        ErrorCode.INVALID_REQUEST,
        "A manual partition assignment was specified, but replication factor was not set to -1.",
    )
    with_count = assigned("new", (0, [1]))
    with_count.num_partitions = 1
    assert refusal(with_count) == (
        ErrorCode.INVALID_REQUEST,
        "A manual partition assignment was specified, but numPartitions was not set to -1.",
    )


def test_nobody_can_host_a_topic_while_all_brokers_are_fenced() -> None:
    fenced = cluster({}, broker(1, fenced=True))
    (result,) = plan(wanted("new"), image=fenced).results
    assert result.error_message == (
        "Unable to replicate the partition 1 time(s): All brokers are currently fenced."
    )
    (result,) = plan(assigned("new", (0, [1])), image=fenced).results
    assert result.error_code == ErrorCode.INVALID_REPLICA_ASSIGNMENT


def test_a_name_given_twice_is_refused_once_and_blocks_nobody() -> None:
    made = plan(wanted("dup"), wanted("dup"), wanted("new"))
    by_name = {result.name: result for result in made.results}
    assert len(made.results) == 2
    assert by_name["new"].error_code == ErrorCode.NONE
    assert by_name["dup"] == CreatableTopicResult(
        name="dup",
        error_code=ErrorCode.INVALID_REQUEST,
        error_message="Duplicate topic name.",
        configs=[],
    )


def test_names_of_one_request_do_not_collide_with_each_other() -> None:
    assert [result.error_code for result in plan(wanted("m.n"), wanted("m_n")).results] == [0, 0]


def test_of_an_override_given_twice_the_last_counts() -> None:
    topic = wanted("new", retention_ms="5")
    topic.configs.append(CreatableTopicConfig(name="retention.ms", value="6"))
    made = plan(topic)
    values = [record.value for record in made.records if isinstance(record, r.ConfigRecord)]
    assert values == ["6"]


@pytest.mark.parametrize(
    ("topics", "message"),
    [
        ([wanted("big", 10_001)], "Excessively large number of partitions per request."),
        (
            [wanted("one", 6_000), wanted("two", 6_000)],
            "Excessively large number of partitions per request.",
        ),
        ([wanted("big", 9_998), wanted("t", -1)], "Excessively large number of partitions per request."),
        ([wanted("big", 10_000)], "Unable to perform excessively large batch operation."),
    ],
)
def test_too_much_fails_as_a_whole(topics: list[CreatableTopic], message: str) -> None:
    with pytest.raises(KafkaError) as error:
        plan(*topics)
    assert (error.value.code, error.value.message) == (ErrorCode.POLICY_VIOLATION, message)


def test_the_factor_of_the_configuration_is_bounded_by_the_brokers_unless_that_is_off() -> None:
    two_brokers = cluster({}, broker(1), broker(2))

    def planned(image: ClusterImage, clamp: str, factor: int = -1) -> CreatableTopicResult:
        config = embedded_broker_config(
            {"default.replication.factor": "3", "ottla.replication.factor.clamp": clamp}
        )
        made = plan_create_topics(image, config, [wanted("new", 1, factor)], lambda: NEW, validate_only=False)
        (result,) = made.results
        return result

    assert planned(IMAGE, "true").replication_factor == 1
    assert planned(two_brokers, "true").replication_factor == 2
    refused = planned(IMAGE, "false")
    assert refused.error_code == ErrorCode.INVALID_REPLICATION_FACTOR
    assert refused.error_message == (
        "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be "
        "reached because only 1 broker(s) are registered."
    )
    assert planned(IMAGE, "true", 3).error_message == refused.error_message
