from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.handlers import incremental_alter_configs
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)


def test_overrides_of_topics_are_changed_and_those_of_brokers_refused(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        context = context_of(node.image, 1, controller=node.controller)
        change = AlterableConfig(name="retention.ms", config_operation=0, value="5")
        for validate_only, overrides in ((True, {}), (False, {"retention.ms": "5"})):
            request = IncrementalAlterConfigsRequest(
                resources=[
                    AlterConfigsResource(resource_type=2, resource_name="t", configs=[change]),
                    AlterConfigsResource(resource_type=4, resource_name="1"),
                ],
                validate_only=validate_only,
            )
            response = await result_of(incremental_alter_configs.handle(request, context))
            assert [each.error_code for each in response.responses] == [0, 42]
            assert node.image.configs.topic("t") == overrides
        await node.stop()

    run(main)
