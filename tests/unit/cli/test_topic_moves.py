from typing import Any

import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster, refuse_version

from ottla.cli.failures import ToolError
from ottla.cli.topic_metadata import PartitionState, TopicDescription
from ottla.cli.topic_moves import Move, list_moves
from ottla.errors import ErrorCode
from ottla.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)
from ottla.types import ZERO_UUID, TopicPartition

TOPIC = TopicDescription("a", ZERO_UUID, (PartitionState(0, 1, (1, 2), (1,)),))


def test_partitions_that_move_are_listed_with_what_comes_and_goes() -> None:
    moving = OngoingPartitionReassignment(
        partition_index=0, replicas=[1, 2], adding_replicas=[2], removing_replicas=[1]
    )
    response = ListPartitionReassignmentsResponse(
        topics=[OngoingTopicReassignment(name="a", partitions=[moving])]
    )
    asked: list[Any] = []

    def answer(node_id: int, request: Any) -> Any:
        asked.append((node_id, request.topics[0].name, request.topics[0].partition_indexes))
        return response

    assert list_moves(ScriptedCluster(answer), [TOPIC]) == {TopicPartition("a", 0): Move((1, 2), (2,), (1,))}
    assert asked == [(1, "a", [0])]


@pytest.mark.parametrize("code", [None, ErrorCode.CLUSTER_AUTHORIZATION_FAILED])
def test_who_does_not_know_or_may_not_say_knows_of_no_move(code: ErrorCode | None) -> None:
    def answer(_: int, request: Any) -> Any:
        if code is None:
            return refuse_version(request)
        return ListPartitionReassignmentsResponse(error_code=code)

    assert list_moves(ScriptedCluster(answer), [TOPIC]) == {}


def test_other_errors_are_shown_as_the_tool_wraps_them() -> None:
    failing = ScriptedCluster(
        lambda *_: ListPartitionReassignmentsResponse(error_code=ErrorCode.INVALID_REQUEST)
    )
    with pytest.raises(ToolError, match=r"^java.util.concurrent.ExecutionException: org.apache.kafka"):
        list_moves(failing, [TOPIC])
