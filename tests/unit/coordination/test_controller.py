"""The controller over its real log: what it answers, what it publishes, and what the next start finds."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.unit.coordination.metadata_cluster import Node, format_directory, open_node, result_of, run

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.topics import RECOVERED, RECOVERING
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicResult
from ottla.protocol.messages.delete_topics import DeleteTopicState


async def create(node: Node, *names: str, partitions: int = 1) -> list[CreatableTopicResult]:
    topics = [CreatableTopic(name=name, num_partitions=partitions, replication_factor=1) for name in names]
    return await result_of(node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def test_a_fresh_directory_becomes_a_cluster(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        epoch = await node.start()
        image = node.image
        assert image.cluster_id == "4L6g3nShT-eMCtK--X86sw"
        assert image.features.levels == {
            "metadata.version": 27,
            "eligible.leader.replicas.version": 1,
            "group.version": 1,
            "transaction.version": 2,
        }
        assert image.configs.cluster_default() == {"min.insync.replicas": "1"}
        broker = image.brokers.by_id[1]
        assert (broker.epoch, broker.fenced, broker.in_controlled_shutdown) == (epoch, False, False)
        assert broker.log_dirs == (node.directory.meta_properties.directory_id,)
        assert image.brokers.controllers[1].endpoints["CONTROLLER"].port == 9093
        assert (image.offset + 1, image.epoch) == (node.log.end_offset, 1)
        await node.stop()

    run(main)


def test_a_reply_leaves_after_its_image_was_published(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        (result,) = await create(node, "t", partitions=3)
        assert result.topic_id == node.image.topics.by_name["t"].topic_id
        image, delta = node.images.seen[-1]
        assert image is node.image
        assert delta.created_topics == {result.topic_id}
        await node.stop()

    run(main)


def test_every_image_follows_the_one_before(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        await create(node, "t")
        befores = [delta.before for _, delta in node.images.seen]
        assert befores[1:] == [image for image, _ in node.images.seen[:-1]]
        await node.stop()

    run(main)


def test_topics_outlive_a_clean_stop(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        await create(first, "t", "gone")
        deleted = first.controller.delete_topics([DeleteTopicState(name="gone")], timeout_ms=10_000)
        assert [result.error_code for result in await result_of(deleted)] == [ErrorCode.NONE]
        before = first.image.topics.by_name["t"]
        await first.stop()
        stopped = first.image.topics.by_name["t"].partitions[0]
        assert (stopped.leader, stopped.isr, stopped.eligible_leader_replicas) == (-1, (), (1,))
        second = open_node(tmp_path)
        await second.start()
        assert list(second.image.topics.by_name) == ["t"]
        after = second.image.topics.by_name["t"]
        assert after.topic_id == before.topic_id
        assert (after.partitions[0].leader, after.partitions[0].leader_epoch) == (1, 2)
        assert after.partitions[0].leader_recovery_state == RECOVERED
        assert second.image.epoch == 2
        await second.stop()

    run(main)


def test_after_a_crash_the_broker_is_fenced_before_it_comes_back(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        await create(first, "t")
        first.crash()
        second = open_node(tmp_path)
        assert second.directory.previous_broker_epoch == -1
        await second.start()
        partition = second.image.topics.by_name["t"].partitions[0]
        assert (partition.leader, partition.isr, partition.leader_epoch) == (1, (1,), 2)
        assert partition.leader_recovery_state == RECOVERING
        assert not second.image.brokers.by_id[1].fenced
        await second.stop()

    run(main)


def test_the_controller_can_be_asked_only_while_it_is_loaded(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        with pytest.raises(KafkaError) as early:
            await create(node, "t")
        assert early.value.code is ErrorCode.NOT_CONTROLLER
        await node.start()
        await node.stop()
        with pytest.raises(KafkaError) as late:
            await create(node, "t")
        assert late.value.code is ErrorCode.NOT_CONTROLLER

    run(main)


def test_a_full_disk_is_an_answer_and_not_the_end(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    format_directory(tmp_path, files)

    async def main() -> None:
        node = open_node(tmp_path, files)
        await node.start()
        await create(node, "t")
        files.fail_on("pwrite")
        with pytest.raises(KafkaError) as failure:
            await create(node, "lost")
        assert failure.value.code is ErrorCode.KAFKA_STORAGE_ERROR
        files.heal()
        await result_of(node.images.next_one)  # loaded again from its log
        assert list(node.image.topics.by_name) == ["t"]
        _, delta = node.images.seen[-1]
        assert not delta.changed_topics
        await create(node, "next")
        assert sorted(node.image.topics.by_name) == ["next", "t"]
        await node.stop()

    run(main)


def test_a_client_waits_no_longer_than_it_says(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    format_directory(tmp_path, files)

    async def main() -> None:
        node = open_node(tmp_path, files)
        await node.start()
        disk_answers = threading.Event()

        def stall(name: str) -> None:
            if name == "fsync":
                assert disk_answers.wait(20)

        files.before = stall
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        hurried = node.controller.create_topics([topic], validate_only=False, timeout_ms=1)
        with pytest.raises(KafkaError) as impatience:
            await result_of(hurried)
        assert impatience.value.code is ErrorCode.REQUEST_TIMED_OUT
        disk_answers.set()
        await create(node, "u")
        assert sorted(node.image.topics.by_name) == ["t", "u"]
        await node.stop()

    run(main)


def test_a_client_without_time_gets_nothing_done(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
        for timeout_ms in (0, -1):
            refused = node.controller.create_topics([topic], validate_only=False, timeout_ms=timeout_ms)
            assert isinstance(refused.error, KafkaError)
            assert refused.error.code is ErrorCode.REQUEST_TIMED_OUT
        await create(node, "u")
        assert list(node.image.topics.by_name) == ["u"]
        await node.stop()

    run(main)


def test_what_is_refused_for_its_name_needs_no_time(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        twice = [CreatableTopic(name="t", num_partitions=1, replication_factor=1)] * 2
        prohibited = CreatableTopic(name="__cluster_metadata", num_partitions=1, replication_factor=1)
        controller = node.controller
        for answer in (
            await result_of(
                controller.create_topics([*twice, prohibited], validate_only=False, timeout_ms=0)
            ),
            await result_of(controller.delete_topics([DeleteTopicState(name="t")] * 2, timeout_ms=0)),
            await result_of(controller.delete_topics([DeleteTopicState()], timeout_ms=0)),
            await result_of(
                controller.create_partitions(
                    [CreatePartitionsTopic(name="t", count=2)] * 2, validate_only=False, timeout_ms=0
                )
            ),
        ):
            assert {each.error_code for each in answer} == {ErrorCode.INVALID_REQUEST}
        await node.stop()

    run(main)


def test_producer_ids_are_never_handed_out_twice(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        first = open_node(tmp_path)
        await first.start()
        assert await result_of(first.controller.allocate_producer_ids()) == (0, 1000)
        assert await result_of(first.controller.allocate_producer_ids()) == (1000, 1000)
        first.crash()
        second = open_node(tmp_path)
        await second.start()
        assert await result_of(second.controller.allocate_producer_ids()) == (2000, 1000)
        await second.stop()

    run(main)


def test_an_internal_topic_is_made_once_with_as_many_replicas_as_there_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, offsets_topic_replication_factor="3", offsets_topic_num_partitions="4")
        await node.start()
        with caplog.at_level("INFO", "ottla.controller"):
            waiting = [node.controller.ensure_internal_topic("__consumer_offsets") for _ in range(2)]
            node.controller.create_topics_automatically(["__consumer_offsets"])
            for each in waiting:
                await result_of(each)
        topic = node.image.topics.by_name["__consumer_offsets"]
        assert len(topic.partitions) == 4
        assert topic.partitions[0].replicas == (1,)
        assert node.image.configs.topic("__consumer_offsets") == {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": "104857600",
        }
        assert node.controller.ensure_internal_topic("__consumer_offsets").done
        (line,) = [
            record.getMessage() for record in caplog.records if "replication factor" in record.getMessage()
        ]
        assert line == (
            "Creating __consumer_offsets with replication factor 1 instead of 3: there are no more brokers"
        )
        await node.stop()

    run(main)


def test_a_topic_that_cannot_be_created_automatically_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, default_replication_factor="2", ottla_replication_factor_clamp="false")
        await node.start()
        node.controller.create_topics_automatically(["t", "__cluster_metadata"])
        await create(node, "u")
        assert list(node.image.topics.by_name) == ["u"]
        await node.stop()

    run(main)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(
        "Topic t cannot be created automatically: INVALID_REPLICATION_FACTOR" in line for line in warnings
    )
    assert any("Topic __cluster_metadata cannot be created automatically" in line for line in warnings)


def test_topics_of_one_request_are_created_together_and_each_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        offset = node.image.offset
        node.controller.create_topics_automatically(["a.b", "a_b", "c"])
        node.controller.create_topics_automatically(["a_b", "c"])
        await create(node, "d")
        assert list(node.image.topics.by_name) == ["a.b", "a_b", "c", "d"]
        # A record for each topic and one for its partition.
        assert node.image.offset == offset + 8
        node.controller.create_topics_automatically(["d.e", "a.b", "c_d"])
        await create(node, "e")
        assert [*node.image.topics.by_name][4:] == ["d.e", "c_d", "e"]
        node.controller.create_topics_automatically(["f", "d_e"])
        await create(node, "g")
        assert [*node.image.topics.by_name][7:] == ["f", "g"]
        node.controller.create_topics_automatically([f"many-{number:04}" for number in range(5001)])
        await create(node, "h")
        assert [*node.image.topics.by_name][9:] == ["h"]
        await node.stop()

    run(main)
    refused, excessive = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert refused == (
        "Topic d_e cannot be created automatically: INVALID_TOPIC_EXCEPTION: "
        "Topic 'd_e' collides with existing topic: d.e"
    )
    assert re.fullmatch(r"Cannot create many-0000, .* more automatically: POLICY_VIOLATION: .*", excessive)


def test_topics_get_no_more_replicas_than_there_are_brokers_and_the_log_tells(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path, default_replication_factor="3")
        await node.start()
        asked = [
            CreatableTopic(name=name, num_partitions=1, replication_factor=factor)
            for name, factor in (("a", -1), ("b", -1), ("c", 1), ("d", 2))
        ]
        with caplog.at_level("INFO", "ottla.controller"):
            await result_of(node.controller.create_topics(asked, validate_only=True, timeout_ms=30_000))
            results = await result_of(
                node.controller.create_topics(asked, validate_only=False, timeout_ms=30_000)
            )
            node.controller.create_topics_automatically(["auto"])
            await create(node, "e")
        assert [(each.name, each.error_code) for each in results] == [("a", 0), ("b", 0), ("c", 0), ("d", 38)]
        assert results[3].error_message == (
            "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because "
            "only 1 broker(s) are registered."
        )
        assert sorted(node.image.topics.by_name) == ["a", "auto", "b", "c", "e"]
        assert node.image.topics.by_name["a"].partitions[0].replicas == (1,)
        await node.stop()

    run(main)
    lines = [record.getMessage() for record in caplog.records if "replication factor" in record.getMessage()]
    assert lines == [
        "Created with replication factor 1 instead of 3, there are no more brokers: a, b",
        "Created with replication factor 1 instead of 3, there are no more brokers: auto",
    ]
