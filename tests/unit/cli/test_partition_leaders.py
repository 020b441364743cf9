from typing import Any

import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster

from ottla.cli.partition_leaders import ask_leaders, by_topic, list_offsets, partition_answers
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, RequestTimeoutError, UnsupportedVersionError, error_of
from ottla.client.leaders import LATEST, NO_OFFSET, FoundOffset
from ottla.errors import ErrorCode
from ottla.protocol.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ottla.types import TopicPartition

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def _metadata(*leaders: int, error_code: int = 0, partition_error: int = 0) -> MetadataResponse:
    return MetadataResponse(
        brokers=[MetadataResponseBroker(node_id=number, host="localhost", port=number) for number in (1, 2)],
        controller_id=1,
        topics=[
            MetadataResponseTopic(
                error_code=error_code,
                name="a",
                partitions=[
                    MetadataResponsePartition(
                        error_code=partition_error, partition_index=number, leader_id=leader
                    )
                    for number, leader in enumerate(leaders)
                ],
            )
        ],
    )


class _Script:
    """Answers of Metadata one after the other, and what each leader says of its partitions."""

    def __init__(self, *lookups: MetadataResponse, said: dict[int, list[Any]]) -> None:
        self.lookups = list(lookups)
        self.said = said
        self.asked: list[tuple[int, list[TopicPartition]]] = []

    def answer(self, node_id: int, request: Any) -> Any:
        return self.lookups.pop(0) if len(self.lookups) > 1 else self.lookups[0]

    def ask(self, leader: Any, partitions: Any, remaining_s: float) -> Any:
        assert remaining_s > 0
        self.asked.append((leader.node_id, list(partitions)))
        said = self.said[leader.node_id]
        outcome = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(outcome, UnsupportedVersionError):
            raise outcome
        return dict.fromkeys(partitions, outcome)


def _asked(script: _Script, *partitions: TopicPartition, timeout_ms: int = 5_000, **how: Any) -> Any:
    cluster = ScriptedCluster(script.answer, timeout_ms=timeout_ms)
    return ask_leaders(cluster, partitions, script.ask, "deleteRecords", **how)


def test_each_leader_is_asked_for_its_own_partitions() -> None:
    script = _Script(_metadata(1, 2), said={1: [10], 2: [20]})
    assert _asked(script, A0, A1) == {A0: 10, A1: 20}
    assert script.asked == [(1, [A0]), (2, [A1])]


@pytest.mark.parametrize("code", [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.OFFSET_NOT_AVAILABLE])
def test_after_an_error_that_passes_the_leader_is_looked_up_again(code: ErrorCode) -> None:
    script = _Script(_metadata(1), _metadata(2), said={1: [error_of(code)], 2: [20]})
    assert _asked(script, A0) == {A0: 20}


def test_a_refusal_stays_and_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    script = _Script(_metadata(1), said={1: [error_of(ErrorCode.OFFSET_OUT_OF_RANGE)]})
    assert _asked(script, A0)[A0].code == ErrorCode.OFFSET_OUT_OF_RANGE
    assert (
        "DeleteRecords request for topic partition a-0 failed due to an unexpected error OFFSET_OUT_OF_RANGE "
        "(org.apache.kafka.clients.admin.internals.DeleteRecordsHandler)\n"
    ) in capsys.readouterr().err


def test_a_leader_that_does_not_know_the_version_fails_its_partitions() -> None:
    script = _Script(_metadata(1), said={1: [UnsupportedVersionError("words")]})
    assert isinstance(_asked(script, A0)[A0], UnsupportedVersionError)


def test_a_topic_that_does_not_exist_is_waited_for() -> None:
    missing = _metadata(error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    script = _Script(missing, _metadata(1), said={1: [10]})
    assert _asked(script, A0) == {A0: 10}


def test_a_topic_that_does_not_exist_fails_its_partitions_where_it_is_not_waited_for() -> None:
    missing = _metadata(error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assert _asked(_Script(missing, said={}), A0, waits_for_topics=False)[A0].java_text() == (
        "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Failed to fetch metadata for partition a-0 "
        "because metadata for topic `a` could not be found"
    )


def test_what_else_is_wrong_with_a_topic_fails_its_partitions_and_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = _metadata(error_code=ErrorCode.INVALID_TOPIC_EXCEPTION)
    assert _asked(_Script(wrong, said={}), A0)[A0].java_text() == (
        "org.apache.kafka.common.errors.InvalidTopicException: Failed to fetch metadata for partition a-0 due to "
        "invalid topic `a`"
    )
    logged, trace = capsys.readouterr().err.splitlines()
    assert logged.endswith(
        "Received invalid topic error for topic a in `Metadata` response "
        "(org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy)"
    )
    assert trace.startswith("org.apache.kafka.common.errors.InvalidTopicException: ")


def test_a_partition_without_a_leader_is_waited_for() -> None:
    script = _Script(_metadata(-1), _metadata(1), said={1: [10]})
    assert _asked(script, A0, waits_for_topics=False) == {A0: 10}


def test_offsets_are_found_by_time_and_by_name(cluster: Cluster) -> None:
    one = TopicPartition("one", 0)
    assert list_offsets(cluster, [one], LATEST) == {one: FoundOffset(5, -1, 0)}
    (found,) = list_offsets(cluster, [one], 4_000_000_000_000).values()
    assert isinstance(found, FoundOffset)
    assert found.offset == NO_OFFSET
    assert list_offsets(cluster, [], LATEST) == {}


def test_a_partition_that_never_comes_fails_when_the_time_is_over() -> None:
    result = _asked(_Script(_metadata(1), said={1: [10]}), A0, A1, timeout_ms=30)
    assert result[A0] == 10
    assert isinstance(result[A1], RequestTimeoutError)


def test_an_error_of_a_partition_that_does_not_pass_fails_it() -> None:
    script = _Script(_metadata(1, partition_error=ErrorCode.TOPIC_AUTHORIZATION_FAILED), said={})
    assert _asked(script, A0)[A0].text == "Unexpected error during metadata lookup for a-0"


def test_controllers_are_not_asked() -> None:
    cluster = ScriptedCluster(lambda *_: None, are_controllers=True)
    with pytest.raises(
        ApiError, match="not yet supported when communicating directly with the controller quorum"
    ):
        ask_leaders(cluster, [A0], lambda *_: {}, "deleteRecords")


def test_partitions_by_topic() -> None:
    assert by_topic([A0, TopicPartition("b", 3), A1]) == {"a": [0, 1], "b": [3]}


def test_what_a_response_says_of_its_partitions() -> None:
    topics = _metadata(1).topics + _metadata(2, partition_error=ErrorCode.KAFKA_STORAGE_ERROR).topics
    answers = partition_answers(topics[:1], lambda partition: int(partition.leader_id))
    assert answers == {A0: 1}
    failed = partition_answers(topics[1:], lambda partition: int(partition.leader_id))[A0]
    assert isinstance(failed, ApiError)
    assert failed.code == ErrorCode.KAFKA_STORAGE_ERROR
