"""What a replay of the metadata log takes, what it refuses and leaves alone, and who hears of what is added."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.coordination.metadata_cluster import (
    Node,
    format_directory,
    metadata_directory,
    open_node,
    result_of,
    run,
)

from ottla.metadata import records as r
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.raft_records import (
    Endpoint,
    KRaftVersionFeature,
    KRaftVersionRecord,
    VotersRecord,
    VotersRecordVoter,
)
from ottla.records.batch import stamp
from ottla.records.builder import NewRecord, build_batch
from ottla.types import METADATA_TOPIC_ID, random_uuid

FIRST_LOG = "00000000000000000000.log"


async def create(node: Node, *names: str, partitions: int = 1) -> None:
    topics = [CreatableTopic(name=name, num_partitions=partitions, replication_factor=1) for name in names]
    await result_of(node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def voters(node_id: int) -> VotersRecord:
    endpoint = Endpoint(name="CONTROLLER", host="localhost", port=9093)
    feature = KRaftVersionFeature(min_supported_version=0, max_supported_version=1)
    voter = VotersRecordVoter(
        voter_id=node_id,
        voter_directory_id=METADATA_TOPIC_ID,
        endpoints=[endpoint],
        kraft_version_feature=feature,
    )
    return VotersRecord(voters=[voter])


def content_of(directory: Path) -> dict[str, bytes]:
    """Every file of the metadata log's directory."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("011d0000", "offset {offset} of the metadata log cannot be read: key 29 is no metadata record"),
        ("010c010000", "offset {offset} of the metadata log cannot be read: .*version is not known here"),
        ("010c00", None),
    ],
)
def test_a_record_of_a_newer_release_stops_the_start_and_changes_nothing(
    tmp_path: Path, value: str, reason: str | None
) -> None:
    format_directory(tmp_path)
    directory = metadata_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        epoch = await first.start()
        offset = first.log.end_offset
        await first.stop()
        offset = first.log.end_offset
        batch = build_batch([NewRecord(None, bytes.fromhex(value))], now_ms=1, leader_epoch=1)
        stamp(batch, 0, offset, 1)
        with (directory / FIRST_LOG).open("ab") as log:
            log.write(batch)
        before = content_of(directory)
        second = open_node(tmp_path)
        expected = "cannot be read" if reason is None else reason.format(offset=offset)
        with pytest.raises(InconsistentMetadataError, match=expected):
            await result_of(second.controller.load([]))
        assert not second.log.is_leading
        assert second.directory.previous_broker_epoch == epoch
        second.controller.close()
        second.crash()
        assert content_of(directory) == before

    run(main)


@pytest.mark.parametrize("value", ["011d0000", "010c010000", "010c00"])
def test_after_a_crash_such_a_record_is_found_before_the_log_is_recovered(tmp_path: Path, value: str) -> None:
    format_directory(tmp_path)
    directory = metadata_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        offset = first.log.end_offset
        first.crash()
        batch = build_batch([NewRecord(None, bytes.fromhex(value))], now_ms=1, leader_epoch=1)
        stamp(batch, 0, offset, 1)
        with (directory / FIRST_LOG).open("ab") as log:
            log.write(batch + b"and a torn end")
        before = content_of(directory)
        second = open_node(tmp_path)
        with pytest.raises(InconsistentMetadataError, match=f"offset {offset} of the metadata log cannot be"):
            await result_of(second.controller.load([]))
        second.controller.close()
        second.crash()
        assert content_of(directory) == before

    run(main)


def test_a_feature_that_is_not_known_here_is_named_with_its_offset(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        offset = first.log.end_offset
        await result_of(first.log.append([r.FeatureLevelRecord(name="no.such.version", feature_level=1)]))
        first.crash()
        second = open_node(tmp_path)
        with pytest.raises(
            InconsistentMetadataError,
            match=rf"offset {offset} of the metadata log, a FeatureLevelRecord, is refused: .*no\.such\.version 1",
        ):
            await result_of(second.controller.load([]))
        assert not second.log.is_leading
        second.crash()

    run(main)


def test_voters_that_only_the_log_names_are_noticed(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        await result_of(first.log.append([KRaftVersionRecord(kraft_version=1), voters(2)]))
        first.crash()
        second = open_node(tmp_path)
        with pytest.raises(InconsistentMetadataError, match="a quorum of the nodes 2"):
            await result_of(second.controller.load([]))
        second.crash()

    run(main)


def test_a_snapshot_is_written_by_its_age_though_nothing_else_happens(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, metadata_log_max_snapshot_interval_ms="300")
        await node.start()
        await create(node, "t")
        end_offset = node.image.offset + 1
        while node.log.snapshots.latest is None or node.log.snapshots.latest.end_offset < end_offset:  # noqa: ASYNC110 - nobody is told of a snapshot
            await asyncio.sleep(0.01)
        assert node.log.end_offset == end_offset
        await node.stop()

    run(main)


def test_followers_hear_of_what_is_on_the_disk(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        heard: list[int] = []
        node.log.follow(lambda: heard.append(node.log.committed_end_offset))
        await create(node, "t")
        assert heard == [node.log.end_offset]
        await node.stop()

    run(main)


def every_record() -> list[r.MetadataRecord]:
    """Records of every type that Kafka 4.1 knows, in an order in which it could have written them."""
    topic, gone, token = random_uuid(), random_uuid(), "token"
    entry, other_entry = random_uuid(), random_uuid()
    partition: dict[str, Any] = {
        "replicas": [1],
        "isr": [1],
        "leader": 1,
        "leader_epoch": 0,
        "partition_epoch": 0,
    }
    scram: dict[str, Any] = {"salt": b"s", "stored_key": b"k", "server_key": b"v", "iterations": 4096}
    acl: dict[str, Any] = {
        "resource_type": 2,
        "resource_name": "t",
        "pattern_type": 3,
        "principal": "User:a",
        "host": "*",
    }
    return [
        r.NoOpRecord(),
        r.ZkMigrationStateRecord(zk_migration_state=0),
        r.FeatureLevelRecord(name="share.version", feature_level=1),
        r.RegisterControllerRecord(controller_id=7, incarnation_id=random_uuid()),
        r.RegisterBrokerRecord(broker_id=8, broker_epoch=3, incarnation_id=random_uuid(), fenced=True),
        r.UnfenceBrokerRecord(id=8, epoch=3),
        r.FenceBrokerRecord(id=8, epoch=3),
        r.BrokerRegistrationChangeRecord(broker_id=8, broker_epoch=3, in_controlled_shutdown=1),
        r.UnregisterBrokerRecord(broker_id=8, broker_epoch=3),
        r.BeginTransactionRecord(name="one"),
        r.TopicRecord(name="gone", topic_id=gone),
        r.AbortTransactionRecord(reason="never was"),
        r.BeginTransactionRecord(name="two"),
        r.TopicRecord(name="t", topic_id=topic),
        r.PartitionRecord(partition_id=0, topic_id=topic, **partition),
        r.EndTransactionRecord(),
        r.PartitionChangeRecord(partition_id=0, topic_id=topic, leader=1),
        r.ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="1"),
        r.ClearElrRecord(topic_name="t"),
        r.TopicRecord(name="gone", topic_id=gone),
        r.RemoveTopicRecord(topic_id=gone),
        r.ProducerIdsRecord(broker_id=1, broker_epoch=3, next_producer_id=1000),
        r.ClientQuotaRecord(
            entity=[r.EntityData(entity_type="user", entity_name="a")], key="producer_byte_rate", value=1.5
        ),
        r.AccessControlEntryRecord(id=entry, **acl, operation=3, permission_type=3),
        r.AccessControlEntryRecord(id=other_entry, **acl, operation=4, permission_type=3),
        r.RemoveAccessControlEntryRecord(id=other_entry),
        r.UserScramCredentialRecord(name="a", mechanism=1, **scram),
        r.UserScramCredentialRecord(name="b", mechanism=2, **scram),
        r.RemoveUserScramCredentialRecord(name="b", mechanism=2),
        r.DelegationTokenRecord(owner="User:a", requester="User:a", token_id=token),
        r.DelegationTokenRecord(owner="User:a", requester="User:a", token_id="gone"),
        r.RemoveDelegationTokenRecord(token_id="gone"),
    ]


def test_every_record_is_replayed_from_the_log_and_kept_in_snapshots(tmp_path: Path) -> None:
    format_directory(tmp_path)
    written = every_record()
    assert {type(record) for record in written} == set(r.RECORDS.values())

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        await result_of(first.log.append(list(written)))
        first.crash()
        images = []
        for _ in range(2):
            node = open_node(tmp_path, metadata_log_max_record_bytes_between_snapshots="1")
            await node.start()
            image = node.image
            assert list(image.topics.by_name) == ["t"]
            assert (list(image.brokers.by_id), list(image.brokers.controllers)) == ([1], [1, 7])
            assert len(image.kept.records) == 2
            assert (len(image.client_quotas.by_entity), len(image.scram_credentials.by_user)) == (1, 1)
            quotas, credentials = image.client_quotas, image.scram_credentials
            images.append(
                (image.kept, image.configs, image.features, image.producer_ids, quotas, credentials)
            )
            await result_of(node.writer.submit_flush(lambda: None))
            assert node.log.snapshots.latest is not None
            await node.stop()
        assert images[0] == images[1]

    run(main)
