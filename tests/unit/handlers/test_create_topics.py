from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import AllCreated, context_of

from ottla.handlers import create_topics
from ottla.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ottla.wire.compiler import decode_message, encode


def test_topics_are_created_and_refused_side_by_side(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        context = context_of(node.image, 7, controller=node.controller, partitions=AllCreated())
        request = CreateTopicsRequest(
            topics=[
                CreatableTopic(name="good", num_partitions=2, replication_factor=1),
                CreatableTopic(name="bad name", num_partitions=1, replication_factor=1),
            ],
            timeout_ms=10_000,
        )
        response = await result_of(create_topics.handle(request, context))
        assert [(topic.name, topic.error_code) for topic in response.topics] == [
            ("good", 0),
            ("bad name", 17),
        ]
        assert len(node.image.topics.by_name["good"].partitions) == 2
        await node.stop()

    run(main)


def test_a_dry_run_creates_nothing(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        context = context_of(node.image, 7, controller=node.controller, partitions=AllCreated())
        topic = CreatableTopic(name="t", num_partitions=2, replication_factor=1)
        request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000, validate_only=True)
        response = await result_of(create_topics.handle(request, context))
        assert [topic.error_code for topic in response.topics] == [0]
        assert not node.image.topics.by_name
        await node.stop()

    run(main)


def test_topics_share_the_bytes_of_their_configuration(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        context = context_of(node.image, 7, controller=node.controller, partitions=AllCreated())
        overridden = [CreatableTopicConfig(name="retention.ms", value="1000")]
        request = CreateTopicsRequest(
            topics=[
                CreatableTopic(name="a", num_partitions=1, replication_factor=1),
                CreatableTopic(name="b", num_partitions=1, replication_factor=1, configs=overridden),
                CreatableTopic(name="c", num_partitions=1, replication_factor=1),
            ],
            timeout_ms=10_000,
        )
        response = await result_of(create_topics.handle(request, context))
        first, _, third = (topic.configs for topic in response.topics)
        assert first is third
        described = decode_message(CreateTopicsResponse, 7, encode(response, 7))
        kept_ms = [
            next(item.value for item in topic.configs if item.name == "retention.ms")
            for topic in described.topics
        ]
        assert kept_ms == ["604800000", "1000", "604800000"]
        await node.stop()

    run(main)
