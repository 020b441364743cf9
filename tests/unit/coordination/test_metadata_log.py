"""The metadata log on real files: epochs, snapshots, what a start accepts and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.unit.coordination.metadata_cluster import (
    Node,
    format_directory,
    metadata_directory,
    open_node,
    result_of,
    run,
)

from ottla.metadata import records as r
from ottla.metadata.formatting import read_bootstrap_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import read_entries
from ottla.metadata.snapshot import SnapshotId, decode_snapshot, encode_snapshot
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.delete_topics import DeleteTopicState
from ottla.protocol.raft_records import (
    Endpoint,
    KRaftVersionFeature,
    KRaftVersionRecord,
    LeaderChangeMessage,
    Voter,
    VotersRecord,
    VotersRecordVoter,
)
from ottla.types import METADATA_TOPIC_ID, random_uuid, uuid_to_text

FIRST_LOG = "00000000000000000000.log"


async def create(node: Node, *names: str, partitions: int = 1) -> None:
    topics = [CreatableTopic(name=name, num_partitions=partitions, replication_factor=1) for name in names]
    await result_of(node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def entries_of(path: Path) -> list[tuple[int, list[object]]]:
    """Leader epoch and entries of each batch of a log file."""
    return [(header.leader_epoch, list(entries)) for header, entries in read_entries(path.read_bytes())]


def snapshots_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.checkpoint"))


def test_each_start_leads_a_new_epoch(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        for epoch in (1, 2, 3):
            node = open_node(tmp_path)
            await node.start()
            assert node.log.leader_epoch == epoch
            await node.stop()

    run(main)
    directory = metadata_directory(tmp_path)
    changes = [
        (epoch, entries)
        for epoch, entries in entries_of(directory / FIRST_LOG)
        if any(isinstance(entry, LeaderChangeMessage) for entry in entries)
    ]
    voter = Voter(voter_id=1)
    change = LeaderChangeMessage(leader_id=1, voters=[voter], granting_voters=[voter])
    assert changes == [(epoch, [change]) for epoch in (1, 2, 3)]
    assert (directory / "quorum-state").read_text() == (
        '{"clusterId":"","leaderId":1,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,'
        '"currentVoters":[{"voterId":1}],"data_version":0}'
    )
    assert uuid_to_text(METADATA_TOPIC_ID) in (directory / "partition.metadata").read_text()


def test_a_commit_is_on_the_disk_before_the_reply(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    format_directory(tmp_path, files)

    async def main() -> None:
        node = open_node(tmp_path, files)
        await node.start()
        files.operations.clear()
        await create(node, "t")
        assert files.operations.index("pwrite") < files.operations.index("fsync")
        await node.stop()

    run(main)


def test_a_start_reads_the_newest_snapshot_and_only_the_log_behind_it(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path, metadata_log_max_record_bytes_between_snapshots="1500")
        await first.start()
        for number in range(10):
            await create(first, f"t{number}", partitions=3)
        await first.stop()
        directory = metadata_directory(tmp_path)
        assert snapshots_in(directory)
        # What the snapshot stands for is not read any more: damage there goes unnoticed.
        log = bytearray((directory / FIRST_LOG).read_bytes())
        log[80] ^= 1
        (directory / FIRST_LOG).write_bytes(log)
        second = open_node(tmp_path)
        await second.start()
        assert sorted(second.image.topics.by_name) == [f"t{number}" for number in range(10)]
        assert second.image.offset + 1 == second.log.end_offset
        await second.stop()

    run(main)


def test_no_snapshot_is_written_while_the_broker_starts(tmp_path: Path) -> None:
    """It takes the processor from what somebody waits for."""
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, metadata_log_max_record_bytes_between_snapshots="1")
        await result_of(node.controller.load(read_bootstrap_records(node.directory.files, tmp_path)))
        await result_of(node.controller.register(node.registration()))
        # The flushing thread does one thing after the other, so that a snapshot would be done with this.
        await result_of(node.writer.submit_flush(lambda: None))
        before = snapshots_in(metadata_directory(tmp_path))
        await result_of(node.controller.unfence())
        await result_of(node.writer.submit_flush(lambda: None))
        assert (before, len(snapshots_in(metadata_directory(tmp_path)))) == ([], 1)
        await node.stop()

    run(main)


def test_a_snapshot_holds_the_image_at_its_offset(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, metadata_log_max_record_bytes_between_snapshots="1")
        await node.start()
        await create(node, "t")
        await node.stop()
        directory = metadata_directory(tmp_path)
        by_id = {
            SnapshotId(image.offset + 1, image.epoch): list(image.to_records(1))
            for image, _ in node.images.seen
        }
        names = snapshots_in(directory)
        assert names
        for snapshot_id, records in by_id.items():
            if snapshot_id.file_name in names:
                content = decode_snapshot((directory / snapshot_id.file_name).read_bytes())
                assert content.records == records
                assert content.quorum == []

    run(main)


def test_old_snapshots_and_segments_are_deleted(tmp_path: Path) -> None:
    format_directory(tmp_path)
    overrides = {
        "metadata_log_max_record_bytes_between_snapshots": "4000",
        "metadata_max_retention_bytes": "20000",
    }

    async def main() -> None:
        node = open_node(tmp_path, segment_bytes=8_000, **overrides)
        await node.start()
        for number in range(40):
            await create(node, f"t{number}", partitions=20)
            topic = DeleteTopicState(name=f"t{number}")
            await result_of(node.controller.delete_topics([topic], timeout_ms=10_000))
        await create(node, "last")
        await node.stop()
        directory = metadata_directory(tmp_path)
        logs = sorted(directory.glob("*.log"))
        assert logs[0].name != FIRST_LOG
        assert sum(path.stat().st_size for path in logs) < 40_000
        snapshots = snapshots_in(directory)
        assert len(snapshots) < 10
        assert int(logs[0].name[:20]) <= int(snapshots[0][:20])
        again = open_node(tmp_path, segment_bytes=8_000, **overrides)
        await again.start()
        assert list(again.image.topics.by_name) == ["last"]
        await again.stop()

    run(main)


@pytest.mark.parametrize("is_bootstrapped", [True, False])
def test_a_transaction_that_was_left_open_is_aborted(tmp_path: Path, is_bootstrapped: bool) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        if is_bootstrapped:
            await first.start()
        await result_of(first.log.append([r.BeginTransactionRecord(name="cut short")]))
        topic = r.TopicRecord(name="half", topic_id=random_uuid())
        await result_of(first.log.append([topic]))
        first.crash()
        second = open_node(tmp_path)
        await result_of(
            second.controller.load(read_bootstrap_records(second.directory.files, second.directory.path))
        )
        assert not second.image.topics.by_name
        assert second.image.features.metadata_version == 27
        assert second.image.offset + 1 == second.log.end_offset
        second.crash()
        _, entries = entries_of(metadata_directory(tmp_path) / FIRST_LOG)[-1]
        assert entries[0] == r.AbortTransactionRecord(reason="failover")
        assert (len(entries) > 1) is not is_bootstrapped

    run(main)


def test_what_an_interrupted_snapshot_left_is_removed(tmp_path: Path) -> None:
    format_directory(tmp_path)
    directory = metadata_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        await first.stop()
        for suffix in (".checkpoint.part", ".checkpoint.deleted"):
            (directory / f"00000000000000000005-0000000001{suffix}").write_bytes(b"half")
        second = open_node(tmp_path)
        await second.start()
        await second.stop()
        assert list(directory.glob("*.part")) == []
        assert list(directory.glob("*.deleted")) == []

    run(main)


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


def format_dynamic(path: Path, node_id: int) -> None:
    """Add what Kafka's format command writes with --standalone."""
    format_directory(path)
    directory = metadata_directory(path)
    directory.mkdir()
    content = encode_snapshot(
        [],
        metadata_version=27,
        epoch=0,
        last_contained_timestamp_ms=0,
        now_ms=0,
        quorum=[KRaftVersionRecord(kraft_version=1), voters(node_id)],
    )
    (directory / SnapshotId(0, 0).file_name).write_bytes(content)


def test_a_dynamic_quorum_of_this_node_stays_one(tmp_path: Path) -> None:
    format_dynamic(tmp_path, 1)
    directory = metadata_directory(tmp_path)
    said = [KRaftVersionRecord(kraft_version=1), voters(1)]

    async def main() -> None:
        for epoch in (1, 2):
            node = open_node(tmp_path, metadata_log_max_record_bytes_between_snapshots="1")
            await node.start()
            assert node.log.leader_epoch == epoch
            await node.stop()

    run(main)
    _, first_entries = entries_of(directory / FIRST_LOG)[0]
    assert isinstance(first_entries[0], LeaderChangeMessage)
    assert first_entries[1:] == said
    assert (directory / "quorum-state").read_text() == (
        '{"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
    )
    for name in snapshots_in(directory):
        assert decode_snapshot((directory / name).read_bytes()).quorum == said


@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_the_log_of_another_quorum_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "dynamic":
        format_dynamic(tmp_path, 2)
    else:
        format_directory(tmp_path)
        metadata_directory(tmp_path).mkdir()
        (metadata_directory(tmp_path) / "quorum-state").write_text(
            '{"clusterId":"","leaderId":2,"leaderEpoch":5,"votedId":-1,"appliedOffset":0,'
            '"currentVoters":[{"voterId":2}],"data_version":0}'
        )

    async def main() -> None:
        with pytest.raises(
            InconsistentMetadataError, match="a quorum of the nodes 2; only a quorum of this node, 1"
        ):
            open_node(tmp_path)

    run(main)


def test_a_snapshot_that_the_log_does_not_reach_is_refused(tmp_path: Path) -> None:
    format_directory(tmp_path)
    directory = metadata_directory(tmp_path)
    directory.mkdir()
    content = encode_snapshot([], metadata_version=27, epoch=1, last_contained_timestamp_ms=0, now_ms=0)
    (directory / SnapshotId(50, 1).file_name).write_bytes(content)

    async def main() -> None:
        words = "has the offsets from 0 to 0, but its newest snapshot ends at offset 50"
        with pytest.raises(InconsistentMetadataError, match=words):
            open_node(tmp_path)

    run(main)


def test_a_newer_cluster_is_refused(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        newer = r.FeatureLevelRecord(name="metadata.version", feature_level=28)
        await result_of(first.log.append([newer]))
        first.crash()
        second = open_node(tmp_path)
        records = read_bootstrap_records(second.directory.files, second.directory.path)
        with pytest.raises(InconsistentMetadataError, match=r"metadata\.version 28; 7 to 27"):
            await result_of(second.controller.load(records))
        second.crash()

    run(main)


def test_a_damaged_snapshot_is_named(tmp_path: Path) -> None:
    format_directory(tmp_path)
    directory = metadata_directory(tmp_path)
    directory.mkdir()
    name = SnapshotId(0, 0).file_name
    (directory / name).write_bytes(b"no snapshot")

    async def main() -> None:
        with pytest.raises(InconsistentMetadataError, match=name):
            open_node(tmp_path)

    run(main)
