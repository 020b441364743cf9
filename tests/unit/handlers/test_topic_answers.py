"""Topics that were encoded before are the same bytes as those that were not, until something changes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.handlers.support import NODE_ID, cluster_records, context_of, image_of

from ottla.errors import ErrorCode
from ottla.handlers import topic_answers
from ottla.handlers.authorized_operations import NOT_ASKED, TOPIC_OPERATIONS
from ottla.handlers.metadata import ENCODED_FROM_TOPICS, handle
from ottla.handlers.topic_answers import TopicAnswers
from ottla.metadata.image import ClusterImage
from ottla.metadata.records import PartitionChangeRecord, PartitionRecord, TopicRecord
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from ottla.types import Uuid
from ottla.wire.compiler import decode_message, encode

VERSIONS = range(14)
IDS = [Uuid(bytes([number] * 16)) for number in range(1, ENCODED_FROM_TOPICS + 5)]


@pytest.fixture
def image() -> ClusterImage:
    records: list[Any] = cluster_records()
    for topic_id in IDS:
        records.append(TopicRecord(name=f"topic-{topic_id[0]}", topic_id=topic_id))
        records += [
            PartitionRecord(
                topic_id=topic_id, partition_id=number, replicas=[NODE_ID], isr=[NODE_ID], leader=NODE_ID
            )
            for number in range(2)
        ]
    return image_of(records)


def ask(
    image: ClusterImage, answers: TopicAnswers, version: int, names: list[str], *, operations: bool = False
) -> MetadataResponse:
    request = MetadataRequest(
        topics=[MetadataRequestTopic(name=name) for name in names],
        allow_auto_topic_creation=False,
        include_topic_authorized_operations=operations,
    )
    return handle(request, context_of(image, version, topic_answers=answers))


def names_of(image: ClusterImage) -> list[str]:
    return list(image.topics.by_name)


@pytest.mark.parametrize("version", VERSIONS)
def test_many_topics_are_answered_as_each_by_itself(image: ClusterImage, version: int) -> None:
    answers = TopicAnswers()
    names = [*names_of(image), "missing"]
    single = [ask(image, answers, version, [name]).topics[0] for name in names]
    for _ in range(2):
        together = ask(image, answers, version, names)
        assert sum(isinstance(topic, bytes) for topic in together.topics) == len(names) - 1
        decoded = decode_message(MetadataResponse, version, encode(together, version))
        expected = ask(image, answers, version, [])
        expected.topics = list(single)
        assert decoded.topics == decode_message(MetadataResponse, version, encode(expected, version)).topics


def test_operations_are_told_to_those_only_who_have_asked(image: ClusterImage) -> None:
    answers = TopicAnswers()
    for operations in (True, False, True):
        response = ask(image, answers, 13, names_of(image), operations=operations)
        topics = decode_message(MetadataResponse, 13, encode(response, 13)).topics
        expected = TOPIC_OPERATIONS if operations else NOT_ASKED
        assert {topic.topic_authorized_operations for topic in topics} == {expected}


def test_a_topic_that_has_changed_is_encoded_anew(image: ClusterImage) -> None:
    answers = TopicAnswers()
    before = ask(image, answers, 13, names_of(image)).topics
    change = PartitionChangeRecord(topic_id=IDS[3], partition_id=1, leader=-1)
    after = ask(image_of([change], image), answers, 13, names_of(image)).topics
    different = [new for old, new in zip(before, after, strict=True) if old is not new]
    assert len(different) == 1
    assert different[0].partitions[1].error_code == ErrorCode.LEADER_NOT_AVAILABLE
    assert ask(image, answers, 13, names_of(image)).topics == before


def test_what_is_kept_has_an_end(image: ClusterImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_answers, "MOST_BYTES", 1500)
    answers = TopicAnswers()
    first = encode(ask(image, answers, 13, names_of(image)), 13)
    assert answers._bytes <= 1500
    assert encode(ask(image, answers, 13, names_of(image)), 13) == first
