"""OffsetCommit (8), v2-9: store how far a group has read.

Partitions that do not exist are refused one by one and the others stored; the answer names the refused ones first, as
Kafka's does.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import CommitOffsets
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)

_FIRST_WITH_MISSING_GROUPS = 9


def handle(
    request: OffsetCommitRequest, context: RequestContext
) -> OffsetCommitResponse | Completion[OffsetCommitResponse]:
    """Sort out what does not exist, and let the group store the rest."""
    known = context.services.image().topics.by_name
    accepted: list[OffsetCommitRequestTopic] = []
    refused: dict[str, OffsetCommitResponseTopic] = {}
    for topic in request.topics:
        topic_image = known.get(topic.name)
        partitions = {} if topic_image is None else topic_image.partitions
        there = [each for each in topic.partitions if each.partition_index in partitions]
        if there:
            accepted.append(OffsetCommitRequestTopic(name=topic.name, partitions=there))
        if len(there) < len(topic.partitions) or topic_image is None:
            missing = [
                each.partition_index for each in topic.partitions if each.partition_index not in partitions
            ]
            answer = _answer(topic.name, missing, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            refused.setdefault(
                topic.name, OffsetCommitResponseTopic(name=topic.name)
            ).partitions += answer.partitions
    if not accepted:
        return OffsetCommitResponse(topics=list(refused.values()))
    request.topics = accepted
    command = CommitOffsets(request, knows_missing_groups=context.api_version >= _FIRST_WITH_MISSING_GROUPS)
    answered: Completion[OffsetCommitResponse] = Completion()

    def settle(reply: Completion[OffsetCommitResponse]) -> None:
        error = reply.error
        if error is None:
            answered.resolve(OffsetCommitResponse(topics=_merge(refused, reply.result().topics)))
        elif isinstance(error, KafkaError):
            failed = [
                _answer(t.name, [p.partition_index for p in t.partitions], error.code) for t in accepted
            ]
            answered.resolve(OffsetCommitResponse(topics=_merge(refused, failed)))
        else:
            answered.fail(error)

    command.reply_to.on_done(settle)
    context.services.groups.submit(request.group_id, command)
    return answered


def _answer(name: str, indexes: list[int], code: ErrorCode) -> OffsetCommitResponseTopic:
    partitions = [OffsetCommitResponsePartition(partition_index=index, error_code=code) for index in indexes]
    return OffsetCommitResponseTopic(name=name, partitions=partitions)


def _merge(
    first: dict[str, OffsetCommitResponseTopic], second: list[OffsetCommitResponseTopic]
) -> list[OffsetCommitResponseTopic]:
    """Return all topics, each once, those of `first` before the others."""
    if not first:
        return second
    for topic in second:
        present = first.setdefault(topic.name, topic)
        if present is not topic:
            present.partitions += topic.partitions
    return list(first.values())
