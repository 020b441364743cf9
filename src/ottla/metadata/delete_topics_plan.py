"""DeleteTopics against the image: topics are named by name or by id, each at most once (facts 1.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ottla.errors import ErrorCode, error_message
from ottla.metadata.image import ClusterImage
from ottla.metadata.limits import MAX_RECORDS_PER_OPERATION, excessive_operation
from ottla.metadata.records import MetadataRecord, RemoveTopicRecord
from ottla.protocol.messages.delete_topics import DeletableTopicResult, DeleteTopicState
from ottla.types import ZERO_UUID, Uuid


@dataclass(slots=True)
class DeleteTopicsPlan:
    """What to write, and what to answer once it is written."""

    records: list[MetadataRecord] = field(default_factory=list)
    results: list[DeletableTopicResult] = field(default_factory=list)

    def refuse(self, name: str | None, topic_id: Uuid, code: ErrorCode, message: str | None = None) -> None:
        """Answer one topic with an error."""
        text = error_message(code) if message is None else message
        self.results.append(
            DeletableTopicResult(name=name, topic_id=topic_id, error_code=code, error_message=text)
        )

    def delete(self, name: str, topic_id: Uuid) -> None:
        """Delete one topic."""
        self.records.append(RemoveTopicRecord(topic_id=topic_id))
        self.results.append(DeletableTopicResult(name=name, topic_id=topic_id))


def plan_delete_topics(image: ClusterImage, topics: list[DeleteTopicState]) -> DeleteTopicsPlan:
    """Plan the deletion of topics; old request versions give every topic by name.

    Raises KafkaError POLICY_VIOLATION for too many topics.
    """
    plan = DeleteTopicsPlan()
    names: Counter[str] = Counter()
    topic_ids: Counter[Uuid] = Counter()
    for topic in topics:
        if topic.name is not None and topic.topic_id != ZERO_UUID:
            message = "You may not specify both topic name and topic id."
            plan.refuse(topic.name, topic.topic_id, ErrorCode.INVALID_REQUEST, message)
        elif topic.name is not None:
            names[topic.name] += 1
        elif topic.topic_id != ZERO_UUID:
            topic_ids[topic.topic_id] += 1
        else:
            message = "Neither topic name nor id were specified."
            plan.refuse(None, ZERO_UUID, ErrorCode.INVALID_REQUEST, message)
    _plan_ids(plan, image, topic_ids, names)
    _plan_names(plan, image, names, topic_ids)
    if len(plan.records) > MAX_RECORDS_PER_OPERATION:
        raise excessive_operation()
    return plan


def acceptable_topics(topics: list[DeleteTopicState]) -> list[DeleteTopicState]:
    """Return the topics that the controller has to judge: those that are named once, by name or by id."""
    times = Counter((topic.name, topic.topic_id) for topic in topics)
    return [
        topic
        for topic in topics
        if times[topic.name, topic.topic_id] == 1 and (topic.name is None) != (topic.topic_id == ZERO_UUID)
    ]


def _plan_ids(
    plan: DeleteTopicsPlan, image: ClusterImage, topic_ids: Counter[Uuid], names: Counter[str]
) -> None:
    for topic_id, count in topic_ids.items():
        topic = image.topics.by_id.get(topic_id)
        if count > 1:
            plan.refuse(None, topic_id, ErrorCode.INVALID_REQUEST, "Duplicate topic id.")
        elif topic is None:
            plan.refuse(None, topic_id, ErrorCode.UNKNOWN_TOPIC_ID)
        elif names[topic.name] != 1:  # named once as well, it is refused by that name
            plan.delete(topic.name, topic_id)


def _plan_names(
    plan: DeleteTopicsPlan, image: ClusterImage, names: Counter[str], topic_ids: Counter[Uuid]
) -> None:
    for name, count in names.items():
        topic = image.topics.by_name.get(name)
        if count > 1:
            plan.refuse(name, ZERO_UUID, ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
        elif topic is None:
            plan.refuse(name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        elif topic.topic_id in topic_ids:
            message = "The provided topic name maps to an ID that was already supplied."
            plan.refuse(name, topic.topic_id, ErrorCode.INVALID_REQUEST, message)
        else:
            plan.delete(name, topic.topic_id)
