"""What is known of topics follows the last answer."""

import pytest
from tests.support.client_cluster import TOPIC_ID, cluster_of, metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

from ottla.client.topic_metadata import PartitionView, TopicMetadata
from ottla.errors import ErrorCode
from ottla.types import TopicPartition


def test_leaders_and_ids_are_those_of_the_last_answer() -> None:
    answers = iter([[1, 2], [2, 2]])
    with (
        ScriptedNode(lambda *_: metadata_response({1: node.port, 2: 2}, {"t": next(answers)})) as node,
        cluster_of(node.address) as cluster,
    ):
        metadata = TopicMetadata(cluster, 300_000)
        assert metadata.is_stale
        assert metadata.leader(TopicPartition("t", 0)) is None
        metadata.refresh(["t"])
        assert not metadata.is_stale
        assert metadata.partition_count("t") == 2
        assert metadata.leader(TopicPartition("t", 0)) == PartitionView(1, 3)
        assert metadata.leader(TopicPartition("t", 2)) is None
        assert (metadata.topic_id("t"), metadata.names) == (TOPIC_ID, {TOPIC_ID: "t"})
        metadata.distrust()
        assert metadata.is_stale
        metadata.refresh(["t"])
        assert metadata.leader(TopicPartition("t", 0)) == PartitionView(2, 3)


def test_a_connection_that_died_meanwhile_is_replaced_at_once() -> None:
    answers = iter([metadata_response({1: 1}, {"t": [1]}), CLOSE, metadata_response({1: 1}, {"t": [2]})])
    with ScriptedNode(lambda *_: next(answers)) as node, cluster_of(node.address) as cluster:
        metadata = TopicMetadata(cluster, 300_000)
        metadata.refresh(["t"])
        metadata.refresh(["t"])
        assert metadata.leader(TopicPartition("t", 0)) == PartitionView(2, 3)
        assert node.connections == 2


def test_a_topic_without_partitions_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    response = metadata_response({1: 1}, {"t": []})
    response.topics[0].error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    with ScriptedNode(lambda *_: response) as node, cluster_of(node.address) as cluster:
        metadata = TopicMetadata(cluster, 300_000)
        metadata.refresh(["t"])
        assert metadata.partition_count("t") == 0
        assert metadata.topics["t"].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert (
        "The metadata response from the cluster reported a recoverable issue with correlation id 2 : "
        "{t=UNKNOWN_TOPIC_OR_PARTITION}"
    ) in capsys.readouterr().err


def test_a_name_that_cannot_be_is_an_error_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    response = metadata_response({1: 1}, {"no topic": []})
    response.topics[0].error_code = ErrorCode.INVALID_TOPIC_EXCEPTION
    with ScriptedNode(lambda *_: response) as node, cluster_of(node.address) as cluster:
        TopicMetadata(cluster, 300_000).refresh(["no topic"])
    assert "Metadata response reported invalid topics [no topic] (org.apache.kafka.clients.Metadata)" in (
        capsys.readouterr().err
    )


def test_a_partition_whose_leader_is_gone_has_none() -> None:
    response = metadata_response({1: 1}, {"t": [1]})
    response.topics[0].partitions[0].error_code = ErrorCode.LEADER_NOT_AVAILABLE
    with ScriptedNode(lambda *_: response) as node, cluster_of(node.address) as cluster:
        metadata = TopicMetadata(cluster, 300_000)
        metadata.refresh(["t"])
        assert metadata.leader(TopicPartition("t", 0)) is None
        assert metadata.partition_count("t") == 1
