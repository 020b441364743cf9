"""What kafka-dump-log shows of `__remote_log_metadata`: each record as Kafka's Java classes print themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ottla.cli.coordinator_records import UnreadableRecordError
from ottla.cli.dump_log_decoders import read_framed
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
from ottla.types import uuid_to_text
from ottla.wire.schema import message_schema_of

_SEGMENT_STATES = (
    "COPY_SEGMENT_STARTED",
    "COPY_SEGMENT_FINISHED",
    "DELETE_SEGMENT_STARTED",
    "DELETE_SEGMENT_FINISHED",
)
_PARTITION_STATES = ("DELETE_PARTITION_MARKED", "DELETE_PARTITION_STARTED", "DELETE_PARTITION_FINISHED")


def parse_remote_record(record: Record) -> tuple[str | None, str | None]:
    """Return the text of a record in the place of its payload, or why there is none."""
    try:
        _, message = read_framed(_CLASSES, record.value or b"")
        return None, _SHOWN[type(message)](message)
    except UnreadableRecordError as error:
        return None, f"Error at offset {record.offset}, skipping. {error}"


def _segment_text(record: RemoteLogSegmentMetadataRecord) -> str:
    return _java_object(
        "RemoteLogSegmentMetadata",
        remoteLogSegmentId=_segment_id_text(record.remote_log_segment_id),
        startOffset=record.start_offset,
        endOffset=record.end_offset,
        brokerId=record.broker_id,
        maxTimestampMs=record.max_timestamp_ms,
        eventTimestampMs=record.event_timestamp_ms,
        segmentLeaderEpochs=_epochs_text(record.segment_leader_epochs),
        segmentSizeInBytes=record.segment_size_in_bytes,
        customMetadata=_custom_text(record.custom_metadata),
        state=_state_text(_SEGMENT_STATES, record.remote_log_segment_state),
        txnIdxEmpty=record.txn_index_empty,
    )


def _update_text(record: RemoteLogSegmentMetadataUpdateRecord) -> str:
    return _java_object(
        "RemoteLogSegmentMetadataUpdate",
        remoteLogSegmentId=_segment_id_text(record.remote_log_segment_id),
        customMetadata=_custom_text(record.custom_metadata),
        state=_state_text(_SEGMENT_STATES, record.remote_log_segment_state),
        eventTimestampMs=record.event_timestamp_ms,
        brokerId=record.broker_id,
    )


def _deletion_text(record: RemotePartitionDeleteMetadataRecord) -> str:
    return _java_object(
        "RemotePartitionDeleteMetadata",
        topicPartition=_partition_text(record.topic_id_partition),
        state=_state_text(_PARTITION_STATES, record.remote_partition_delete_state),
        eventTimestampMs=record.event_timestamp_ms,
        brokerId=record.broker_id,
    )


def _snapshot_text(record: RemoteLogSegmentMetadataSnapshotRecord) -> str:
    return _java_object(
        "RemoteLogSegmentMetadataSnapshot",
        segmentId=uuid_to_text(record.segment_id),
        startOffset=record.start_offset,
        endOffset=record.end_offset,
        maxTimestampMs=record.max_timestamp_ms,
        segmentLeaderEpochs=_epochs_text(record.segment_leader_epochs),
        segmentSizeInBytes=record.segment_size_in_bytes,
        customMetadata=_custom_text(record.custom_metadata),
        state=_state_text(_SEGMENT_STATES, record.remote_log_segment_state),
        txnIdxEmpty=record.txn_index_empty,
    )


_SHOWN: Mapping[type, Callable[[Any], str]] = {
    RemoteLogSegmentMetadataRecord: _segment_text,
    RemoteLogSegmentMetadataUpdateRecord: _update_text,
    RemotePartitionDeleteMetadataRecord: _deletion_text,
    RemoteLogSegmentMetadataSnapshotRecord: _snapshot_text,
}
_CLASSES: Mapping[int, type] = {cast("int", message_schema_of(cls).key): cls for cls in _SHOWN}


def _java_object(name: str, **fields: object) -> str:
    shown = (
        f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in fields.items()
    )
    return f"{name}{{{', '.join(shown)}}}"


def _segment_id_text(entry: RemoteLogSegmentIdEntry) -> str:
    return _java_object(
        "RemoteLogSegmentId",
        topicIdPartition=_partition_text(entry.topic_id_partition),
        id=uuid_to_text(entry.id),
    )


def _partition_text(entry: TopicIdPartitionEntry) -> str:
    return f"{uuid_to_text(entry.id)}:{entry.name}-{entry.partition}"


def _epochs_text(entries: Iterable[SegmentLeaderEpochEntry]) -> str:
    epochs = sorted({each.leader_epoch: each.offset for each in entries}.items())
    return "{" + ", ".join(f"{epoch}={offset}" for epoch, offset in epochs) + "}"


def _custom_text(content: bytes | None) -> str:
    return "Optional.empty" if content is None else f"Optional[CustomMetadata{{{len(content)} bytes}}]"


def _state_text(names: tuple[str, ...], number: int) -> str:
    """Return the name of a state. Java knows no other numbers and shows null for them."""
    return names[number] if 0 <= number < len(names) else "null"
