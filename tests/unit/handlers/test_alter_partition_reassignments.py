from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.alter_partition_reassignments import handle
from ottla.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)
from ottla.protocol.messages.create_topics import CreatableTopic


def request_of(*wishes: list[int] | None, timeout_ms: int = 10_000) -> AlterPartitionReassignmentsRequest:
    partitions = [
        ReassignablePartition(partition_index=index, replicas=wish) for index, wish in enumerate(wishes)
    ]
    return AlterPartitionReassignmentsRequest(
        timeout_ms=timeout_ms,
        allow_replication_factor_change=False,
        topics=[ReassignableTopic(name="t", partitions=partitions)],
    )


def test_replicas_stay_or_are_refused_side_by_side(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=3, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        context = context_of(node.image, 1, controller=node.controller)
        answer = handle(request_of([1], [7], None), context)
        assert isinstance(answer, Completion)
        response = await result_of(answer)
        (moved,) = response.responses
        assert [each.error_code for each in moved.partitions] == [
            ErrorCode.NONE,
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
        ]
        assert (response.error_code, response.error_message) == (ErrorCode.NONE, None)
        assert not response.allow_replication_factor_change
        await node.stop()

    run(main)


def test_without_time_nothing_is_done(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        context = context_of(node.image, 1, controller=node.controller)
        answer = handle(request_of([1], timeout_ms=0), context)
        assert isinstance(answer, Completion)
        assert isinstance(answer.error, KafkaError)
        assert answer.error.code is ErrorCode.REQUEST_TIMED_OUT
        await node.stop()

    run(main)


def test_nothing_is_asked_for_at_any_time() -> None:
    request = AlterPartitionReassignmentsRequest(timeout_ms=0, allow_replication_factor_change=False)
    answer = handle(request, context_of(None, 1))  # type: ignore[arg-type]
    assert answer == AlterPartitionReassignmentsResponse(error_message="")
