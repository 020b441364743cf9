from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import AllCreated, context_of

from ottla.handlers import create_partitions
from ottla.protocol.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from ottla.protocol.messages.create_topics import CreatableTopic


def test_partitions_are_added(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        context = context_of(node.image, 3, controller=node.controller, partitions=AllCreated())
        for validate_only, count in ((True, 1), (False, 3)):
            request = CreatePartitionsRequest(
                topics=[
                    CreatePartitionsTopic(name="t", count=3, assignments=None),
                    CreatePartitionsTopic(name="none", count=3, assignments=None),
                ],
                timeout_ms=10_000,
                validate_only=validate_only,
            )
            response = await result_of(create_partitions.handle(request, context))
            assert {(each.name, each.error_code) for each in response.results} == {("t", 0), ("none", 3)}
            assert len(node.image.topics.by_name["t"].partitions) == count
        await node.stop()

    run(main)
