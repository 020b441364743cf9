"""OffsetDelete (47), v0: remove committed offsets of topics that the group does not use (KIP-496)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.groups.commands import DeleteOffsets
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)


def handle(
    request: OffsetDeleteRequest, context: RequestContext
) -> OffsetDeleteResponse | Completion[OffsetDeleteResponse]:
    """Sort out partitions that do not exist, and let the group judge the rest."""
    if request.group_id == "":
        return OffsetDeleteResponse(error_code=ErrorCode.INVALID_GROUP_ID)
    known = context.services.image().topics.by_name
    accepted: list[OffsetDeleteRequestTopic] = []
    refused: dict[str, OffsetDeleteResponseTopic] = {}
    for topic in request.topics:
        topic_image = known.get(topic.name)
        partitions = {} if topic_image is None else topic_image.partitions
        there = [each for each in topic.partitions if each.partition_index in partitions]
        missing = [
            each.partition_index for each in topic.partitions if each.partition_index not in partitions
        ]
        if there:
            accepted.append(OffsetDeleteRequestTopic(name=topic.name, partitions=there))
        if missing:
            refused.setdefault(topic.name, OffsetDeleteResponseTopic(name=topic.name)).partitions += [
                OffsetDeleteResponsePartition(
                    partition_index=index, error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                )
                for index in missing
            ]
    command = DeleteOffsets(OffsetDeleteRequest(group_id=request.group_id, topics=accepted))
    context.services.groups.submit(request.group_id, command)
    return command.reply_to.map(lambda response: _merge(refused, response))


def _merge(
    by_name: dict[str, OffsetDeleteResponseTopic], response: OffsetDeleteResponse
) -> OffsetDeleteResponse:
    """Add what was refused before to what the group has answered, each topic once; as Kafka, where there is both."""
    if not by_name:
        return response
    for topic in response.topics:
        present = by_name.setdefault(topic.name, topic)
        if present is not topic:
            present.partitions += topic.partitions
    response.topics = list(by_name.values())
    return response
