from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.handlers import alter_configs
from ottla.protocol.messages.alter_configs import (
    AlterableConfig,
    AlterConfigsRequest,
    AlterConfigsResource,
    AlterConfigsResponse,
)
from ottla.protocol.messages.create_topics import CreatableTopic


def request(validate_only: bool = False, **values: str) -> AlterConfigsRequest:
    configs = [AlterableConfig(name=name.replace("_", "."), value=value) for name, value in values.items()]
    return AlterConfigsRequest(
        resources=[AlterConfigsResource(resource_type=2, resource_name="t", configs=configs)],
        validate_only=validate_only,
    )


def test_the_overrides_of_a_topic_are_replaced(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        context = context_of(node.image, 2, controller=node.controller)

        async def alter(wanted: AlterConfigsRequest) -> int:
            response: AlterConfigsResponse = await result_of(alter_configs.handle(wanted, context))
            (result,) = response.responses
            assert (result.resource_type, result.resource_name) == (2, "t")
            return result.error_code

        assert await alter(request(retention_ms="5", segment_ms="7")) == 0
        assert node.image.configs.topic("t") == {"retention.ms": "5", "segment.ms": "7"}
        assert await alter(request(segment_ms="8")) == 0
        assert node.image.configs.topic("t") == {"segment.ms": "8"}
        assert await alter(request(segment_ms="soon")) == 40
        assert await alter(request(validate_only=True)) == 0
        assert node.image.configs.topic("t") == {"segment.ms": "8"}
        assert await alter(request()) == 0
        assert node.image.configs.topic("t") == {}
        await node.stop()

    run(main)
