"""DescribeQuorum (55), v0-2: this node is voter and leader; who fetches the metadata log is an observer (KIP-836)."""

from __future__ import annotations

from ottla.errors import ErrorCode, error_message
from ottla.handlers.context import RequestContext
from ottla.handlers.quorum_requests import METADATA_PARTITION, is_metadata_partition
from ottla.protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    QuorumListener,
    QuorumNode,
    QuorumPartition,
    QuorumTopic,
    ReplicaState,
)
from ottla.types import CLUSTER_METADATA_TOPIC


def handle(request: DescribeQuorumRequest, context: RequestContext) -> DescribeQuorumResponse:
    """Describe the quorum; any other partition than its own is unknown."""
    if not is_metadata_partition(request.topics):
        return _unknown(request)
    quorum = context.services.quorum
    voter = quorum.voter()
    high_watermark = quorum.high_watermark
    leader = ReplicaState(
        replica_id=voter.node_id,
        replica_directory_id=voter.directory_id,
        log_end_offset=high_watermark,
        last_fetch_timestamp=context.now_ms,
        last_caught_up_timestamp=context.now_ms,
    )
    observers = [
        ReplicaState(
            replica_id=observer.node_id,
            replica_directory_id=observer.directory_id,
            log_end_offset=observer.log_end_offset,
            last_fetch_timestamp=observer.last_fetch_ms,
            last_caught_up_timestamp=observer.last_caught_up_ms,
        )
        for observer in quorum.observers(context.now_ms)
    ]
    partition = QuorumPartition(
        partition_index=METADATA_PARTITION,
        leader_id=quorum.node_id,
        leader_epoch=quorum.leader_epoch,
        high_watermark=high_watermark,
        current_voters=[leader],
        observers=observers,
    )
    listeners = [QuorumListener(name=name, host=host, port=port) for name, host, port in voter.listeners]
    return DescribeQuorumResponse(
        topics=[QuorumTopic(topic_name=CLUSTER_METADATA_TOPIC, partitions=[partition])],
        nodes=[QuorumNode(node_id=voter.node_id, listeners=listeners)],
    )


def _unknown(request: DescribeQuorumRequest) -> DescribeQuorumResponse:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return DescribeQuorumResponse(
        topics=[
            QuorumTopic(
                topic_name=topic.topic_name,
                partitions=[
                    QuorumPartition(
                        partition_index=partition.partition_index,
                        error_code=code,
                        error_message=error_message(code),
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )
