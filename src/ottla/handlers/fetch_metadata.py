"""Fetch (1) on the controller listener: the metadata log, for nodes that follow it without a vote (KIP-595).

There is one partition to fetch, by its topic id, so only versions with ids are answered with records. A follower is
told where its log diverges, or which snapshot it has to load first; see `MetadataQuorum.position`.
"""

from __future__ import annotations

import logging

from ottla.completion import Completion
from ottla.coordination.quorum import Position, PositionKind
from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import (
    METADATA_PARTITION,
    is_about_this_cluster,
    leader_endpoint,
    leader_error,
)
from ottla.protocol.messages.fetch import (
    EpochEndOffset,
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    SnapshotId,
)
from ottla.types import CLUSTER_METADATA_TOPIC, METADATA_TOPIC_ID

logger = logging.getLogger("ottla.controller")

_FIRST_WITH_ENDPOINTS = 17
_VALID = Position(PositionKind.VALID)


def handle(request: FetchRequest, context: RequestContext) -> FetchResponse | Completion[FetchResponse]:
    """Send what a follower has not got yet, at once or when it is there."""
    if not is_about_this_cluster(request.cluster_id, context):
        return FetchResponse(error_code=ErrorCode.INCONSISTENT_CLUSTER_ID)
    if not _is_metadata_partition(request):
        return FetchResponse(error_code=ErrorCode.INVALID_REQUEST)
    (wish,) = request.topics[0].partitions
    if (
        request.max_wait_ms < 0
        or wish.fetch_offset < 0
        or wish.last_fetched_epoch < 0
        or wish.last_fetched_epoch > wish.current_leader_epoch
    ):
        return _response(context, PartitionData(error_code=ErrorCode.INVALID_REQUEST, records=b""), _VALID)
    answer = _read(request, wish, context)
    if not _may_wait(request, wish, answer):
        return answer
    waiting = context.services.quorum.wait_for_append(request.max_wait_ms)
    return waiting.map(lambda _: _read(request, wish, context))


def _is_metadata_partition(request: FetchRequest) -> bool:
    return (
        len(request.topics) == 1
        and request.topics[0].topic_id == METADATA_TOPIC_ID
        and len(request.topics[0].partitions) == 1
        and request.topics[0].partitions[0].partition == METADATA_PARTITION
    )


def _may_wait(request: FetchRequest, wish: FetchPartition, answer: FetchResponse) -> bool:
    """Tell whether there is nothing that the follower would want to know at once."""
    (partition,) = answer.responses[0].partitions
    return (
        request.max_wait_ms > 0
        and partition.error_code == ErrorCode.NONE
        and not partition.records
        and partition.diverging_epoch is None
        and partition.snapshot_id is None
        and wish.high_watermark >= partition.high_watermark
    )


def _read(request: FetchRequest, wish: FetchPartition, context: RequestContext) -> FetchResponse:
    quorum = context.services.quorum
    error = leader_error(wish.current_leader_epoch, context)
    if error is not ErrorCode.NONE:
        return _response(context, PartitionData(error_code=error, records=b""), _VALID)
    replica_id = request.replica_id if request.replica_id >= 0 else request.replica_state.replica_id
    position = quorum.position(wish.fetch_offset, wish.last_fetched_epoch)
    partition = PartitionData(records=b"")
    if position.kind is PositionKind.VALID and replica_id == quorum.node_id:
        logger.warning("A node at %s fetches as node %d, which is this one", context.client_host, replica_id)
        partition.error_code = ErrorCode.UNKNOWN_SERVER_ERROR
    elif position.kind is PositionKind.VALID:
        now_ms = context.services.clock.now_ms()
        quorum.observe(replica_id, wish.replica_directory_id, wish.fetch_offset, now_ms)
        partition.records = quorum.read(wish.fetch_offset) or b""
    return _response(context, partition, position)


def _response(context: RequestContext, partition: PartitionData, position: Position) -> FetchResponse:
    quorum = context.services.quorum
    partition.partition_index = METADATA_PARTITION
    failed = partition.error_code != ErrorCode.NONE
    partition.high_watermark = -1 if failed else quorum.high_watermark
    partition.log_start_offset = quorum.log_start_offset
    partition.current_leader = LeaderIdAndEpoch(leader_id=quorum.node_id, leader_epoch=quorum.leader_epoch)
    partition.aborted_transactions = []
    if position.kind is PositionKind.DIVERGING:
        partition.diverging_epoch = EpochEndOffset(epoch=position.epoch, end_offset=position.end_offset)
    elif position.kind is PositionKind.SNAPSHOT:
        partition.snapshot_id = SnapshotId(end_offset=position.end_offset, epoch=position.epoch)
    response = FetchResponse(
        responses=[
            FetchableTopicResponse(
                topic=CLUSTER_METADATA_TOPIC, topic_id=METADATA_TOPIC_ID, partitions=[partition]
            )
        ]
    )
    endpoint = leader_endpoint(context)
    if context.api_version >= _FIRST_WITH_ENDPOINTS and endpoint is not None:
        response.node_endpoints = [
            NodeEndpoint(node_id=quorum.node_id, host=endpoint.host, port=endpoint.port)
        ]
    return response
