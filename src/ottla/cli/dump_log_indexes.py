"""What kafka-dump-log shows of the files beside a log segment: its indexes, aborted transactions, producers.

Indexes are compared with the log beside them; what does not agree goes to standard error once all files were shown.
Indexes are read to their end: the zeros in which Kafka preallocates one are entries, up to the second of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ottla.cli.dump_log_batches import java_long, open_log, read_batch, records_of, walk_batches
from ottla.cli.failures import ToolError
from ottla.storage import offset_index
from ottla.storage.aborted_transactions import CorruptTransactionIndexError, decode_aborted
from ottla.storage.producer_state import CorruptSnapshotError, ProducerEntry, decode_snapshot
from ottla.storage.segment import LOG_SUFFIX

NO_TIMESTAMP = -1
NO_OFFSET = -1

_OFFSET_ENTRY = struct.Struct(">ii")
_TIME_ENTRY = struct.Struct(">qi")
_ABORTED_ENTRY_BYTES = 34
_CORRUPT_INDEX = "org.apache.kafka.storage.internals.log.CorruptIndexException"

Pairs = dict[str, list[tuple[int, int]]]
"""What does not agree, by file: what the index says, and what was found."""


@dataclass(frozen=True, slots=True)
class IndexDump:
    """What to do with an index."""

    only_checks_sanity: bool
    """Whether the check of a broker's start is all that is done."""
    only_verifies: bool
    """Whether the entries are compared with the log, and not printed."""
    max_message_bytes: int


@dataclass(slots=True)
class Mismatches:
    """Where indexes and logs do not agree."""

    offsets: Pairs = field(default_factory=dict)
    timestamps: Pairs = field(default_factory=dict)
    out_of_order: Pairs = field(default_factory=dict)
    not_found: Pairs = field(default_factory=dict)

    def offset_lines(self) -> Iterator[str]:
        """Yield what offset indexes have wrong, for standard error; the last found comes first."""
        for name, pairs in self.offsets.items():
            yield f"Mismatches in :{name}\n"
            for index_offset, log_offset in reversed(pairs):
                yield f"  Index offset: {index_offset}, log offset: {log_offset}\n"

    def time_lines(self) -> Iterator[str]:
        """Yield what time indexes have wrong, for standard error."""
        for name, pairs in self.timestamps.items():
            yield f"Found timestamp mismatch in :{name}\n"
            for index_timestamp, log_timestamp in pairs:
                yield f"  Index timestamp: {index_timestamp}, log timestamp: {log_timestamp}\n"
        for name, pairs in self.out_of_order.items():
            yield f"Found out of order timestamp in :{name}\n"
            for timestamp, before in pairs:
                yield f"  Index timestamp: {timestamp}, Previously indexed timestamp: {before}\n"
        for pairs in self.not_found.values():
            yield "The following indexed offsets are not found in the log.\n"
            for index_offset, log_offset in pairs:
                yield f"Indexed offset: {index_offset}, found log offset: {log_offset}\n"


def dump_offset_index(path: Path, dump: IndexDump, mismatches: Mismatches, out: TextIO) -> None:
    """Print an offset index. Raises ToolError where Kafka's tool would die of it."""
    base_offset, log_path = _segment_of(path)
    with open_log(log_path) as log:
        end = log_path.stat().st_size
        content = _index_content(path)
        entries = _offset_entries(content, base_offset)
        if not entries:
            out.write(f"{path} is empty.\n")
            return
        if dump.only_checks_sanity:
            _check_offset_index(path, content, entries[-1][0], base_offset)
            out.write(f"{path} passed sanity check.\n")
            return
        for number, (offset, position) in enumerate(entries):
            if number and offset == base_offset:
                return
            if position > end:
                raise ToolError(
                    "java.lang.IllegalArgumentException",
                    f"Slice from position {position} exceeds end position of"
                    f" FileRecords(size={end}, file={log_path}, start=0, end={(1 << 31) - 1})",
                )
            first = next(
                walk_batches(log, log_path, position, min(end, position + dump.max_message_bytes)), None
            )
            if first is None:
                raise ToolError("java.util.NoSuchElementException", None)
            found = read_batch(first[1]).last_offset
            if found != offset:
                mismatches.offsets.setdefault(str(path.absolute()), []).append((offset, found))
            if not dump.only_verifies:
                out.write(f"offset: {offset} position: {position}\n")


def dump_time_index(path: Path, dump: IndexDump, mismatches: Mismatches, out: TextIO) -> None:
    """Print a time index. Raises ToolError where Kafka's tool would die of it."""
    base_offset, log_path = _segment_of(path)
    with open_log(log_path) as log:
        end = log_path.stat().st_size
        positions = _offset_entries(_index_content(path.with_suffix(offset_index.SUFFIX)), base_offset)
        content = _index_content(path)
        whole = content[: len(content) - len(content) % _TIME_ENTRY.size]
        entries = [(stamp, base_offset + delta) for stamp, delta in _TIME_ENTRY.iter_unpack(whole)]
        if dump.only_checks_sanity:
            _check_time_index(path, content, entries, base_offset)
            out.write(f"{path} passed sanity check.\n")
            return
        before = NO_TIMESTAMP
        for number, (timestamp, offset) in enumerate(entries):
            if number and offset == base_offset:
                return
            position = max((at for entry, at in positions if entry <= offset), default=0)
            batches = (batch for _, batch in walk_batches(log, log_path, position, end))
            _compare_time_entry(batches, (timestamp, offset), before, str(path.absolute()), mismatches)
            if not dump.only_verifies:
                out.write(f"timestamp: {timestamp} offset: {offset}\n")
            before = timestamp


def dump_aborted_transactions(path: Path, out: TextIO) -> None:
    """Print a `.txnindex`. One that is not there is empty, as it is for a broker."""
    java_long(path.name.split(".")[0])
    content = path.read_bytes() if path.exists() else b""
    whole = content[: len(content) - len(content) % _ABORTED_ENTRY_BYTES]
    try:
        entries = decode_aborted(whole, str(path.absolute()))
    except CorruptTransactionIndexError as error:
        raise ToolError("org.apache.kafka.common.KafkaException", str(error)) from error
    out.writelines(
        f"version: 0 producerId: {entry.producer_id} firstOffset: {entry.first_offset}"
        f" lastOffset: {entry.last_offset} lastStableOffset: {entry.last_stable_offset}\n"
        for entry in entries
    )


def dump_producer_snapshot(path: Path, out: TextIO, problems: TextIO) -> None:
    """Print a `.snapshot` of producers; what is damaged is only said. Raises ToolError where there is no file."""
    with open_log(path) as file:
        content = file.read()
    try:
        entries = decode_snapshot(content)
    except CorruptSnapshotError as error:
        problems.write(f"{error}\n")
        return
    out.writelines(map(_producer_line, entries))


def _producer_line(entry: ProducerEntry) -> str:
    first = entry.transaction_first_offset
    shown = f"OptionalLong[{first}]" if first >= 0 else "OptionalLong.empty"
    line = (
        f"producerId: {entry.producer_id} producerEpoch: {entry.epoch} coordinatorEpoch: {entry.coordinator_epoch}"
        f" currentTxnFirstOffset: {shown} lastTimestamp: {entry.last_timestamp} "
    )
    if entry.batches:
        batch = entry.batches[0]
        line += (
            f"firstSequence: {batch.first_sequence} lastSequence: {batch.last_sequence}"
            f" lastOffset: {batch.last_offset} offsetDelta: {batch.offset_delta} timestamp: {batch.timestamp}"
        )
    return f"{line}\n"


def _segment_of(path: Path) -> tuple[int, Path]:
    """Return the base offset of an index's segment, and its log."""
    stem = path.name.split(".")[0]
    return java_long(stem), path.absolute().parent / f"{stem}{LOG_SUFFIX}"


def _index_content(path: Path) -> bytes:
    if not path.exists():
        # Kafka's tool makes an empty file here before it dies of it; nothing is made here.
        raise ToolError("java.lang.IllegalArgumentException", "Invalid max index size: -1")
    with open_log(path) as file:
        return file.read()


def _offset_entries(content: bytes, base_offset: int) -> list[tuple[int, int]]:
    """Return offsets and positions; bytes behind the last whole entry are none."""
    whole = content[: len(content) - len(content) % _OFFSET_ENTRY.size]
    return [(base_offset + delta, position) for delta, position in _OFFSET_ENTRY.iter_unpack(whole)]


def _check_offset_index(path: Path, content: bytes, last_offset: int, base_offset: int) -> None:
    if last_offset < base_offset:
        raise ToolError(
            _CORRUPT_INDEX,
            f"Corrupt index found, index file {path.absolute()} has non-zero size but the last offset is"
            f" {last_offset} which is less than the base offset {base_offset}",
        )
    if len(content) % _OFFSET_ENTRY.size:
        raise ToolError(
            _CORRUPT_INDEX,
            f"Index file {path.absolute()} is corrupt, found {len(content)} bytes which is neither positive nor"
            f" a multiple of {_OFFSET_ENTRY.size}",
        )


def _check_time_index(path: Path, content: bytes, entries: list[tuple[int, int]], base_offset: int) -> None:
    head = f"Corrupt time index found, time index file ({path.absolute()}) has non-zero size but the last"
    if entries and entries[-1][0] < entries[0][0]:
        raise ToolError(
            _CORRUPT_INDEX,
            f"{head} timestamp is {entries[-1][0]} which is less than the first timestamp {entries[0][0]}",
        )
    if entries and entries[-1][1] < base_offset:
        raise ToolError(
            _CORRUPT_INDEX,
            f"{head} offset is {entries[-1][1]} which is less than the first offset {base_offset}",
        )
    if len(content) % _TIME_ENTRY.size:
        raise ToolError(
            _CORRUPT_INDEX,
            f"Time index file {path.absolute()} is corrupt, found {len(content)} bytes which is neither positive nor"
            f" a multiple of {_TIME_ENTRY.size}",
        )


def _compare_time_entry(
    batches: Iterator[bytes], entry: tuple[int, int], before: int, name: str, mismatches: Mismatches
) -> None:
    timestamp, offset = entry
    for content in batches:
        batch = read_batch(content)
        if batch.last_offset < offset:
            continue
        if batch.last_offset != offset:
            mismatches.not_found.setdefault(name, []).append((offset, batch.last_offset))
            return
        newest = max((record.timestamp_ms for record, _ in records_of(content, batch)), default=NO_TIMESTAMP)
        if newest != timestamp:
            mismatches.timestamps.setdefault(name, []).append((timestamp, newest))
        if before >= timestamp:
            mismatches.out_of_order.setdefault(name, []).append((timestamp, before))
        return
    mismatches.not_found.setdefault(name, []).append((offset, NO_OFFSET))
