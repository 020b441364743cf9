"""The answer to a request that failed as a whole: every item that was asked for gets the same error.

This is the one place where such answers are made, as each Kafka request's `getErrorResponse` does. APIs whose response
has a top-level error code need no row here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ottla.errors import ErrorCode, error_message, own_words
from ottla.handlers.outcome import Outcome
from ottla.handlers.replica_error_responses import REPLICA_BUILDERS
from ottla.handlers.security_error_responses import BUILDERS as SECURITY_BUILDERS
from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.messages import (
    alter_configs,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    describe_configs,
    describe_groups,
    describe_topic_partitions,
    fetch,
    find_coordinator,
    incremental_alter_configs,
    init_producer_id,
    join_group,
    list_offsets,
    metadata,
    offset_commit,
    offset_fetch,
    offset_for_leader_epoch,
    produce,
)
from ottla.types import Uuid

NO_OFFSET = -1
NO_PRODUCER = -1


def error_response(api_key: ApiKey, version: int, request: Any, code: ErrorCode, message: str | None) -> Any:
    """Return the API's response that carries one error everywhere, or the outcome where it has no form for errors."""
    builder = _BUILDERS.get(api_key)
    if builder is not None:
        return builder(version, request, code, message)
    response = response_class(api_key)(error_code=code)
    if hasattr(response, "error_message"):
        response.error_message = message
    return response


def _produce(_version: int, request: produce.ProduceRequest, code: ErrorCode, message: str | None) -> Any:
    if request.acks == 0:
        return Outcome.CLOSE_CONNECTION
    if message == error_message(code):
        message = None  # Kafka leaves generic words out here (ApiError.fromThrowable)
    # Each partition once, and no topic without any, as in a good answer.
    topics: dict[tuple[str, Uuid], dict[int, None]] = {}
    for topic in request.topic_data:
        for partition in topic.partition_data:
            topics.setdefault((topic.name, topic.topic_id), {})[partition.index] = None
    return produce.ProduceResponse(
        responses=[
            produce.TopicProduceResponse(
                name=name,
                topic_id=topic_id,
                partition_responses=[
                    produce.PartitionProduceResponse(
                        index=index, error_code=code, base_offset=NO_OFFSET, error_message=message
                    )
                    for index in indexes
                ],
            )
            for (name, topic_id), indexes in topics.items()
        ]
    )


def _fetch(version: int, request: fetch.FetchRequest, code: ErrorCode, _message: str | None) -> Any:
    if version >= 13:
        return fetch.FetchResponse(error_code=code, session_id=request.session_id)
    return fetch.FetchResponse(
        error_code=code,
        session_id=request.session_id,
        responses=[
            fetch.FetchableTopicResponse(
                topic=topic.topic,
                partitions=[
                    fetch.PartitionData(
                        partition_index=partition.partition,
                        error_code=code,
                        high_watermark=NO_OFFSET,
                        records=b"",
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )


def _list_offsets(
    _version: int, request: list_offsets.ListOffsetsRequest, code: ErrorCode, _message: str | None
) -> Any:
    return list_offsets.ListOffsetsResponse(
        topics=[
            list_offsets.ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    list_offsets.ListOffsetsPartitionResponse(
                        partition_index=partition.partition_index, error_code=code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _metadata(_version: int, request: metadata.MetadataRequest, code: ErrorCode, _message: str | None) -> Any:
    return metadata.MetadataResponse(
        error_code=code,
        topics=[
            metadata.MetadataResponseTopic(error_code=code, name=topic.name or "", topic_id=topic.topic_id)
            for topic in request.topics or []
        ],
    )


def _offset_commit(
    _version: int, request: offset_commit.OffsetCommitRequest, code: ErrorCode, _message: str | None
) -> Any:
    return offset_commit.OffsetCommitResponse(
        topics=[
            offset_commit.OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    offset_commit.OffsetCommitResponsePartition(
                        partition_index=partition.partition_index, error_code=code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _offset_fetch(
    version: int, request: offset_fetch.OffsetFetchRequest, code: ErrorCode, _message: str | None
) -> Any:
    if version >= 8:
        return offset_fetch.OffsetFetchResponse(
            groups=[
                offset_fetch.OffsetFetchResponseGroup(group_id=group.group_id, error_code=code)
                for group in request.groups
            ]
        )
    topics: list[offset_fetch.OffsetFetchResponseTopic] = []
    if version < 2:
        topics = [
            offset_fetch.OffsetFetchResponseTopic(
                name=topic.name,
                partitions=[
                    offset_fetch.OffsetFetchResponsePartition(
                        partition_index=index, committed_offset=NO_OFFSET, metadata="", error_code=code
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in request.topics or []
        ]
    return offset_fetch.OffsetFetchResponse(error_code=code, topics=topics)


def _find_coordinator(
    version: int, request: find_coordinator.FindCoordinatorRequest, code: ErrorCode, message: str | None
) -> Any:
    if version < 4:
        return find_coordinator.FindCoordinatorResponse(
            error_code=code, error_message=message, node_id=-1, host="", port=-1
        )
    return find_coordinator.FindCoordinatorResponse(
        coordinators=[
            find_coordinator.Coordinator(
                key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message
            )
            for key in request.coordinator_keys
        ]
    )


def _describe_groups(
    _version: int, request: describe_groups.DescribeGroupsRequest, code: ErrorCode, _message: str | None
) -> Any:
    return describe_groups.DescribeGroupsResponse(
        groups=[describe_groups.DescribedGroup(group_id=group, error_code=code) for group in request.groups]
    )


def _join_group(
    version: int, _request: join_group.JoinGroupRequest, code: ErrorCode, _message: str | None
) -> Any:
    return join_group.JoinGroupResponse(error_code=code, protocol_name=None if version >= 7 else "")


def _create_topics(
    _version: int, request: create_topics.CreateTopicsRequest, code: ErrorCode, message: str | None
) -> Any:
    return create_topics.CreateTopicsResponse(
        topics=[
            create_topics.CreatableTopicResult(
                name=topic.name, error_code=code, error_message=own_words(code, message)
            )
            for topic in request.topics
        ]
    )


def _delete_topics(
    version: int, request: delete_topics.DeleteTopicsRequest, code: ErrorCode, _message: str | None
) -> Any:
    if version >= 6:
        responses = [
            delete_topics.DeletableTopicResult(name=topic.name, topic_id=topic.topic_id, error_code=code)
            for topic in request.topics
        ]
    else:
        responses = [
            delete_topics.DeletableTopicResult(name=name, error_code=code) for name in request.topic_names
        ]
    return delete_topics.DeleteTopicsResponse(responses=responses)


def _delete_records(
    _version: int, request: delete_records.DeleteRecordsRequest, code: ErrorCode, _message: str | None
) -> Any:
    return delete_records.DeleteRecordsResponse(
        topics=[
            delete_records.DeleteRecordsTopicResult(
                name=topic.name,
                partitions=[
                    delete_records.DeleteRecordsPartitionResult(
                        partition_index=partition.partition_index, low_watermark=NO_OFFSET, error_code=code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _init_producer_id(
    _version: int,
    _request: init_producer_id.InitProducerIdRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return init_producer_id.InitProducerIdResponse(
        error_code=code, producer_id=NO_PRODUCER, producer_epoch=NO_PRODUCER
    )


def _offset_for_leader_epoch(
    _version: int,
    request: offset_for_leader_epoch.OffsetForLeaderEpochRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return offset_for_leader_epoch.OffsetForLeaderEpochResponse(
        topics=[
            offset_for_leader_epoch.OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[
                    offset_for_leader_epoch.EpochEndOffset(partition=partition.partition, error_code=code)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _create_partitions(
    _version: int, request: create_partitions.CreatePartitionsRequest, code: ErrorCode, message: str | None
) -> Any:
    return create_partitions.CreatePartitionsResponse(
        results=[
            create_partitions.CreatePartitionsTopicResult(
                name=topic.name, error_code=code, error_message=own_words(code, message)
            )
            for topic in request.topics
        ]
    )


def _delete_groups(
    _version: int, request: delete_groups.DeleteGroupsRequest, code: ErrorCode, _message: str | None
) -> Any:
    return delete_groups.DeleteGroupsResponse(
        results=[
            delete_groups.DeletableGroupResult(group_id=group, error_code=code)
            for group in request.groups_names
        ]
    )


def _describe_configs(
    _version: int, request: describe_configs.DescribeConfigsRequest, code: ErrorCode, message: str | None
) -> Any:
    return describe_configs.DescribeConfigsResponse(
        results=[
            describe_configs.DescribeConfigsResult(
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
                error_code=code,
                error_message=message,
            )
            for resource in request.resources
        ]
    )


def _alter_configs(
    _version: int,
    request: alter_configs.AlterConfigsRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    return alter_configs.AlterConfigsResponse(
        responses=[
            alter_configs.AlterConfigsResourceResponse(
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
                error_code=code,
                error_message=message,
            )
            for resource in request.resources
        ]
    )


def _incremental_alter_configs(
    _version: int,
    request: incremental_alter_configs.IncrementalAlterConfigsRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    return incremental_alter_configs.IncrementalAlterConfigsResponse(
        responses=[
            incremental_alter_configs.AlterConfigsResourceResponse(
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
                error_code=code,
                error_message=own_words(code, message),
            )
            for resource in request.resources
        ]
    )


def _describe_topic_partitions(
    _version: int,
    request: describe_topic_partitions.DescribeTopicPartitionsRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return describe_topic_partitions.DescribeTopicPartitionsResponse(
        topics=[
            describe_topic_partitions.DescribeTopicPartitionsResponseTopic(name=topic.name, error_code=code)
            for topic in request.topics
        ]
    )


_BUILDERS: dict[ApiKey, Callable[[int, Any, ErrorCode, str | None], Any]] = {
    ApiKey.PRODUCE: _produce,
    ApiKey.FETCH: _fetch,
    ApiKey.LIST_OFFSETS: _list_offsets,
    ApiKey.METADATA: _metadata,
    ApiKey.OFFSET_COMMIT: _offset_commit,
    ApiKey.OFFSET_FETCH: _offset_fetch,
    ApiKey.FIND_COORDINATOR: _find_coordinator,
    ApiKey.JOIN_GROUP: _join_group,
    ApiKey.DESCRIBE_GROUPS: _describe_groups,
    ApiKey.CREATE_TOPICS: _create_topics,
    ApiKey.DELETE_TOPICS: _delete_topics,
    ApiKey.DELETE_RECORDS: _delete_records,
    ApiKey.INIT_PRODUCER_ID: _init_producer_id,
    ApiKey.OFFSET_FOR_LEADER_EPOCH: _offset_for_leader_epoch,
    ApiKey.CREATE_PARTITIONS: _create_partitions,
    ApiKey.DELETE_GROUPS: _delete_groups,
    ApiKey.DESCRIBE_CONFIGS: _describe_configs,
    ApiKey.ALTER_CONFIGS: _alter_configs,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: _incremental_alter_configs,
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: _describe_topic_partitions,
    **REPLICA_BUILDERS,
    **SECURITY_BUILDERS,
}
