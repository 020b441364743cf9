from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of, image_of

from ottla.handlers import incremental_alter_configs
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from ottla.telemetry.running_levels import RunningLevels


def resource(kind: int, name: str, key: str, value: str) -> AlterConfigsResource:
    change = AlterableConfig(name=key, config_operation=0, value=value)
    return AlterConfigsResource(resource_type=kind, resource_name=name, configs=[change])


def test_what_is_stored_and_what_is_not_are_answered_in_the_order_of_the_request(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        await result_of(node.controller.create_topics([topic], validate_only=False, timeout_ms=10_000))
        levels = RunningLevels()
        context = context_of(node.image, 1, controller=node.controller, levels=levels)
        resources = [
            resource(8, "1", "ottla.groups", "DEBUG"),
            resource(2, "t", "retention.ms", "5"),
            resource(8, "1", "ottla.groups", "DEBUG"),
            resource(4, "1", "process.roles", "broker"),
            resource(8, "7", "ottla.groups", "DEBUG"),
            resource(4, "", "log.roll.ms", "7"),
        ]
        for validate_only, overrides, default in (
            (True, {}, {}),
            (False, {"retention.ms": "5"}, {"log.roll.ms": "7"}),
        ):
            request = IncrementalAlterConfigsRequest(resources=resources, validate_only=validate_only)
            response = await result_of(incremental_alter_configs.handle(request, context))
            assert [(each.resource_type, each.error_code) for each in response.responses] == [
                (8, 42),
                (2, 0),
                (8, 42),
                (4, 42),
                (8, 42),
                (4, 0),
            ]
            assert response.responses[0].error_message == "Each resource must appear at most once."
            assert node.image.configs.topic("t") == overrides
            stored = dict(node.image.configs.cluster_default())
            assert {name: stored[name] for name in default} == default
        await node.stop()

    run(main)


def test_levels_alone_need_no_controller() -> None:
    levels = RunningLevels()
    context = context_of(image_of([]), 1, levels=levels)
    request = IncrementalAlterConfigsRequest(
        resources=[resource(8, "1", "ottla.groups", "DEBUG")], validate_only=False
    )
    response = incremental_alter_configs.handle(request, context)
    assert isinstance(response, IncrementalAlterConfigsResponse)
    assert [each.error_code for each in response.responses] == [0]
    assert levels.by_logger()["ottla.groups"] == "DEBUG"
    levels.change({"ottla.groups": None})
