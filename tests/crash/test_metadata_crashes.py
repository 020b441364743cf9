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
from ottla.metadata.aspects.features import SUPPORTED_FEATURES
from ottla.metadata.records import BrokerFeature, PartitionChangeRecord, RegisterBrokerRecord
from ottla.protocol.messages.alter_client_quotas import EntityData, EntryData, OpData
from ottla.protocol.messages.alter_partition_reassignments import ReassignablePartition, ReassignableTopic
from ottla.protocol.messages.alter_user_scram_credentials import (
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig
from ottla.protocol.messages.delete_topics import DeleteTopicState
from ottla.protocol.messages.incremental_alter_configs import AlterableConfig, AlterConfigsResource
from ottla.protocol.messages.update_features import FeatureUpdateKey
from ottla.types import random_uuid

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


def configure_all_kinds(value: str) -> Callable[[Node], Awaitable[Any]]:
    """Set an option of each kind of resource, all in one request."""
    wanted = [
        (ResourceType.TOPIC, "a", "retention.ms"),
        (ResourceType.BROKER, "", "log.retention.ms"),
        (ResourceType.BROKER, "1", "message.max.bytes"),
        (ResourceType.GROUP, "readers", "consumer.session.timeout.ms"),
        (ResourceType.CLIENT_METRICS, "watched", "interval.ms"),
    ]
    resources = [
        AlterConfigsResource(
            resource_type=kind,
            resource_name=name,
            configs=[AlterableConfig(name=key, config_operation=0, value=value)],
        )
        for kind, name, key in wanted
    ]
    return lambda node: result_of(
        node.controller.alter_configs(resources, validate_only=False, replace=False)
    )


def set_quotas(value: float | None) -> Callable[[Node], Awaitable[Any]]:
    """Set quotas of several entities, or remove them with None."""
    ops = [
        OpData(key=key, value=value or 0.0, remove=value is None)
        for key in ("producer_byte_rate", "consumer_byte_rate")
    ]
    entities = [[("user", "u")], [("client-id", None)], [("user", None), ("client-id", "c")]]
    entries = [
        EntryData(entity=[EntityData(entity_type=kind, entity_name=name) for kind, name in entity], ops=ops)
        for entity in entities
    ]
    return lambda node: result_of(
        node.controller.alter_client_quotas(entries, frozenset(), validate_only=False)
    )


def set_credentials(names: str, *, removed: str = "") -> Callable[[Node], Awaitable[Any]]:
    """Set credentials of the users with these letters, and remove those of others."""
    upsertions = [
        ScramCredentialUpsertion(name=name, mechanism=1, iterations=4096, salt=b"salt", salted_password=b"p")
        for name in names
    ]
    deletions = [ScramCredentialDeletion(name=name, mechanism=1) for name in removed]
    return lambda node: result_of(node.controller.alter_scram_credentials(deletions, upsertions))


def take_back_moves(name: str) -> Callable[[Node], Awaitable[Any]]:
    partitions = [ReassignablePartition(partition_index=number, replicas=None) for number in range(4)]
    topics = [ReassignableTopic(name=name, partitions=partitions)]
    return lambda node: result_of(
        node.controller.alter_partition_reassignments(
            topics, allow_replication_factor_change=True, timeout_ms=60_000
        )
    )


def update(*levels: tuple[str, int, int]) -> Callable[[Node], Awaitable[Any]]:
    updates = [
        FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=upgrade_type)
        for name, level, upgrade_type in levels
    ]
    return lambda node: result_of(node.controller.update_features(updates, validate_only=False))


MOVING = "moving"
"""A topic of a cluster that had another node, to which its partitions were on their way."""

STEPS: list[Callable[[Node], Awaitable[Any]]] = [
    create("a", "b", "c"),
    grow("a", "b"),
    configure("a", "c"),
    configure_all_kinds("50000"),
    set_quotas(1000.0),
    set_credentials("abc"),
    take_back_moves(MOVING),
    lambda node: result_of(node.controller.allocate_producer_ids()),
    delete("b"),
    set_quotas(None),
    set_credentials("de", removed="ab"),
    update(("share.version", 1, 1), ("group.version", 0, 2)),
    create("b", "d"),
    update(("kraft.version", 1, 1)),
    update(("share.version", 0, 2)),
    delete("a", "b", "c", "d", MOVING),
]


async def begin_moves(node: Node) -> None:
    """Leave a log behind in which another node is known and partitions are moving to it, as a crash of Kafka can."""
    await node.start()
    await create(MOVING)(node)
    topic = node.image.topics.by_name[MOVING]
    other = RegisterBrokerRecord(
        broker_id=2,
        broker_epoch=node.log.end_offset,
        incarnation_id=random_uuid(),
        features=[
            BrokerFeature(
                name=each.name, min_supported_version=each.minimum, max_supported_version=each.maximum
            )
            for each in SUPPORTED_FEATURES
        ],
    )
    moves = [
        PartitionChangeRecord(
            partition_id=number, topic_id=topic.topic_id, replicas=[1, 2], adding_replicas=[2]
        )
        for number in topic.partitions
    ]
    await result_of(node.log.append([other, *moves]))
    await result_of(node.writer.drain())
    node.crash()


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
        "quotas": {entity: dict(quotas) for entity, quotas in image.client_quotas.by_entity.items()},
        "users": {user: dict(each) for user, each in image.scram_credentials.by_user.items()},
        "moves": {
            (topic.name, number): (partition.replicas, partition.adding_replicas)
            for topic in image.topics.by_name.values()
            for number, partition in topic.partitions.items()
        },
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordingFileSystem, list[dict[str, Any]]]:
    """Give the record of a controller's life, and the states that it went through."""
    root = tmp_path_factory.mktemp("recorded")
    format_directory(root)
    run(lambda: begin_moves(open_node(root)))
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
