from typing import Any

import pytest
from tests.unit.metadata.clusters import DIRECTORY, broker, cluster, partition, topic_id

from ottla.config.broker import embedded_broker_config
from ottla.errors import ErrorCode
from ottla.metadata import records as r
from ottla.metadata.image import ClusterImage, apply_records
from ottla.metadata.reassignment_plan import ReassignmentPlan, plan_reassignments
from ottla.protocol.messages.alter_partition_reassignments import (
    ReassignablePartition,
    ReassignablePartitionResponse,
    ReassignableTopic,
)

CONFIG = embedded_broker_config({})
T = topic_id("t")
ONE_NODE = cluster({"t": 2})


def plan(
    image: ClusterImage, topic: str, *wishes: tuple[int, list[int] | None], allow_factor_change: bool = True
) -> ReassignmentPlan:
    partitions = [ReassignablePartition(partition_index=index, replicas=nodes) for index, nodes in wishes]
    return plan_reassignments(
        image,
        CONFIG,
        [ReassignableTopic(name=topic, partitions=partitions)],
        allow_replication_factor_change=allow_factor_change,
    )


def answered(index: int, code: ErrorCode = ErrorCode.NONE, message: str | None = None) -> Any:
    return ReassignablePartitionResponse(partition_index=index, error_code=code, error_message=message)


def one_answer(planned: ReassignmentPlan) -> tuple[int, str | None]:
    ((answer,),) = [result.partitions for result in planned.results]
    return answer.error_code, answer.error_message


def two_nodes(*changes: r.MetadataRecord, replicas: tuple[int, ...] = (1,)) -> ClusterImage:
    """A log that was two nodes': topic t on these replicas, and what happened to it."""
    made = [r.TopicRecord(name="t", topic_id=T), partition("t", 0, replicas), *changes]
    return apply_records(cluster({}, broker(1), broker(2)), made)[0]


def changed(**fields: Any) -> r.PartitionChangeRecord:
    return r.PartitionChangeRecord(partition_id=0, topic_id=T, **fields)


MOVING = changed(replicas=[2, 1], adding_replicas=[2], removing_replicas=[1], directories=[DIRECTORY] * 2)


def test_to_stay_is_a_success_that_changes_nothing() -> None:
    planned = plan(ONE_NODE, "t", (0, [1]), (1, [1]))
    assert planned.records == []
    assert [(each.name, each.partitions) for each in planned.results] == [("t", [answered(0), answered(1)])]


@pytest.mark.parametrize(
    ("topic", "wish", "code", "message"),
    [
        ("no", (0, [1]), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find a topic named no."),
        ("no", (0, None), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find a topic named no."),
        ("t", (7, [1]), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find partition t:7."),
        (
            "t",
            (0, [2]),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes broker 2, but no such broker is registered.",
        ),
        (
            "t",
            (0, [1, 1]),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes the broker 1 more than once.",
        ),
        (
            "t",
            (0, []),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes an empty replica list.",
        ),
        ("t", (0, None), ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, None),
    ],
)
def test_refusals(
    topic: str, wish: tuple[int, list[int] | None], code: ErrorCode, message: str | None
) -> None:
    planned = plan(ONE_NODE, topic, wish)
    assert one_answer(planned) == (code, message)
    assert planned.records == []


def test_one_refusal_blocks_nobody() -> None:
    planned = plan(two_nodes(), "t", (0, [2]), (1, [1]))
    assert [each.error_code for each in planned.results[0].partitions] == [0, 3]
    assert len(planned.records) == 1


def test_the_number_of_replicas_stays_where_the_client_wants_that() -> None:
    planned = plan(two_nodes(), "t", (0, [1, 2]), allow_factor_change=False)
    message = "The replication factor is changed from 1 to 2"
    assert one_answer(planned) == (ErrorCode.INVALID_REPLICATION_FACTOR, message)
    assert one_answer(plan(ONE_NODE, "t", (0, [1]), allow_factor_change=False)) == (0, None)


def test_replicas_that_cannot_be_are_refused_before_they_are_counted() -> None:
    planned = plan(ONE_NODE, "t", (0, [1, 2]), allow_factor_change=False)
    assert one_answer(planned)[0] == ErrorCode.INVALID_REPLICA_ASSIGNMENT


def test_a_move_under_way_is_counted_without_what_is_added() -> None:
    image = two_nodes(MOVING)
    planned = plan(image, "t", (0, [1, 2]), allow_factor_change=False)
    message = "The replication factor is changed from 1 to 2"
    assert one_answer(planned) == (ErrorCode.INVALID_REPLICATION_FACTOR, message)
    assert one_answer(plan(image, "t", (0, [2]), allow_factor_change=False)) == (0, None)


def test_a_move_to_another_node_begins() -> None:
    assert plan(two_nodes(), "t", (0, [2])).records == [MOVING]


def test_the_replicas_of_a_node_that_is_gone_are_given_up_at_once() -> None:
    image = two_nodes(changed(isr=[1]), replicas=(1, 2))
    planned = plan(image, "t", (0, [1]))
    assert planned.records == [changed(replicas=[1], leader=1, directories=[DIRECTORY])]
    after, _ = apply_records(image, planned.records)
    assert after.topics.by_name["t"].partitions[0].leader_epoch == 1
    assert plan(after, "t", (0, [1])).records == []


def test_a_move_is_taken_back() -> None:
    image = two_nodes(MOVING)
    planned = plan(image, "t", (0, None))
    assert planned.records == [
        changed(replicas=[1], leader=1, adding_replicas=[], removing_replicas=[], directories=[DIRECTORY])
    ]
    after, _ = apply_records(image, planned.records)
    assert one_answer(plan(after, "t", (0, None))) == (ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, None)


def test_a_move_is_not_taken_back_at_the_cost_of_records() -> None:
    only_the_new = changed(
        replicas=[2, 1], adding_replicas=[2], isr=[2], leader=2, directories=[DIRECTORY] * 2
    )
    image = two_nodes(only_the_new)
    assert one_answer(plan(image, "t", (0, None))) == (
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        "Unable to revert partition assignment for t:0 because it would require an unclean leader election.",
    )


def test_a_move_that_would_leave_no_replica_is_not_taken_back() -> None:
    image = two_nodes(changed(adding_replicas=[1]))
    assert one_answer(plan(image, "t", (0, None))) == (
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        "Invalid replica assignment: addingReplicas contains all replicas.",
    )


def test_more_changes_than_a_request_may_cause_are_refused() -> None:
    image, _ = apply_records(
        cluster({}, broker(1), broker(2)),
        [r.TopicRecord(name="t", topic_id=T), *(partition("t", number) for number in range(10_001))],
    )
    planned = plan(image, "t", *((number, [2]) for number in range(10_001)))
    assert len(planned.records) == 10_000
    assert planned.results[0].partitions[-1] == answered(10_000, ErrorCode.UNKNOWN_SERVER_ERROR)
