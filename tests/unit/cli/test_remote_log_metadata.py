"""Records of `__remote_log_metadata`, as Kafka's classes print themselves."""

from ottla.cli.remote_log_metadata import parse_remote_record
from ottla.protocol.coordinator_records.remote_log_records import (
    RemoteLogSegmentIdEntry,
    RemoteLogSegmentMetadataRecord,
    RemoteLogSegmentMetadataSnapshotRecord,
    RemoteLogSegmentMetadataUpdateRecord,
    RemotePartitionDeleteMetadataRecord,
    SegmentLeaderEpochEntry,
    TopicIdPartitionEntry,
)
from ottla.records.record import Record
from ottla.types import Uuid
from ottla.wire.compiler import encode
from ottla.wire.schema import message_schema_of

ID = Uuid(bytes(15) + b"\5")
PARTITION = TopicIdPartitionEntry(name="t", id=ID, partition=2)
SEGMENT = RemoteLogSegmentIdEntry(topic_id_partition=PARTITION, id=ID)
SHOWN_ID = "AAAAAAAAAAAAAAAAAAAABQ"
SHOWN_SEGMENT = f"RemoteLogSegmentId{{topicIdPartition={SHOWN_ID}:t-2, id={SHOWN_ID}}}"


def shown(message: object) -> str | None:
    key = message_schema_of(type(message)).key
    assert key is not None
    return parse_remote_record(Record(5, 0, None, bytes([1, key, 0]) + encode(message, 0)))[1]


def test_a_segment():
    epochs = [
        SegmentLeaderEpochEntry(leader_epoch=3, offset=40),
        SegmentLeaderEpochEntry(leader_epoch=0, offset=7),
    ]
    segment = RemoteLogSegmentMetadataRecord(
        remote_log_segment_id=SEGMENT,
        start_offset=7,
        end_offset=50,
        broker_id=1,
        max_timestamp_ms=9,
        event_timestamp_ms=8,
        segment_leader_epochs=epochs,
        segment_size_in_bytes=100,
        custom_metadata=b"abc",
        remote_log_segment_state=1,
        txn_index_empty=True,
    )
    assert shown(segment) == (
        f"RemoteLogSegmentMetadata{{remoteLogSegmentId={SHOWN_SEGMENT}, startOffset=7, endOffset=50, brokerId=1, "
        "maxTimestampMs=9, eventTimestampMs=8, segmentLeaderEpochs={0=7, 3=40}, segmentSizeInBytes=100, "
        "customMetadata=Optional[CustomMetadata{3 bytes}], state=COPY_SEGMENT_FINISHED, txnIdxEmpty=true}"
    )


def test_an_update():
    update = RemoteLogSegmentMetadataUpdateRecord(
        remote_log_segment_id=SEGMENT, broker_id=1, event_timestamp_ms=8, remote_log_segment_state=3
    )
    assert shown(update) == (
        f"RemoteLogSegmentMetadataUpdate{{remoteLogSegmentId={SHOWN_SEGMENT}, customMetadata=Optional.empty, "
        "state=DELETE_SEGMENT_FINISHED, eventTimestampMs=8, brokerId=1}"
    )


def test_a_deletion():
    deletion = RemotePartitionDeleteMetadataRecord(
        topic_id_partition=PARTITION, broker_id=1, event_timestamp_ms=8, remote_partition_delete_state=1
    )
    assert shown(deletion) == (
        f"RemotePartitionDeleteMetadata{{topicPartition={SHOWN_ID}:t-2, state=DELETE_PARTITION_STARTED, "
        "eventTimestampMs=8, brokerId=1}"
    )


def test_a_snapshot_with_a_state_that_there_is_not():
    snapshot = RemoteLogSegmentMetadataSnapshotRecord(segment_id=ID, remote_log_segment_state=9)
    assert shown(snapshot) == (
        f"RemoteLogSegmentMetadataSnapshot{{segmentId={SHOWN_ID}, startOffset=0, endOffset=0, maxTimestampMs=0, "
        "segmentLeaderEpochs={}, segmentSizeInBytes=0, customMetadata=Optional.empty, state=null, txnIdxEmpty=false}"
    )


def test_what_cannot_be_read_is_said_instead():
    _, payload = parse_remote_record(Record(5, 0, None, b"\1\x09\0"))
    assert payload is not None
    assert payload.startswith("Error at offset 5, skipping. ")
