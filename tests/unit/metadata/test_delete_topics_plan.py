import pytest
from tests.unit.metadata.clusters import cluster, topic_id

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.delete_topics_plan import plan_delete_topics
from ottla.metadata.records import RemoveTopicRecord
from ottla.protocol.messages.delete_topics import DeleteTopicState
from ottla.types import ZERO_UUID, Uuid

IMAGE = cluster({"t": 1, "u": 1})
NOWHERE = Uuid(b"1" * 16)


def named(name: str) -> DeleteTopicState:
    return DeleteTopicState(name=name)


def identified(identifier: Uuid) -> DeleteTopicState:
    return DeleteTopicState(topic_id=identifier)


def outcome(*topics: DeleteTopicState) -> set[tuple[str | None, Uuid, int, str | None]]:
    plan = plan_delete_topics(IMAGE, list(topics))
    deleted = [result.topic_id for result in plan.results if result.error_code == ErrorCode.NONE]
    assert plan.records == [RemoveTopicRecord(topic_id=each) for each in deleted]
    return {(each.name, each.topic_id, each.error_code, each.error_message) for each in plan.results}


def test_topics_are_deleted_by_name_and_by_id() -> None:
    assert outcome(named("t"), identified(topic_id("u"))) == {
        ("t", topic_id("t"), 0, None),
        ("u", topic_id("u"), 0, None),
    }


def test_unknown_topics() -> None:
    assert outcome(named("none"), identified(NOWHERE)) == {
        ("none", ZERO_UUID, 3, "This server does not host this topic-partition."),
        (None, NOWHERE, 100, "This server does not host this topic ID."),
    }


def test_a_topic_is_named_one_way_and_once() -> None:
    assert outcome(
        DeleteTopicState(),
        DeleteTopicState(name="t", topic_id=topic_id("t")),
        named("t"),
        named("t"),
        identified(NOWHERE),
        identified(NOWHERE),
    ) == {
        (None, ZERO_UUID, 42, "Neither topic name nor id were specified."),
        ("t", topic_id("t"), 42, "You may not specify both topic name and topic id."),
        ("t", ZERO_UUID, 42, "Duplicate topic name."),
        (None, NOWHERE, 42, "Duplicate topic id."),
    }


def test_a_topic_given_by_name_and_by_id_is_kept() -> None:
    assert outcome(named("t"), identified(topic_id("t"))) == {
        ("t", topic_id("t"), 42, "The provided topic name maps to an ID that was already supplied."),
    }


def test_too_many_topics_fail_as_a_whole() -> None:
    many = cluster({f"t{number}": 1 for number in range(10_001)})
    with pytest.raises(KafkaError) as refusal:
        plan_delete_topics(many, [named(f"t{number}") for number in range(10_001)])
    assert refusal.value.message == "Unable to perform excessively large batch operation."
