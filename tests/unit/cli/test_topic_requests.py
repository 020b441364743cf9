import pytest

from ottla.cli.failures import ToolError
from ottla.cli.topic_requests import (
    BROKER,
    EARLIEST,
    LATEST,
    NO_OFFSET,
    TOPIC,
    change_configs,
    describe_topics,
    list_offsets,
)
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from ottla.types import TopicPartition

ONE = TopicPartition("one", 0)
FAR_FUTURE_MS = 4_000_000_000_000


def test_topics_are_described_with_their_partitions(cluster: Cluster) -> None:
    found = describe_topics(cluster, ["three", "missing", "", "one", "one"])
    assert found["three"] == [(0, (1,)), (1, (1,)), (2, (1,))]
    assert found["one"] == [(0, (1,))]
    missing, unnamed = found["missing"], found[""]
    assert isinstance(missing, ApiError)
    assert missing.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert str(unnamed) == "The given topic name '' cannot be represented in a request."


def test_offsets_are_found_by_time(cluster: Cluster) -> None:
    partitions = [ONE, TopicPartition("three", 1)]
    assert list_offsets(cluster, partitions, LATEST) == {partitions[0]: 5, partitions[1]: 0}
    assert list_offsets(cluster, partitions, EARLIEST) == {partitions[0]: 0, partitions[1]: 0}
    assert list_offsets(cluster, [ONE], FAR_FUTURE_MS) == {ONE: NO_OFFSET}
    assert list_offsets(cluster, [], LATEST) == {}


def test_a_topic_that_is_not_there_has_no_offsets(cluster: Cluster) -> None:
    with pytest.raises(ToolError) as caught:
        list_offsets(cluster, [ONE, TopicPartition("missing", 0)], LATEST)
    assert caught.value.message == (
        "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Failed to fetch metadata for partition "
        "missing-0 because metadata for topic `missing` could not be found"
    )


@pytest.mark.parametrize(
    ("resource_type", "name", "key"),
    [
        (TOPIC, "one", "leader.replication.throttled.replicas"),
        (BROKER, "1", "leader.replication.throttled.rate"),
    ],
)
def test_settings_are_set_and_taken_back(cluster: Cluster, resource_type: int, name: str, key: str) -> None:
    value = "0:1" if resource_type == TOPIC else "5000"
    change_configs(cluster, resource_type, {name: {key: value}})
    assert _setting(cluster, resource_type, name, key) == value
    change_configs(cluster, resource_type, {name: {key: None}})
    assert _setting(cluster, resource_type, name, key) != value


def test_a_setting_that_cannot_be_is_refused(cluster: Cluster) -> None:
    with pytest.raises(ToolError, match="InvalidConfigurationException"):
        change_configs(cluster, TOPIC, {"one": {"retention.ms": "soon"}})


def _setting(cluster: Cluster, resource_type: int, name: str, key: str) -> str | None:
    resource = DescribeConfigsResource(
        resource_type=resource_type, resource_name=name, configuration_keys=[key]
    )
    (result,) = cluster.ask_any(DescribeConfigsRequest(resources=[resource])).results
    return next((row.value for row in result.configs), None)
