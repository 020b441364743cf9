from typing import Any

import pytest
from tests.unit.metadata.clusters import broker, cluster, partition, topic_id

from ottla.config.broker import embedded_broker_config
from ottla.errors import ErrorCode, KafkaError, error_message
from ottla.metadata import records as r
from ottla.metadata.elect_leaders_plan import ElectionPlan, plan_elections
from ottla.metadata.image import ClusterImage, apply_records
from ottla.protocol.messages.elect_leaders import PartitionResult, ReplicaElectionResult, TopicPartitions

CONFIG = embedded_broker_config({})
PREFERRED, UNCLEAN = 0, 1
T = topic_id("t")
ONE_NODE = cluster({"t": 2, "u": 1})
NOT_NEEDED = error_message(ErrorCode.ELECTION_NOT_NEEDED)


def plan(image: ClusterImage, election_type: int, asked: dict[str, list[int]] | None) -> ElectionPlan:
    wishes = None
    if asked is not None:
        wishes = [TopicPartitions(topic=topic, partitions=numbers) for topic, numbers in asked.items()]
    return plan_elections(image, CONFIG, election_type, wishes)


def with_partition(*brokers: r.RegisterBrokerRecord, replicas: tuple[int, ...], **state: Any) -> ClusterImage:
    record = partition("t", 0, replicas)
    for name, value in state.items():
        setattr(record, name, value)
    return apply_records(cluster({}, *brokers), [r.TopicRecord(name="t", topic_id=T), record])[0]


def result(number: int, code: ErrorCode = ErrorCode.NONE, message: str | None = None) -> PartitionResult:
    return PartitionResult(partition_id=number, error_code=code, error_message=message)


@pytest.mark.parametrize("election_type", [PREFERRED, UNCLEAN])
def test_a_node_that_leads_all_its_partitions_needs_no_election(election_type: int) -> None:
    planned = plan(ONE_NODE, election_type, {"t": [1, 0]})
    assert planned.records == []
    assert planned.results == [
        ReplicaElectionResult(
            topic="t",
            partition_result=[result(number, ErrorCode.ELECTION_NOT_NEEDED, NOT_NEEDED) for number in (1, 0)],
        )
    ]


@pytest.mark.parametrize("election_type", [PREFERRED, UNCLEAN])
def test_where_all_are_meant_those_without_need_are_left_out(election_type: int) -> None:
    assert plan(ONE_NODE, election_type, None).results == [
        ReplicaElectionResult(topic="t"),
        ReplicaElectionResult(topic="u"),
    ]


def test_what_is_not_there_is_refused_alone() -> None:
    planned = plan(ONE_NODE, PREFERRED, {"no": [0], "t": [9, -1]})
    missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert planned.results == [
        ReplicaElectionResult(topic="no", partition_result=[result(0, missing, "No such topic as no")]),
        ReplicaElectionResult(
            topic="t",
            partition_result=[
                result(9, missing, "No such partition as t-9"),
                result(-1, missing, "No such partition as t--1"),
            ],
        ),
    ]


@pytest.mark.parametrize("election_type", [-1, 2, 127])
def test_a_type_that_there_is_not_fails_the_whole_request(election_type: int) -> None:
    with pytest.raises(KafkaError, match=f"INVALID_REQUEST: Unknown election type {election_type}"):
        plan(ONE_NODE, election_type, None)


@pytest.mark.parametrize("asked", [None, {"t": [0]}])
def test_the_preferred_replica_leads_again(asked: dict[str, list[int]] | None) -> None:
    planned = plan(with_partition(broker(1), broker(2), replicas=(1, 2), leader=2), PREFERRED, asked)
    assert planned.records == [r.PartitionChangeRecord(partition_id=0, topic_id=T, leader=1)]
    assert planned.results == [ReplicaElectionResult(topic="t", partition_result=[result(0)])]


def test_a_preferred_replica_that_is_fenced_does_not_lead() -> None:
    image = with_partition(broker(1, fenced=True), broker(2), replicas=(1, 2), leader=2)
    planned = plan(image, PREFERRED, {"t": [0]})
    code = ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
    assert planned.records == []
    assert planned.results[0].partition_result == [result(0, code, error_message(code))]


def test_an_unclean_election_takes_whoever_is_there() -> None:
    image = with_partition(broker(1), broker(2, fenced=True), replicas=(2, 1), isr=[2], leader=-1)
    planned = plan(image, UNCLEAN, None)
    assert planned.results == [ReplicaElectionResult(topic="t", partition_result=[result(0)])]
    after, _ = apply_records(image, planned.records)
    elected = after.topics.by_name["t"].partitions[0]
    assert (elected.leader, elected.isr, elected.leader_recovery_state) == (1, (1,), 1)


@pytest.mark.parametrize(
    ("election_type", "code"),
    [
        (PREFERRED, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE),
        (UNCLEAN, ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE),
    ],
)
def test_nobody_can_be_elected_where_no_replica_is_there(election_type: int, code: ErrorCode) -> None:
    image = with_partition(broker(1), broker(2, fenced=True), replicas=(2,), leader=-1)
    planned = plan(image, election_type, {"t": [0]})
    assert planned.records == []
    assert planned.results[0].partition_result == [result(0, code, error_message(code))]


def test_too_many_changes_fail_the_whole_request() -> None:
    image, _ = apply_records(
        cluster({}, broker(1), broker(2)),
        [
            r.TopicRecord(name="t", topic_id=T),
            *(partition("t", number, (1, 2)) for number in range(10_001)),
            *(r.PartitionChangeRecord(partition_id=each, topic_id=T, leader=2) for each in range(10_001)),
        ],
    )
    with pytest.raises(KafkaError, match="POLICY_VIOLATION: Unable to perform excessively large batch"):
        plan(image, PREFERRED, None)
