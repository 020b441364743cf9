from typing import Any

import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster, refuse_version

from ottla.cli.topic_metadata import describe_each_topic, describe_topic_by_id, describe_topics, list_topics
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from ottla.protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from ottla.protocol.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ottla.types import Uuid, random_uuid

ID = random_uuid()
BROKERS = DescribeClusterResponse(
    cluster_id="c", brokers=[DescribeClusterBroker(broker_id=1, host="localhost", port=1)]
)


def _page(*topics: tuple[str, list[int]], cursor: tuple[str, int] | None = None, error_code: int = 0) -> Any:
    return DescribeTopicPartitionsResponse(
        topics=[
            DescribeTopicPartitionsResponseTopic(
                error_code=error_code,
                name=name,
                topic_id=ID,
                partitions=[
                    DescribeTopicPartitionsResponsePartition(
                        partition_index=number,
                        leader_id=1 if number % 2 == 0 else 9,
                        replica_nodes=[1, 9],
                        isr_nodes=[1],
                        eligible_leader_replicas=[],
                        last_known_elr=[],
                    )
                    for number in numbers
                ],
            )
            for name, numbers in topics
        ],
        next_cursor=None if cursor is None else Cursor(topic_name=cursor[0], partition_index=cursor[1]),
    )


def _metadata(*topics: tuple[str | None, Uuid], error_code: int = 0) -> MetadataResponse:
    return MetadataResponse(
        brokers=[MetadataResponseBroker(node_id=1, host="localhost", port=1)],
        topics=[
            MetadataResponseTopic(
                error_code=error_code,
                name=name,
                topic_id=topic_id,
                is_internal=name == "__consumer_offsets",
                partitions=[
                    MetadataResponsePartition(
                        partition_index=number, leader_id=1, replica_nodes=[1], isr_nodes=[1]
                    )
                    for number in (1, 0)
                ],
            )
            for name, topic_id in topics
        ],
    )


class _Pages:
    """Answers with pages one after the other, and keeps what was asked."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.requests: list[DescribeTopicPartitionsRequest] = []

    def __call__(self, node_id: int, request: Any) -> Any:
        if isinstance(request, DescribeClusterRequest):
            return BROKERS
        self.requests.append(request)
        return self.pages.pop(0)


def test_internal_topics_are_listed_only_where_they_are_wanted() -> None:
    cluster = ScriptedCluster(lambda *_: _metadata(("a", ID), ("__consumer_offsets", ID)))
    assert set(list_topics(cluster)) == {"a", "__consumer_offsets"}
    assert list_topics(cluster, includes_internal=False) == {"a": ID}


def test_pages_are_put_together_and_the_next_starts_where_the_last_ended() -> None:
    pages = _Pages(_page(("a", [0]), cursor=("a", 1)), _page(("a", [1]), ("b", [0])))
    described = {topic.name: topic for topic in describe_topics(ScriptedCluster(pages), ["b", "a"], 1)}
    assert [partition.number for partition in described["a"].partitions] == [0, 1]
    assert len(described["b"].partitions) == 1
    first, second = pages.requests
    assert [topic.name for topic in first.topics] == ["a", "b"]
    assert first.response_partition_limit == 1
    assert second.cursor is not None
    assert (second.cursor.topic_name, second.cursor.partition_index) == ("a", 1)


def test_a_topic_that_is_done_is_not_asked_for_again() -> None:
    pages = _Pages(_page(("a", [0]), cursor=("b", 0)), _page(("b", [0])))
    describe_topics(ScriptedCluster(pages), ["a", "b"])
    assert [topic.name for topic in pages.requests[1].topics] == ["b"]


def test_a_leader_that_is_no_node_of_the_cluster_is_none() -> None:
    (topic,) = describe_topics(ScriptedCluster(_Pages(_page(("a", [1, 0])))), ["a"])
    assert [(each.number, each.leader, each.elr) for each in topic.partitions] == [(0, 1, ()), (1, None, ())]


def test_a_topic_with_an_error_fails() -> None:
    cluster = ScriptedCluster(_Pages(_page(("a", []), error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)))
    with pytest.raises(ApiError) as caught:
        describe_topics(cluster, ["a"])
    assert caught.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_each_topic_is_described_or_has_its_error(cluster: Cluster) -> None:
    found = describe_each_topic(cluster, ["three", "missing", "", "not a name", "one", "one"])
    assert list(found) == ["", "missing", "not a name", "one", "three"]
    three = found["three"]
    assert not isinstance(three, ApiError)
    assert [(each.number, each.replicas) for each in three.partitions] == [(0, (1,)), (1, (1,)), (2, (1,))]
    failed = {name: topic.java_text() for name, topic in found.items() if isinstance(topic, ApiError)}
    assert {name: text.split(":")[0].rpartition(".")[2] for name, text in failed.items()} == {
        "": "InvalidTopicException",
        "missing": "UnknownTopicOrPartitionException",
        "not a name": "InvalidTopicException",
    }
    assert failed[""].endswith("The given topic name '' cannot be represented in a request.")


def test_an_older_broker_is_asked_for_metadata() -> None:
    def answer(_: int, request: Any) -> Any:
        if isinstance(request, DescribeClusterRequest):
            return BROKERS
        if isinstance(request, DescribeTopicPartitionsRequest):
            return refuse_version(request)
        return _metadata(("a", ID))

    (topic,) = describe_topics(ScriptedCluster(answer), ["a"])
    assert [(each.number, each.elr) for each in topic.partitions] == [(0, None), (1, None)]
    with pytest.raises(ApiError, match="Topic b not found"):
        describe_topics(ScriptedCluster(answer), ["b"])


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    assert describe_topics(ScriptedCluster(_Pages()), []) == []


def test_a_topic_is_found_by_its_id() -> None:
    assert describe_topic_by_id(ScriptedCluster(lambda *_: _metadata(("a", ID))), ID).name == "a"
    unknown = ScriptedCluster(lambda *_: _metadata((None, ID), error_code=ErrorCode.UNKNOWN_TOPIC_ID))
    with pytest.raises(ApiError, match=r"TopicId .* not found."):
        describe_topic_by_id(unknown, ID)
