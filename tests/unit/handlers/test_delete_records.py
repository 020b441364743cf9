"""DeleteRecords: new log start offsets, and the refusals of each partition."""

from pathlib import Path

import pytest
from tests.support.partitions import DataDirectory

from ottla.errors import ErrorCode
from ottla.handlers.delete_records import handle
from ottla.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t", 2)
    directory.append("t", b"a", b"b", b"c")
    return directory


def delete(broker: DataDirectory, topic: str, *wishes: tuple[int, int]) -> list[DeleteRecordsPartitionResult]:
    partitions = [DeleteRecordsPartition(partition_index=index, offset=offset) for index, offset in wishes]
    request = DeleteRecordsRequest(topics=[DeleteRecordsTopic(name=topic, partitions=partitions)])
    response = handle(request, broker.context(2))
    assert isinstance(response, DeleteRecordsResponse)
    assert response.topics[0].name == topic
    return response.topics[0].partitions


def refused(index: int, code: ErrorCode) -> DeleteRecordsPartitionResult:
    return DeleteRecordsPartitionResult(partition_index=index, low_watermark=-1, error_code=code)


def deleted(index: int, low_watermark: int) -> DeleteRecordsPartitionResult:
    return DeleteRecordsPartitionResult(partition_index=index, low_watermark=low_watermark)


def test_the_log_start_offset_moves_forward_only(broker: DataDirectory) -> None:
    assert delete(broker, "t", (0, 2), (1, 0)) == [deleted(0, 2), deleted(1, 0)]
    assert delete(broker, "t", (0, 1)) == [deleted(0, 2)]
    assert delete(broker, "t", (0, -1)) == [deleted(0, 3)]
    assert broker.partition("t").log_start_offset == 3


def test_partitions_are_independent(broker: DataDirectory) -> None:
    out_of_range = ErrorCode.OFFSET_OUT_OF_RANGE
    assert delete(broker, "t", (0, 4), (1, -2), (2, 0)) == [
        refused(0, out_of_range),
        refused(1, out_of_range),
        refused(2, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]


def test_topics_whose_records_may_not_be_deleted(broker: DataDirectory) -> None:
    broker.create_topic("compacted", cleanup_policy="compact")
    broker.create_topic("__consumer_offsets")
    broker.create_topic("elsewhere", leader=2)
    assert delete(broker, "compacted", (0, 0)) == [refused(0, ErrorCode.POLICY_VIOLATION)]
    assert delete(broker, "__consumer_offsets", (0, 0)) == [refused(0, ErrorCode.INVALID_TOPIC_EXCEPTION)]
    assert delete(broker, "elsewhere", (0, 0)) == [refused(0, ErrorCode.NOT_LEADER_OR_FOLLOWER)]
    assert delete(broker, "nowhere", (0, 0)) == [refused(0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)]
