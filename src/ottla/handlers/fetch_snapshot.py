"""FetchSnapshot (59), v0-1: a piece of a snapshot of the metadata log (KIP-630).

How large a piece is, is decided here as well as by the follower, which asks for the rest from where it ends.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import (
    METADATA_PARTITION,
    is_about_this_cluster,
    leader_endpoint,
    leader_error,
)
from ottla.metadata.snapshot import SnapshotId
from ottla.protocol.messages import fetch_snapshot as m
from ottla.types import CLUSTER_METADATA_TOPIC


def handle(
    request: m.FetchSnapshotRequest, context: RequestContext
) -> m.FetchSnapshotResponse | Completion[m.FetchSnapshotResponse]:
    """Send bytes of a snapshot."""
    if not is_about_this_cluster(request.cluster_id, context):
        return m.FetchSnapshotResponse(error_code=ErrorCode.INCONSISTENT_CLUSTER_ID)
    if len(request.topics) != 1 or len(request.topics[0].partitions) != 1:
        return m.FetchSnapshotResponse(error_code=ErrorCode.INVALID_REQUEST)
    (topic,) = request.topics
    (wish,) = topic.partitions
    if (topic.name, wish.partition) != (CLUSTER_METADATA_TOPIC, METADATA_PARTITION):
        unknown = m.PartitionSnapshotPiece(
            index=wish.partition, error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, unaligned_records=b""
        )
        return _response(context, topic.name, unknown)
    error = leader_error(wish.current_leader_epoch, context)
    if error is not ErrorCode.NONE:
        return _refused(context, error)
    wanted = SnapshotId(wish.snapshot_id.end_offset, wish.snapshot_id.epoch)

    def respond(piece: tuple[int, bytes] | None) -> m.FetchSnapshotResponse:
        if piece is None:
            return _refused(context, ErrorCode.SNAPSHOT_NOT_FOUND)
        size_bytes, content = piece
        if not 0 <= wish.position < size_bytes:
            return _refused(context, ErrorCode.POSITION_OUT_OF_RANGE)
        return _response(
            context,
            CLUSTER_METADATA_TOPIC,
            m.PartitionSnapshotPiece(
                index=METADATA_PARTITION,
                snapshot_id=m.SnapshotId(end_offset=wanted.end_offset, epoch=wanted.epoch),
                current_leader=_leader(context),
                size=size_bytes,
                position=wish.position,
                unaligned_records=content,
            ),
        )

    return context.services.quorum.read_snapshot(wanted, wish.position, max(request.max_bytes, 0)).map(
        respond
    )


def _refused(context: RequestContext, error: ErrorCode) -> m.FetchSnapshotResponse:
    piece = m.PartitionSnapshotPiece(
        index=METADATA_PARTITION, error_code=error, current_leader=_leader(context), unaligned_records=b""
    )
    return _response(context, CLUSTER_METADATA_TOPIC, piece)


def _leader(context: RequestContext) -> m.LeaderIdAndEpoch:
    quorum = context.services.quorum
    return m.LeaderIdAndEpoch(leader_id=quorum.node_id, leader_epoch=quorum.leader_epoch)


def _response(
    context: RequestContext, topic: str, piece: m.PartitionSnapshotPiece
) -> m.FetchSnapshotResponse:
    endpoint = leader_endpoint(context)
    return m.FetchSnapshotResponse(
        topics=[m.TopicSnapshotPiece(name=topic, partitions=[piece])],
        node_endpoints=[]
        if endpoint is None
        else [
            m.NodeEndpoint(node_id=context.services.quorum.node_id, host=endpoint.host, port=endpoint.port)
        ],
    )
