from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.elect_leaders import handle
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.elect_leaders import (
    ElectLeadersRequest,
    ElectLeadersResponse,
    ReplicaElectionResult,
    TopicPartitions,
)


def test_a_node_that_leads_everything_elects_nobody(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        context = context_of(node.image, 2, controller=node.controller)
        asked = [TopicPartitions(topic="t", partitions=[0, 1])]
        answer = handle(ElectLeadersRequest(topic_partitions=asked), context)
        assert isinstance(answer, Completion)
        (result,) = (await result_of(answer)).replica_election_results
        assert [each.error_code for each in result.partition_result] == [
            ErrorCode.ELECTION_NOT_NEEDED,
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ]
        everything = handle(ElectLeadersRequest(election_type=1, topic_partitions=None), context)
        assert isinstance(everything, Completion)
        assert (await result_of(everything)).replica_election_results == [ReplicaElectionResult(topic="t")]
        refused = handle(ElectLeadersRequest(election_type=5, topic_partitions=asked), context)
        assert isinstance(refused, Completion)
        assert isinstance(refused.error, KafkaError)
        assert refused.error.code is ErrorCode.INVALID_REQUEST
        await node.stop()

    run(main)


def test_nothing_is_asked_for_at_any_time() -> None:
    request = ElectLeadersRequest(election_type=9, topic_partitions=[], timeout_ms=0)
    assert handle(request, context_of(None, 2)) == ElectLeadersResponse()  # type: ignore[arg-type]
