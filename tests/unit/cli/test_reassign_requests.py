import pytest
from tests.support.live_broker import LiveBroker

from ottla.cli.failures import ToolError
from ottla.cli.reassign_requests import (
    describe_brokers,
    directory_states,
    move_partitions,
    move_replicas,
    ongoing_moves,
    replicas_of_partitions,
    replicas_of_topics,
)
from ottla.client.cluster import Cluster
from ottla.errors import ErrorCode
from ottla.jvm_order import Replica
from ottla.types import TopicPartition

ONE = TopicPartition("one", 0)
THREE = TopicPartition("three", 1)


def test_the_broker_is_described_and_nothing_moves(cluster: Cluster) -> None:
    assert describe_brokers(cluster) == {1: None}
    assert ongoing_moves(cluster) == {}
    assert ongoing_moves(cluster, [ONE, ONE]) == {}


def test_partitions_are_where_they_are(cluster: Cluster) -> None:
    assert replicas_of_topics(cluster, ["one"]) == {ONE: (1,)}
    assert replicas_of_partitions(cluster, [THREE]) == {THREE: (1,)}


@pytest.mark.parametrize(
    ("partitions", "words"),
    [
        ([TopicPartition("missing", 0)], "Topic missing not found."),
        ([ONE, TopicPartition("one", 7)], "Unable to find partition: one-7"),
    ],
)
def test_partitions_that_are_not_there_are_named(
    cluster: Cluster, partitions: list[TopicPartition], words: str
) -> None:
    with pytest.raises(ToolError) as caught:
        replicas_of_partitions(cluster, partitions)
    assert caught.value.message == (
        f"org.apache.kafka.common.errors.UnknownTopicOrPartitionException: {words}"
    )


@pytest.mark.parametrize(
    ("partition", "words"),
    [
        (TopicPartition("", 0), "The given topic name '' cannot be represented in a request."),
        (TopicPartition("one", -1), "The given partition index -1 is not valid."),
    ],
)
def test_partitions_that_cannot_be_are_not_asked_for(
    cluster: Cluster, partition: TopicPartition, words: str
) -> None:
    with pytest.raises(ToolError, match=words):
        ongoing_moves(cluster, [partition])


def test_a_partition_moves_to_where_it_is_and_nowhere_else(cluster: Cluster) -> None:
    assert move_partitions(cluster, {ONE: (1,)}) == {}
    refused = move_partitions(cluster, {ONE: (1, 2), THREE: (1,)})
    assert {each: error.code for each, error in refused.items()} == {
        ONE: ErrorCode.INVALID_REPLICA_ASSIGNMENT
    }
    refused = move_partitions(cluster, {ONE: None})
    assert {each: error.code for each, error in refused.items()} == {
        ONE: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS
    }


def test_replicas_are_in_their_directory(cluster: Cluster, live_broker: LiveBroker) -> None:
    here, nowhere = Replica("one", 0, 1), Replica("missing", 0, 1)
    directory = str(live_broker.directory)
    states = directory_states(cluster, {here: directory, nowhere: directory})
    assert (states[here].current, states[here].future, states[here].is_done) == (directory, None, True)
    assert (states[nowhere].current, states[nowhere].is_done) == (None, False)


def test_a_replica_moves_to_a_directory_that_there_is(cluster: Cluster, live_broker: LiveBroker) -> None:
    here = Replica("one", 0, 1)
    assert move_replicas(cluster, {here: str(live_broker.directory)}) == {here: None}
    (error,) = move_replicas(cluster, {here: "/nowhere/at/all"}).values()
    assert error is not None
    assert error.code is ErrorCode.LOG_DIR_NOT_FOUND
