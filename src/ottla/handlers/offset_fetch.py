"""OffsetFetch (9), v1-9: how far groups have read; one group up to v7, many from v8."""

from __future__ import annotations

from ottla.completion import Completion, gather
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import FetchOffsets
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)

_FIRST_WITH_MANY_GROUPS = 8
_FIRST_WITH_GROUP_ERROR = 2
_NO_OFFSET = -1


def handle(
    request: OffsetFetchRequest, context: RequestContext
) -> OffsetFetchResponse | Completion[OffsetFetchResponse]:
    """Ask each group's shard, and answer when all have."""
    version = context.api_version
    has_many = version >= _FIRST_WITH_MANY_GROUPS
    asked = request.groups if has_many else [_only_group(request)]
    commands = [FetchOffsets(group, request.require_stable) for group in asked]
    for command in commands:
        context.services.groups.submit(command.request.group_id, command)

    def collect(_: object) -> OffsetFetchResponse:
        groups = [_answer_of(command) for command in commands]
        return OffsetFetchResponse(groups=groups) if has_many else _for_one(groups[0], asked[0], version)

    return gather([command.reply_to for command in commands]).map(collect)


def _only_group(request: OffsetFetchRequest) -> OffsetFetchRequestGroup:
    topics = None
    if request.topics is not None:
        topics = [
            OffsetFetchRequestTopics(name=topic.name, partition_indexes=topic.partition_indexes)
            for topic in request.topics
        ]
    return OffsetFetchRequestGroup(group_id=request.group_id, topics=topics)


def _answer_of(command: FetchOffsets) -> OffsetFetchResponseGroup:
    error = command.reply_to.error
    if error is None:
        return command.reply_to.result()
    if not isinstance(error, KafkaError):
        raise error
    code = error.code
    if code is ErrorCode.COORDINATOR_NOT_AVAILABLE:
        # Consumers before 3.9 do not retry that one here; this one has them look for the coordinator again.
        code = ErrorCode.NOT_COORDINATOR
    return OffsetFetchResponseGroup(group_id=command.request.group_id, error_code=code)


def _for_one(
    group: OffsetFetchResponseGroup, asked: OffsetFetchRequestGroup, version: int
) -> OffsetFetchResponse:
    """Return the answer in the form before v8; v1 has the group's error at each partition."""
    topics = group.topics
    if group.error_code and version < _FIRST_WITH_GROUP_ERROR:
        topics = [
            OffsetFetchResponseTopics(
                name=topic.name,
                partitions=[
                    OffsetFetchResponsePartitions(
                        partition_index=index,
                        committed_offset=_NO_OFFSET,
                        metadata="",
                        error_code=group.error_code,
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in asked.topics or []
        ]
    return OffsetFetchResponse(
        error_code=group.error_code,
        topics=[
            OffsetFetchResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetFetchResponsePartition(
                        partition_index=partition.partition_index,
                        committed_offset=partition.committed_offset,
                        committed_leader_epoch=partition.committed_leader_epoch,
                        metadata=partition.metadata,
                        error_code=partition.error_code,
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in topics
        ],
    )
