"""How partitions follow the image, survive restarts, and what becomes of directories that nobody knows."""

import asyncio
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.partitions import START_MS, DataDirectory, error_of, topic_id_of

from ottla.errors import ErrorCode
from ottla.metadata.records import PartitionChangeRecord
from ottla.partitions import writer
from ottla.partitions.disk_work import LOGS_PER_JOB
from ottla.partitions.writer import DirectoryWriter
from ottla.server.broker import settled
from ottla.storage.append_check import AppendOrigin
from ottla.storage.log_dirs import LogDirectoryError
from ottla.tasks import Tasks

DELETE_DELAY_MS = 60_000
CHECKPOINTS_MS = 60_000


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "data")


def directories(broker: DataDirectory) -> list[str]:
    return sorted(path.name for path in broker.path.iterdir() if path.is_dir())


def test_a_new_topic_gets_directories_that_know_its_id(broker: DataDirectory) -> None:
    topic_id = broker.create_topic("t", 2)
    assert directories(broker) == ["t-0", "t-1"]
    assert (broker.path / "t-0" / "partition.metadata").read_text() == (
        "version: 0\ntopic_id: dAEBAQEBAQEBAQEBAQEBAA"
    )
    partition = broker.partition("t", 1)
    assert broker.partitions.by_topic_id(topic_id, 1) is partition
    assert broker.partitions.topic_name(topic_id) == "t"
    assert (partition.is_leader, partition.leader_epoch) == (True, 0)
    assert len(broker.partitions) == 2
    assert broker.partitions.get("t", 2) is None
    assert broker.partitions.by_topic_id(topic_id_of("x"), 0) is None


def test_why_a_partition_is_missing(broker: DataDirectory) -> None:
    broker.create_topic("elsewhere", leader=2)
    missing = broker.partitions.missing_error
    assert broker.partitions.get("elsewhere", 0) is None
    assert missing("elsewhere", 0) is ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert missing("elsewhere", 1) is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert missing("nowhere", 0) is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.partitions.leader_of("elsewhere", 0) == (2, 0)
    assert broker.partitions.leader_of("nowhere", 0) == (-1, -1)
    assert directories(broker) == []


def test_records_survive_a_clean_restart(broker: DataDirectory) -> None:
    broker.create_topic("t", 2)
    broker.append("t", b"a", b"b", index=1)
    assert broker.close()
    assert (broker.path / ".kafka_cleanshutdown").exists()
    assert (broker.path / "recovery-point-offset-checkpoint").read_text() == "0\n2\nt 0 0\nt 1 2\n"
    assert (broker.path / "replication-offset-checkpoint").read_text() == "0\n2\nt 0 0\nt 1 2\n"
    assert (broker.path / "log-start-offset-checkpoint").read_text() == "0\n0\n"
    broker.open()
    assert broker.partition("t", 1).high_watermark == 2
    assert broker.append("t", b"c", index=1).base_offset == 2


def test_records_survive_a_crash(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b")
    broker.crash()
    assert broker.partition("t").high_watermark == 2


def test_a_log_start_offset_survives_a_restart(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b", b"c")
    broker.partition("t").delete_records_before(2)
    broker.close()
    assert (broker.path / "log-start-offset-checkpoint").read_text() == "0\n1\nt 0 2\n"
    broker.open()
    assert broker.partition("t").log_start_offset == 2


def test_nothing_is_appended_after_the_close(broker: DataDirectory) -> None:
    broker.create_topic("t")
    partition = broker.partition("t")
    broker.close()
    refused = partition.append(broker.batch(b"a"), origin=AppendOrigin.CLIENT, now_ms=START_MS)
    assert error_of(refused).code is ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_a_deleted_topic_is_gone_at_once_and_its_files_after_the_delay(broker: DataDirectory) -> None:
    topic_id = broker.create_topic("t")
    broker.append("t", b"a")
    broker.delete_topic("t")
    assert broker.partitions.get("t", 0) is None
    assert broker.partitions.topic_name(topic_id) is None
    (renamed,) = directories(broker)
    assert renamed.startswith("t-0.")
    assert renamed.endswith("-delete")
    broker.loop.advance(DELETE_DELAY_MS - 1)
    assert directories(broker) == [renamed]
    broker.loop.advance(1)
    assert directories(broker) == []


def test_what_waits_for_deletion_at_a_stop_is_deleted_after_the_start(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.delete_topic("t")
    broker.restart()
    assert len(directories(broker)) == 1
    broker.loop.advance(DELETE_DELAY_MS)
    assert directories(broker) == []


def test_a_topic_may_be_deleted_and_created_again_in_one_step(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"old")
    broker.delete_topic("t")
    new_id = broker.create_topic("t", number=1)
    partition = broker.partition("t")
    assert (partition.topic_id, partition.high_watermark) == (new_id, 0)
    broker.append("t", b"new")
    broker.loop.advance(DELETE_DELAY_MS)
    assert directories(broker) == ["t-0"]
    assert broker.append("t", b"new").base_offset == 1


def test_a_topic_created_anew_while_the_broker_was_down_makes_the_old_directory_a_stray(
    broker: DataDirectory,
) -> None:
    broker.create_topic("t")
    broker.append("t", b"old")
    broker.close()
    broker.image = DataDirectory(broker.path.with_name("other")).image
    broker.open()
    (stray,) = directories(broker)
    assert stray.endswith("-stray")
    broker.create_topic("t", number=1)
    broker.restart()
    assert broker.partition("t").high_watermark == 0
    assert directories(broker) == ["t-0", stray]


def test_a_directory_without_topic_id_is_a_stray(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.close()
    (broker.path / "t-0" / "partition.metadata").unlink()
    broker.open()
    assert [name.endswith("-stray") for name in directories(broker)] == [False, True]
    assert broker.append("t", b"a").base_offset == 0


def test_configurations_are_followed(broker: DataDirectory) -> None:
    broker.create_topic("t", retention_ms="5000")
    config = broker.partition("t").config
    assert (config.retention_ms, config.max_message_bytes) == (5000, 1048588)
    broker.configure_topic("t", "max.message.bytes", "100")
    assert broker.partition("t").config.max_message_bytes == 100
    broker.configure_topic("t", "retention.ms", None)
    assert broker.partition("t").config.retention_ms == 604_800_000
    broker.options["message.max.bytes"] = "2000"
    broker.options["log.retention.ms"] = "77"
    broker.restart()
    assert broker.partition("t").config.max_message_bytes == 100
    assert broker.partition("t").config.retention_ms == 77


def test_a_changed_broker_configuration_reaches_topics_that_do_not_override_it(
    broker: DataDirectory, tmp_path: Path
) -> None:
    broker.create_topic("t", retention_ms="5000")
    changed = DataDirectory(tmp_path / "changed", {"log.retention.ms": "1", "log.roll.ms": "2"}).config
    broker.partitions.update_broker_config(changed)
    config = broker.partition("t").config
    assert (config.retention_ms, config.segment_ms) == (5000, 2)


def test_a_directory_that_cannot_be_made_takes_only_its_partition_offline(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    broker = DataDirectory(tmp_path, files=files)
    files.fail_on("write_file", "create")
    broker.create_topic("t")
    files.heal()
    broker.create_topic("u")
    assert broker.partitions.get("t", 0) is None
    assert broker.partitions.missing_error("t", 0) is ErrorCode.KAFKA_STORAGE_ERROR
    broker.append("u", b"a")
    assert not broker.close()
    broker.open()
    assert broker.append("t", b"a").base_offset == 0


def test_a_directory_that_cannot_be_read_takes_only_its_partition_offline(broker: DataDirectory) -> None:
    broker.create_topic("t", 2)
    broker.close()
    (broker.path / "t-0" / "partition.metadata").write_text("nonsense")
    broker.open()
    assert broker.partitions.missing_error("t", 0) is ErrorCode.KAFKA_STORAGE_ERROR
    assert broker.append("t", b"a", index=1).base_offset == 0


def test_leadership_comes_back_with_a_higher_epoch_after_a_restart(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a")
    broker.set_leader("t", 0, -1)
    broker.set_leader("t", 0, 1)
    broker.restart()
    partition = broker.partition("t")
    assert (partition.leader_epoch, partition.is_leader) == (2, True)
    broker.append("t", b"b")
    assert [entry.epoch for entry in partition.log.leader_epochs.entries] == [0, 2]


def test_a_partition_that_was_moved_to_another_node_is_served_no_more(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a")
    topic_id = broker.image.topics.by_name["t"].topic_id
    broker.change(PartitionChangeRecord(partition_id=0, topic_id=topic_id, replicas=[2], isr=[2], leader=2))
    refused = broker.partition("t").append(
        broker.batch(b"b"), origin=AppendOrigin.CLIENT, now_ms=broker.loop.now_ms()
    )
    assert error_of(refused).code is ErrorCode.NOT_LEADER_OR_FOLLOWER
    broker.restart()
    assert broker.partitions.get("t", 0) is None
    assert broker.partitions.missing_error("t", 0) is ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert [name.endswith("-stray") for name in directories(broker)] == [True]


def test_those_who_wait_hear_when_partitions_whose_directories_take_time_are_there(tmp_path: Path) -> None:
    class Listener:
        heard = 0

        def partitions_created(self) -> None:
            self.heard += 1

    async def main() -> None:
        tasks = Tasks(asyncio.get_running_loop())
        broker = DataDirectory(tmp_path / "data")
        broker.partitions._writer = DirectoryWriter("data", tasks)
        listener = Listener()
        broker.partitions.subscribe(listener)
        assert broker.partitions.when_created().done
        broker.create_topic("t", 3)
        created = broker.partitions.when_created()
        assert broker.partitions.get("t", 0) is None
        assert broker.partitions.missing_error("t", 0) is ErrorCode.NOT_LEADER_OR_FOLLOWER
        done = asyncio.Event()
        created.on_done(lambda _: done.set())
        await asyncio.wait_for(done.wait(), 20)
        assert listener.heard == 1
        assert all(broker.partition("t", number).is_leader for number in range(3))
        broker.partitions._writer = broker.writer
        broker.close()

    asyncio.run(main())


def test_what_a_deleted_topic_had_in_the_checkpoints_is_not_taken_for_a_new_one_of_its_name(
    broker: DataDirectory,
) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b", b"c")
    broker.partition("t").delete_records_before(3)
    broker.loop.advance(CHECKPOINTS_MS)
    assert "t 0 3" in (broker.path / "log-start-offset-checkpoint").read_text()
    broker.delete_topic("t")
    broker.create_topic("t", number=1)
    broker.append("t", b"new")
    broker.crash()
    partition = broker.partition("t")
    assert (partition.log_start_offset, partition.high_watermark) == (0, 1)


def test_what_a_topic_deleted_before_a_crash_had_in_the_checkpoints_is_forgotten_at_the_start(
    broker: DataDirectory,
) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b", b"c")
    broker.partition("t").delete_records_before(3)
    broker.close()
    broker.image = DataDirectory(broker.path.with_name("other")).image
    broker.open()
    broker.create_topic("t", number=1)
    broker.append("t", b"new")
    broker.crash()
    partition = broker.partition("t")
    assert (partition.log_start_offset, partition.high_watermark) == (0, 1)


def test_a_partition_that_is_offline_keeps_its_place_in_the_checkpoints(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b", b"c")
    broker.partition("t").delete_records_before(2)
    broker.close()
    metadata = (broker.path / "t-0" / "partition.metadata").read_text()
    (broker.path / "t-0" / "partition.metadata").write_text("nonsense")
    broker.open()
    broker.create_topic("u")
    assert not broker.close()
    (broker.path / "t-0" / "partition.metadata").write_text(metadata)
    broker.open()
    assert (broker.partition("t").log_start_offset, broker.partition("t").high_watermark) == (2, 3)


def test_a_start_that_failed_says_nothing_about_the_logs_that_it_did_not_open(broker: DataDirectory) -> None:
    broker.create_topic("t")
    broker.append("t", b"a", b"b", b"c", producer_id=5, producer_epoch=0, base_sequence=0)
    broker.partition("t").delete_records_before(1)
    broker.loop.advance(CHECKPOINTS_MS)
    checkpoints = {path.name: path.read_text() for path in broker.path.glob("*-checkpoint")}
    (broker.path / "strange").mkdir()
    with pytest.raises(LogDirectoryError):
        broker.crash()
    assert not broker.close()
    assert {path.name: path.read_text() for path in broker.path.glob("*-checkpoint")} == checkpoints
    (broker.path / "strange").rmdir()
    broker.open()
    assert broker.partition("t").log_start_offset == 1
    assert list(broker.partition("t").log.producer_state.entries) == [5]


def test_records_of_a_topic_whose_disk_failed_are_not_those_of_a_new_one_of_its_name(
    broker: DataDirectory,
) -> None:
    broker.create_topic("t")
    broker.append("t", b"old")
    broker.close()
    (broker.path / "t-0" / "partition.metadata").write_text("nonsense")
    broker.open()
    broker.delete_topic("t")
    broker.create_topic("t", number=1)
    assert broker.partition("t").high_watermark == 0
    assert [name.endswith("-stray") for name in directories(broker)] == [False, True]


def test_a_topic_made_again_while_the_first_one_is_still_being_made_gets_a_log_of_its_own(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        broker = DataDirectory(tmp_path / "data")
        broker.partitions._writer = DirectoryWriter("data", Tasks(asyncio.get_running_loop()))
        broker.create_topic("t", 3)
        broker.delete_topic("t")
        second = broker.create_topic("t", 2, number=1)
        await settled(broker.partitions.when_created())
        assert {partition.topic_id for partition in broker.partitions} == {second}
        assert not any(name.endswith("-stray") for name in directories(broker))
        for number in range(2):
            broker.append("t", b"new", index=number)
        await settled(broker.partitions._writer.drain())
        broker.crash()
        assert [broker.partition("t", number).high_watermark for number in range(2)] == [1, 1]

    asyncio.run(main())


def test_many_partitions_are_made_and_closed_by_several_threads(tmp_path: Path) -> None:
    async def main() -> None:
        broker = DataDirectory(tmp_path / "data")
        broker.partitions._writer = DirectoryWriter("data", Tasks(asyncio.get_running_loop()))
        count = 5 * LOGS_PER_JOB + 1
        broker.create_topic("t", count)
        await settled(broker.partitions.when_created())
        for number in range(count):
            broker.append("t", b"a", index=number)
        assert await settled(broker.partitions.close())
        assert all(partition.log.recovery_point == 1 for partition in broker.partitions)

    asyncio.run(main())


def test_a_full_queue_of_the_disk_takes_no_partition_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 1)

    async def main() -> None:
        broker = DataDirectory(tmp_path / "data")
        broker.partitions._writer = DirectoryWriter("data", Tasks(asyncio.get_running_loop()))
        broker.create_topic("t", LOGS_PER_JOB * (writer.THREADS_APART + 1))
        await settled(broker.partitions.when_created())
        assert broker.partitions.missing_error(
            "t", 0
        ) is ErrorCode.NOT_LEADER_OR_FOLLOWER or broker.partitions.get("t", 0)
        assert await settled(broker.partitions.close())
        broker.crash()
        assert len(broker.partitions) == LOGS_PER_JOB * (writer.THREADS_APART + 1)

    asyncio.run(main())
