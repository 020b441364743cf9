import pytest
from tests.unit.metadata.clusters import cluster, partition

from ottla.errors import ErrorCode
from ottla.metadata.create_partitions_plan import plan_create_partitions
from ottla.protocol.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
)

IMAGE = cluster({"t": 2, "u": 1})


def wanted(name: str, count: int, *assignments: list[int]) -> CreatePartitionsTopic:
    manual = [CreatePartitionsAssignment(broker_ids=broker_ids) for broker_ids in assignments]
    return CreatePartitionsTopic(name=name, count=count, assignments=manual or None)


def plan_one(topic: CreatePartitionsTopic) -> CreatePartitionsTopicResult:
    plan = plan_create_partitions(IMAGE, [topic], validate_only=False)
    (result,) = plan.results
    assert (result.error_code == ErrorCode.NONE) == bool(plan.records)
    return result


def test_partitions_are_added_behind_the_last() -> None:
    plan = plan_create_partitions(IMAGE, [wanted("t", 4), wanted("u", 2, [1])], validate_only=False)
    assert plan.records == [partition("t", 2), partition("t", 3), partition("u", 1)]
    assert plan.results == [CreatePartitionsTopicResult(name="t"), CreatePartitionsTopicResult(name="u")]


def test_a_dry_run_writes_nothing() -> None:
    plan = plan_create_partitions(IMAGE, [wanted("t", 4)], validate_only=True)
    assert plan.records == []
    assert plan.results == [CreatePartitionsTopicResult(name="t")]


@pytest.mark.parametrize(
    ("topic", "code", "message"),
    [
        (wanted("t", 2), ErrorCode.INVALID_PARTITIONS, "Topic already has 2 partition(s)."),
        (
            wanted("t", 1),
            ErrorCode.INVALID_PARTITIONS,
            "The topic t currently has 2 partition(s); 1 would not be an increase.",
        ),
        (wanted("none", 1), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None),
        (
            wanted("t", 5, [1]),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "Attempted to add 3 additional partition(s), but only 1 assignment(s) were specified.",
        ),
        (
            wanted("t", 3, [8]),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes broker 8, but no such broker is registered.",
        ),
        (wanted("t", 10_003), ErrorCode.UNKNOWN_SERVER_ERROR, None),
    ],
)
def test_refusals(topic: CreatePartitionsTopic, code: ErrorCode, message: str | None) -> None:
    result = plan_one(topic)
    assert (result.error_code, result.error_message) == (code, message)


def test_a_topic_named_twice_is_refused_once_and_blocks_nobody() -> None:
    plan = plan_create_partitions(
        IMAGE, [wanted("t", 3), wanted("t", 4), wanted("u", 2)], validate_only=False
    )
    assert plan.results == [
        CreatePartitionsTopicResult(
            name="t", error_code=ErrorCode.INVALID_REQUEST, error_message="Duplicate topic name."
        ),
        CreatePartitionsTopicResult(name="u"),
    ]
    assert plan.records == [partition("u", 1)]
