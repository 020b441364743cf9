"""What kafka-dump-log shows of a log segment or a snapshot of the metadata: a line a batch, and a line a record.

The files are read as they are, whatever a broker would think of them: damage is shown, not repaired.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from ottla.cli.dump_log_decoders import RecordParser
from ottla.cli.failures import ToolError
from ottla.cli.legacy_batches import (
    NEWEST_LEGACY_MAGIC,
    SMALLEST_SIZE_BYTES,
    LegacyMessage,
    messages_in,
    read_message,
)
from ottla.metadata.snapshot import SUFFIX as SNAPSHOT_SUFFIX
from ottla.protocol.raft_records import (
    KRaftVersionRecord,
    LeaderChangeMessage,
    SnapshotFooterRecord,
    SnapshotHeaderRecord,
    VotersRecord,
)
from ottla.records.batch import (
    CODEC_MASK,
    HEADER_SIZE_BYTES,
    MAGIC,
    NO_SEQUENCE,
    SIZE_PREFIX_BYTES,
    BatchHeader,
    CorruptBatchError,
    add_to_sequence,
    compute_crc,
    unpack_header,
)
from ottla.records.compression import Codec, DecompressionError
from ottla.records.control import ControlType, control_type_of, read_marker
from ottla.records.record import Record, iterate_records
from ottla.storage.segment import LOG_SUFFIX
from ottla.wire.compiler import decode_message
from ottla.wire.json_form import json_form, json_text
from ottla.wire.primitives import WireError

Batch = BatchHeader | LegacyMessage

ALL_BYTES = (1 << 31) - 1
"""As a limit: none (Kafka's --max-bytes is an int, and segments are no larger)."""

RECORD_PREFIX = "| "
_BOOTSTRAP_SNAPSHOT = "bootstrap.checkpoint"
_UP_TO_MAGIC_BYTES = 17
_MAGIC_AT = 16
_INVALID_RECORD = "org.apache.kafka.common.InvalidRecordException"

_QUORUM_RECORDS: Mapping[ControlType, tuple[type[Any], str]] = {
    ControlType.LEADER_CHANGE: (LeaderChangeMessage, "LeaderChange:"),
    ControlType.SNAPSHOT_HEADER: (SnapshotHeaderRecord, "SnapshotHeader"),
    ControlType.SNAPSHOT_FOOTER: (SnapshotFooterRecord, "SnapshotFooter"),
    ControlType.KRAFT_VERSION: (KRaftVersionRecord, "KRaftVersion"),
    ControlType.KRAFT_VOTERS: (VotersRecord, "KRaftVoters"),
}
"""The control records of the metadata quorum, and what they are called."""


@dataclass(frozen=True, slots=True)
class LogDump:
    """What to show of a log."""

    is_deep: bool
    """Whether each record gets a line."""
    prints_contents: bool
    skips_record_metadata: bool
    max_bytes: int
    parse_record: RecordParser


@dataclass(slots=True)
class Gaps:
    """Offsets that do not follow each other, by file; the last found comes first."""

    by_file: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, path: Path, before: int, after: int) -> None:
        """Take note of an offset and the one that stands behind it instead of its successor."""
        self.by_file.setdefault(str(path.absolute()), []).insert(0, (before, after))

    def lines(self) -> Iterator[str]:
        """Yield the lines for standard error."""
        for name, pairs in self.by_file.items():
            yield f"Non-consecutive offsets in {name}\n"
            for before, after in pairs:
                yield f"  {before} is followed by {after}\n"


def dump_log(path: Path, dump: LogDump, gaps: Gaps, out: TextIO) -> None:
    """Print the batches of a file. Raises ToolError where Kafka's tool would die of it."""
    out.write(_title(path.name))
    with open_log(path) as file:
        end = min(dump.max_bytes, os.fstat(file.fileno()).st_size)
        valid_bytes = 0
        last_offset = -1
        for _, content in walk_batches(file, path, 0, end):
            batch = read_batch(content)
            _print_batch(batch, content, valid_bytes, out)
            if dump.is_deep:
                for record, message in records_of(content, batch):
                    if last_offset not in {-1, record.offset - 1}:
                        gaps.add(path, last_offset, record.offset)
                    last_offset = record.offset
                    _print_record(record, message, batch, dump, out)
            valid_bytes += batch.size_bytes
        if end > valid_bytes and dump.max_bytes == ALL_BYTES:
            out.write(f"Found {end - valid_bytes} invalid bytes at the end of {path.name}\n")


def open_log(path: Path) -> BinaryIO:
    """Open a file to read it. Raises ToolError where it is not there or cannot be read."""
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise ToolError("java.nio.file.NoSuchFileException", str(path)) from error
    except PermissionError as error:
        raise ToolError("java.nio.file.AccessDeniedException", str(path)) from error
    except OSError as error:
        raise ToolError("java.io.IOException", error.strerror) from error


def walk_batches(file: BinaryIO, path: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield position and bytes of each batch that lies between two positions as a whole.

    Raises ToolError where a size cannot be, or a batch has a format that is not read here.
    """
    position = start
    descriptor = file.fileno()
    while position < end - _UP_TO_MAGIC_BYTES:
        head = os.pread(descriptor, _UP_TO_MAGIC_BYTES, position)
        size = int.from_bytes(head[8:12], "big", signed=True)
        if size < SMALLEST_SIZE_BYTES:
            raise ToolError(
                "org.apache.kafka.common.errors.CorruptRecordException",
                f"Found record size {size} smaller than minimum record overhead ({SMALLEST_SIZE_BYTES})"
                f" in file {path}.",
            )
        if position > end - SIZE_PREFIX_BYTES - size:
            return
        magic = head[_MAGIC_AT]
        is_too_small = size + SIZE_PREFIX_BYTES < HEADER_SIZE_BYTES
        if magic > NEWEST_LEGACY_MAGIC and (magic != MAGIC or is_too_small):
            raise ToolError(
                "org.apache.kafka.common.errors.UnsupportedVersionException",
                f"The batch at position {position} has magic {magic} and {size + SIZE_PREFIX_BYTES} bytes;"
                f" only batches of magic {MAGIC} are read here",
            )
        yield position, os.pread(descriptor, size + SIZE_PREFIX_BYTES, position)
        position += size + SIZE_PREFIX_BYTES


def read_batch(content: bytes) -> Batch:
    """Return what a batch says of itself. Raises ToolError for a message that is cut."""
    if content[_MAGIC_AT] > NEWEST_LEGACY_MAGIC:
        return unpack_header(content)
    try:
        return read_message(content)
    except CorruptBatchError as error:
        raise ToolError(_INVALID_RECORD, error.text) from error


def records_of(content: bytes, batch: Batch) -> Iterator[tuple[Record, LegacyMessage | None]]:
    """Yield the records of a batch, of a message of an older format that too. Raises ToolError."""
    try:
        if isinstance(batch, LegacyMessage):
            for message in messages_in(batch):
                yield message.record, message
            return
        for record in iterate_records(content, 0, batch):
            yield record, None
    except (CorruptBatchError, DecompressionError) as error:
        raise ToolError(_INVALID_RECORD, error.text) from error


def _title(name: str) -> str:
    if name.endswith(LOG_SUFFIX):
        return f"Log starting offset: {java_long(name.split('.', maxsplit=1)[0])}\n"
    if name == _BOOTSTRAP_SNAPSHOT:
        return "KRaft bootstrap snapshot\n"
    stem = name.removesuffix(SNAPSHOT_SUFFIX)
    return f"Snapshot end offset: {java_long(stem[:20])}, epoch: {java_long(stem[21:31])}\n"


def java_long(text: str) -> int:
    """Return the number in a part of a file's name. Raises ToolError as `Long.parseLong` does."""
    digits = text.removeprefix("-")
    if not digits.isdecimal():
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"')
    return int(text)


def _print_batch(batch: Batch, content: bytes, position: int, out: TextIO) -> None:
    if isinstance(batch, LegacyMessage):
        out.write(f"offset: {batch.offset}")
        codec, is_valid = batch.codec_number, batch.is_valid
        timestamp = f"{batch.timestamp_type}: {batch.timestamp_ms}"
    else:
        _print_identity(batch, out)
        codec = batch.attributes & CODEC_MASK
        is_valid = compute_crc(content, 0, len(content)) == batch.crc
        timestamp = f"{_timestamp_type(batch)}: {batch.max_timestamp}"
    if codec > Codec.ZSTD:
        raise ToolError("java.lang.IllegalArgumentException", f"Unknown compression type id: {codec}")
    out.write(
        f" position: {position} {timestamp} size: {batch.size_bytes} magic: {batch.magic}"
        f" compresscodec: {Codec(codec).name.lower()} crc: {batch.crc} isvalid: {_truth(is_valid)}\n"
    )


def _print_identity(header: BatchHeader, out: TextIO) -> None:
    horizon = f"OptionalLong[{header.base_timestamp}]" if header.has_delete_horizon else "OptionalLong.empty"
    out.write(
        f"baseOffset: {header.base_offset} lastOffset: {header.last_offset} count: {header.records_count}"
        f" baseSequence: {header.base_sequence} lastSequence: {header.last_sequence}"
        f" producerId: {header.producer_id} producerEpoch: {header.producer_epoch}"
        f" partitionLeaderEpoch: {header.leader_epoch} isTransactional: {_truth(header.is_transactional)}"
        f" isControl: {_truth(header.is_control)} deleteHorizonMs: {horizon}"
    )


def _print_record(
    record: Record, message: LegacyMessage | None, batch: Batch, dump: LogDump, out: TextIO
) -> None:
    prefix = RECORD_PREFIX
    is_control = isinstance(batch, BatchHeader) and batch.is_control
    if not dump.skips_record_metadata:
        kind = batch.timestamp_type if isinstance(batch, LegacyMessage) else _timestamp_type(batch)
        out.write(
            f"{prefix}offset: {record.offset} {kind}: {record.timestamp_ms}"
            f" keySize: {_size(record.key)} valueSize: {_size(record.value)}"
        )
        if isinstance(batch, BatchHeader):
            names = ",".join(each.key for each in record.headers)
            out.write(f" sequence: {_sequence(record, batch)} headerKeys: [{names}]")
        elif message is not None:
            out.write(f" isValid: {_truth(message.is_valid)} crc: {message.crc}}}")
        prefix = " "
        if is_control:
            out.write(_control_text(record))
    if dump.prints_contents and not is_control:
        key, payload = dump.parse_record(record)
        if key is not None:
            out.write(f"{prefix}key: {key}")
        if payload is not None:
            out.write(f" payload: {payload}")
    out.write("\n")


def _control_text(record: Record) -> str:
    try:
        control_type = control_type_of(record.key)
        if control_type in {ControlType.ABORT, ControlType.COMMIT}:
            marker = read_marker(control_type, record.value)
            return f" endTxnMarker: {control_type.name} coordinatorEpoch: {marker.coordinator_epoch}"
        if control_type in _QUORUM_RECORDS:
            cls, name = _QUORUM_RECORDS[control_type]
            message = decode_message(cls, 0, record.value or b"")
            return f" {name} {json_text(json_form(message, message.version))}"
    except (CorruptBatchError, WireError) as error:
        raise ToolError(_INVALID_RECORD, str(error)) from error
    number = int.from_bytes((record.key or b"")[2:4], "big", signed=True)
    return f" controlType: {control_type.name}({number})"


def _sequence(record: Record, header: BatchHeader) -> int:
    if header.base_sequence < 0:
        return NO_SEQUENCE
    return add_to_sequence(header.base_sequence, record.offset - header.base_offset)


def _size(content: bytes | None) -> int:
    return -1 if content is None else len(content)


def _timestamp_type(header: BatchHeader) -> str:
    return "LogAppendTime" if header.is_log_append_time else "CreateTime"


def _truth(value: bool) -> str:
    return "true" if value else "false"
