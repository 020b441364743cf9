"""DescribeLogDirs (35), v1-4: the data directory, the logs in it, and how full its volume is (KIP-113, KIP-827).

A log that the disk has failed has the lag -1, as Kafka marks what is not available; one that could not be opened at the
start is left out, since nothing is known of it. There is one directory, so that no replica is on its way to another.
"""

from __future__ import annotations

import logging

from ottla.completion import Completion, gather
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.partitions.partition import Partition
from ottla.partitions.partition_set import PartitionSet
from ottla.protocol.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)
from ottla.storage.files import Space
from ottla.types import TopicPartition

logger = logging.getLogger("ottla.handlers.describe_log_dirs")

UNKNOWN_LAG = -1
"""What is said of a log that is offline (Kafka's `DescribeLogDirsResponse.INVALID_OFFSET_LAG`)."""


def handle(request: DescribeLogDirsRequest, context: RequestContext) -> Completion[DescribeLogDirsResponse]:
    """Describe the directory; a volume that does not answer holds up nobody else."""
    partitions, volume = context.services.partitions, context.services.volume
    asked = None
    if request.topics is not None:
        asked = {
            TopicPartition(topic.topic, number) for topic in request.topics for number in topic.partitions
        }
    space = volume.space()
    path = str(volume.directory)
    return gather([space]).map(
        lambda _: DescribeLogDirsResponse(results=[_describe(path, partitions, asked, space)])
    )


def _describe(
    path: str, partitions: PartitionSet, asked: set[TopicPartition] | None, space: Completion[Space]
) -> DescribeLogDirsResult:
    if isinstance(space.error, OSError | KafkaError):
        logger.warning("The data directory %s cannot be described: %s", path, space.error)
        return DescribeLogDirsResult(error_code=ErrorCode.KAFKA_STORAGE_ERROR, log_dir=path)
    total_bytes, usable_bytes = space.result()
    topics = []
    for name, here in partitions.by_topic():
        rows = [_row(each) for each in here if asked is None or each.topic_partition in asked]
        if rows:
            topics.append(DescribeLogDirsTopic(name=name, partitions=rows))
    return DescribeLogDirsResult(
        log_dir=path, topics=topics, total_bytes=total_bytes, usable_bytes=usable_bytes
    )


def _row(partition: Partition) -> DescribeLogDirsPartition:
    log = partition.log
    lag = max(partition.high_watermark - log.log_end_offset, 0)
    return DescribeLogDirsPartition(
        partition_index=partition.topic_partition.partition,
        partition_size=log.size_bytes,
        offset_lag=UNKNOWN_LAG if partition.is_offline else lag,
    )
