from __future__ import annotations

import pytest
from tests.unit.handlers.support import NODE_ID, cluster_records, context_of, image_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.describe_topic_partitions import handle
from ottla.metadata.records import PartitionRecord, TopicRecord
from ottla.protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    TopicRequest,
)
from ottla.types import Uuid

AUDIT_ID = Uuid(b"\x05" * 16)
AUDIT = [
    TopicRecord(name="audit", topic_id=AUDIT_ID),
    PartitionRecord(
        topic_id=AUDIT_ID, partition_id=0, replicas=[NODE_ID], isr=[NODE_ID], leader=NODE_ID, leader_epoch=0
    ),
]


def ask(
    *names: str, limit: int = 2000, cursor: Cursor | None = None, maximum: str = "2000"
) -> DescribeTopicPartitionsResponse:
    context = context_of(
        image_of([*cluster_records(), *AUDIT]), 0, overrides={"max.request.partition.size.limit": maximum}
    )
    request = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=name) for name in names], response_partition_limit=limit, cursor=cursor
    )
    return handle(request, context)


def page(answer: DescribeTopicPartitionsResponse) -> list[tuple[str | None, list[int]]]:
    return [(topic.name, [each.partition_index for each in topic.partitions]) for topic in answer.topics]


def test_all_topics_come_in_the_order_of_their_names() -> None:
    answer = ask()
    assert page(answer) == [("audit", [0]), ("orders", [0, 1, 2])]
    assert answer.next_cursor is None


def test_a_page_ends_inside_a_topic_and_the_cursor_goes_on_there() -> None:
    answer = ask(limit=3)
    assert page(answer) == [("audit", [0]), ("orders", [0, 1])]
    assert answer.next_cursor == Cursor(topic_name="orders", partition_index=2)
    answer = ask(cursor=answer.next_cursor, limit=3)
    assert page(answer) == [("orders", [2])]
    assert answer.next_cursor is None


def test_a_page_that_ends_between_topics_names_the_next_one() -> None:
    assert ask(limit=1).next_cursor == Cursor(topic_name="orders", partition_index=0)


def test_the_broker_bounds_the_page_and_every_page_has_a_partition() -> None:
    assert page(ask(maximum="2")) == [("audit", [0]), ("orders", [0])]
    assert page(ask(limit=-5)) == [("audit", [0])]


def test_missing_and_impossible_topics_are_told_unless_all_were_asked_for() -> None:
    answer = ask("zebra", "no/slash", "orders")
    assert [(topic.name, topic.error_code) for topic in answer.topics] == [
        ("no/slash", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("orders", ErrorCode.NONE),
        ("zebra", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]


def test_a_topic_without_a_name_fails_all_where_there_is_no_cursor() -> None:
    with pytest.raises(KafkaError) as caught:
        ask("", "orders")
    assert caught.value.code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert page(ask("", "orders", cursor=Cursor(topic_name="orders", partition_index=2))) == [("orders", [2])]
    told = ask("", "orders", cursor=Cursor(topic_name="", partition_index=0)).topics
    assert [topic.error_code for topic in told] == [ErrorCode.INVALID_TOPIC_EXCEPTION, ErrorCode.NONE]


def test_a_cursor_must_be_among_the_topics_and_point_to_a_partition() -> None:
    with pytest.raises(KafkaError, match="topic list should contain the cursor topic: audit"):
        ask("orders", cursor=Cursor(topic_name="audit", partition_index=0))
    with pytest.raises(KafkaError, match=r"cursor partition must be valid: Cursor\(topicName='orders', part"):
        ask("orders", cursor=Cursor(topic_name="orders", partition_index=-1))
