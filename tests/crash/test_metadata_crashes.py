"""A controller after a crash at every change of its metadata log: an operation is wholly there, or wholly not.

Every operation of an administrator is one step here, whatever number of records, batches and snapshots it takes. After
the crash the cluster is as it was before the step that was under way, or as it is after it; what was answered is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem, every_crash
from tests.support.quick_files import QuickFileSystem
from tests.unit.coordination.metadata_cluster import Node, format_directory, open_node, result_of, run

from ottla.metadata.aspects.configs import ResourceType
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig
from ottla.protocol.messages.delete_topics import DeleteTopicState
from ottla.protocol.messages.incremental_alter_configs import AlterableConfig, AlterConfigsResource
from ottla.protocol.messages.update_features import FeatureUpdateKey

SMALL = {"segment_bytes": 2500, "metadata_log_max_record_bytes_between_snapshots": "1800"}
"""Small enough that the log rolls, and that snapshots are written, between the steps and within them."""


def create(*names: str) -> Callable[[Node], Awaitable[Any]]:
    configs = [
        CreatableTopicConfig(name="retention.ms", value="1000"),
        CreatableTopicConfig(name="min.insync.replicas", value="1"),
    ]
    topics = [
        CreatableTopic(name=name, num_partitions=4, replication_factor=1, configs=configs) for name in names
    ]
    return lambda node: result_of(
        node.controller.create_topics(topics, validate_only=False, timeout_ms=60_000)
    )


def grow(*names: str) -> Callable[[Node], Awaitable[Any]]:
    topics = [CreatePartitionsTopic(name=name, count=7, assignments=None) for name in names]
    return lambda node: result_of(
        node.controller.create_partitions(topics, validate_only=False, timeout_ms=60_000)
    )


def delete(*names: str) -> Callable[[Node], Awaitable[Any]]:
    topics = [DeleteTopicState(name=name) for name in names]
    return lambda node: result_of(node.controller.delete_topics(topics, timeout_ms=60_000))


def configure(*names: str) -> Callable[[Node], Awaitable[Any]]:
    configs = [
        AlterableConfig(name="cleanup.policy", config_operation=0, value="compact"),
        AlterableConfig(name="retention.ms", config_operation=1, value=None),
    ]
    resources = [
        AlterConfigsResource(resource_type=ResourceType.TOPIC, resource_name=name, configs=configs)
        for name in names
    ]
    return lambda node: result_of(
        node.controller.alter_configs(resources, validate_only=False, replace=False)
    )


def update(*levels: tuple[str, int, int]) -> Callable[[Node], Awaitable[Any]]:
    updates = [
        FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=upgrade_type)
        for name, level, upgrade_type in levels
    ]
    return lambda node: result_of(node.controller.update_features(updates, validate_only=False))


STEPS: list[Callable[[Node], Awaitable[Any]]] = [
    create("a", "b", "c"),
    grow("a", "b"),
    configure("a", "c"),
    lambda node: result_of(node.controller.allocate_producer_ids()),
    delete("b"),
    update(("share.version", 1, 1), ("group.version", 0, 2)),
    create("b", "d"),
    update(("kraft.version", 1, 1)),
    update(("share.version", 0, 2)),
    delete("a", "b", "c", "d"),
]


def state_of(node: Node) -> dict[str, Any]:
    """What an administrator sees of the cluster."""
    image = node.image
    return {
        "topics": {name: len(topic.partitions) for name, topic in image.topics.by_name.items()},
        "ids": {name: topic.topic_id for name, topic in image.topics.by_name.items()},
        "configs": {key: dict(overrides) for key, overrides in image.configs.by_resource.items()},
        "features": dict(image.features.levels),
        "kraft.version": node.log.kraft_version,
        "producer ids": image.producer_ids.next_producer_id,
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordingFileSystem, list[dict[str, Any]]]:
    """Give the record of a controller's life, and the states that it went through."""
    root = tmp_path_factory.mktemp("recorded")
    format_directory(root)
    files = RecordingFileSystem(root)
    states = []

    async def main() -> None:
        node = open_node(root, files, **SMALL)
        await node.start()
        states.append(state_of(node))
        for number, step in enumerate(STEPS, start=1):
            files.note(("doing", number))
            await step(node)
            states.append(state_of(node))
            files.note(("done", number))
        await node.stop()

    run(main)
    return files, states


def test_every_step_does_something(recorded: tuple[RecordingFileSystem, list[dict[str, Any]]]) -> None:
    _, states = recorded
    assert len(states) == len(STEPS) + 1
    assert all(before != after for before, after in pairwise(states))


def test_an_operation_is_wholly_there_or_wholly_not(
    recorded: tuple[RecordingFileSystem, list[dict[str, Any]]], tmp_path: Path, crash_stride: int
) -> None:
    files, states = recorded
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        done = max((number for kind, number in disk.notes if kind == "done"), default=0)
        doing = max((number for kind, number in disk.notes if kind == "doing"), default=0)

        async def main() -> None:
            node = open_node(root, QuickFileSystem(), **SMALL)
            await node.start()
            assert state_of(node) in states[done : max(doing, done) + 1], ending
            await result_of(node.writer.drain())
            node.crash()

        run(main)

    count = every_crash(files, root, check, stride=max(1, crash_stride // 4))
    print(
        f"{count} crashes of a controller, one after every {max(1, crash_stride // 4)} changes of its files"
    )
    assert count > 50
