from pathlib import Path

import pytest
from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers import delete_topics
from ottla.metadata.image import EMPTY
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState


def test_topics_go_by_name_and_since_version_6_by_id(tmp_path: Path) -> None:
    format_directory(tmp_path)

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        topics = [
            CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in ("t", "u", "v")
        ]
        await result_of(node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))
        by_name = DeleteTopicsRequest(topic_names=["t"], timeout_ms=10_000)
        context = context_of(node.image, 5, controller=node.controller)
        response = await result_of(delete_topics.handle(by_name, context))
        assert [(each.name, each.error_code) for each in response.responses] == [("t", 0)]
        topic_id = node.image.topics.by_name["u"].topic_id
        by_id = DeleteTopicsRequest(topics=[DeleteTopicState(topic_id=topic_id)], timeout_ms=10_000)
        context = context_of(node.image, 6, controller=node.controller)
        response = await result_of(delete_topics.handle(by_id, context))
        assert [(each.name, each.topic_id, each.error_code) for each in response.responses] == [
            ("u", topic_id, 0)
        ]
        assert list(node.image.topics.by_name) == ["v"]
        await node.stop()

    run(main)


@pytest.mark.parametrize(
    ("version", "code"), [(2, ErrorCode.INVALID_REQUEST), (3, ErrorCode.TOPIC_DELETION_DISABLED)]
)
def test_deletion_can_be_switched_off(version: int, code: ErrorCode) -> None:
    context = context_of(EMPTY, version, overrides={"delete.topic.enable": "false"})
    with pytest.raises(KafkaError) as refusal:
        delete_topics.handle(DeleteTopicsRequest(topic_names=["t"]), context)
    assert refusal.value.code is code
