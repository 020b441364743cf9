"""Compaction of one log: from the files of its finished segments to new files beside them, with nothing else changed.

The law: what is written here is complete and on the disk before it is reported, and it has names (`.cleaned`) that a
start deletes; until somebody swaps it in, nothing has happened. The steps are those of Kafka's `Cleaner.doClean`
(facts 3.9): the dirty section fills the offset map, then all segments up to there are copied in groups, each into one
segment, without what the map has overtaken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, CorruptBatchError, check_crc, read_header
from ottla.records.keys import iterate_keys
from ottla.records.record import records_payload
from ottla.storage.aborted_transactions import AbortedTransaction, TransactionsInCleaning, collect_aborted
from ottla.storage.batch_filter import BatchFilter, LastOfProducer, control_type_in
from ottla.storage.cleaned_segment import SegmentCopy
from ottla.storage.files import Descriptor, FileSystem
from ottla.storage.leftovers import CLEANED_SUFFIX, remove_cleaned
from ottla.storage.log_files import SegmentFiles, find_segments
from ottla.storage.log_walk import find_position, read_batch
from ottla.storage.offset_map import OffsetMap
from ottla.storage.producer_snapshots import SNAPSHOT_SUFFIX
from ottla.storage.producer_state import NO_OFFSET, decode_snapshot
from ottla.storage.segment import LOG_SUFFIX, MAX_RELATIVE_OFFSET, file_name
from ottla.storage.swapping import CleanedSegment

LEAST_READ_BYTES = 4096
"""Read at once where the configured buffer is smaller; a batch that is larger is read by itself."""

Pace = Callable[[int], None]
"""Told of every number of bytes read or written, it waits where that was too fast; it may raise to end the cleaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionRequest:
    """Everything that a cleaning needs to know; the segments themselves are found in the directory."""

    directory: Path
    first_dirty_offset: int
    end_offset: int
    """Where the first segment starts that must not be cleaned; it is greater than `first_dirty_offset`."""
    producers_offset: int
    """Names the file of the producers that may still write (`producers_path`)."""
    segment_bytes: int
    segment_index_bytes: int
    index_interval_bytes: int
    delete_retention_ms: int
    now_ms: int
    dedupe_buffer_bytes: int
    dedupe_load_factor: float
    read_bytes: int


@dataclass(slots=True)
class CompactionResult:
    """What a cleaning has made."""

    next_dirty_offset: int
    """Where the next cleaning begins: before it the log is clean."""
    segments: list[CleanedSegment]
    bytes_mapped: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    records_read: int = 0
    records_kept: int = 0
    records_without_key: int = 0
    map_utilization: float = 0.0


def producers_path(directory: Path, offset: int) -> Path:
    """Return where the producers are written for a cleaning: in the format of a snapshot, which may be a large one."""
    return directory / (file_name(offset, SNAPSHOT_SUFFIX) + CLEANED_SUFFIX)


def compact(files: FileSystem, request: CompactionRequest, pace: Pace) -> CompactionResult:
    """Clean a log into `.cleaned` files; after a failure there are none of these.

    Raises OSError, CorruptBatchError, DecompressionError, CorruptTransactionIndexError, OffsetMapTooSmallError and what
    `pace` raises.
    """
    try:
        return _Cleaning(files, request, pace).run()
    except BaseException:
        remove_cleaned(files, request.directory)
        raise


def group_segments(
    segments: Sequence[SegmentFiles], *, end_offset: int, segment_bytes: int, segment_index_bytes: int
) -> list[list[SegmentFiles]]:
    """Put neighbours together that fit into one segment by their sizes before the cleaning.

    The segments end at `end_offset` (Kafka's `groupSegmentsBySize`).
    """
    groups: list[list[SegmentFiles]] = []
    log_bytes = offset_bytes = time_bytes = 0
    for number, segment in enumerate(segments):
        is_last = number + 1 == len(segments)
        last_offset = (end_offset if is_last else segments[number + 1].base_offset) - 1
        if (
            groups
            and log_bytes + segment.size_bytes <= segment_bytes
            and offset_bytes + (segment.offset_index_bytes or 0) <= segment_index_bytes
            and time_bytes + (segment.time_index_bytes or 0) <= segment_index_bytes
            and (not segment.size_bytes or last_offset - groups[-1][0].base_offset <= MAX_RELATIVE_OFFSET)
        ):
            groups[-1].append(segment)
        else:
            groups.append([segment])
            log_bytes = offset_bytes = time_bytes = 0
        log_bytes += segment.size_bytes
        offset_bytes += segment.offset_index_bytes or 0
        time_bytes += segment.time_index_bytes or 0
    return groups


class _Cleaning:
    """One cleaning on its way."""

    def __init__(self, files: FileSystem, request: CompactionRequest, pace: Pace) -> None:
        self._files = files
        self._request = request
        self._pace = pace
        self._read_bytes = max(request.read_bytes, LEAST_READ_BYTES)
        self._result = CompactionResult(request.first_dirty_offset, [])
        self._segments = find_segments(files, request.directory, files.list_names(request.directory))
        self._base_offsets = [each.base_offset for each in self._segments]
        self._map = OffsetMap(request.dedupe_buffer_bytes, request.dedupe_load_factor)

    def run(self) -> CompactionResult:
        request, result = self._request, self._result
        producers = self._last_of_producers()
        self._fill_map()
        result.next_dirty_offset = self._map.latest_offset + 1
        result.map_utilization = self._map.utilization
        batch_filter = BatchFilter(
            self._map,
            TransactionsInCleaning(),
            producers,
            request.end_offset,
            request.now_ms,
            request.delete_retention_ms,
            request.first_dirty_offset,
            self._map.latest_flags(request.first_dirty_offset),
        )
        groups = group_segments(
            [each for each in self._segments if each.base_offset < result.next_dirty_offset],
            end_offset=request.end_offset,
            segment_bytes=request.segment_bytes,
            segment_index_bytes=request.segment_index_bytes,
        )
        for group in groups:
            result.segments.append(self._clean_group(group, batch_filter))
        result.records_read = batch_filter.records_read
        result.records_kept = batch_filter.records_kept
        self._files.sync_directory(request.directory)
        return result

    def _last_of_producers(self) -> dict[int, LastOfProducer]:
        path = producers_path(self._request.directory, self._request.producers_offset)
        return {
            each.producer_id: LastOfProducer(
                each.batches[-1].last_offset if each.batches else NO_OFFSET, each.epoch
            )
            for each in decode_snapshot(self._files.read_file(path))
        }

    def _fill_map(self) -> None:
        """Take the keys of the dirty section into the map until it is full."""
        start, end = self._request.first_dirty_offset, self._request.end_offset
        transactions = TransactionsInCleaning()
        transactions.add(self._aborted(start, end))
        for segment in self._segments:
            next_offset = min(self._offset_after(segment), end)
            if segment.base_offset < end and next_offset > start:
                if not self._map_segment(segment, transactions):
                    return
                self._map.latest_offset = next_offset - 1

    def _map_segment(self, segment: SegmentFiles, transactions: TransactionsInCleaning) -> bool:
        """Take the keys of a segment into the map; tell whether all of them fitted."""
        start, offset_map = self._request.first_dirty_offset, self._map
        put = offset_map.put
        for content, header in self._batches(segment, start):
            self._result.bytes_mapped += header.size_bytes
            if header.is_control:
                transactions.takes_marker(header, control_type_in(content, header))
            elif not transactions.takes_batch(header):
                base_offset, payload = header.base_offset, records_payload(content, 0, header)
                for delta, key, _ in iterate_keys(payload, header.records_count):
                    if base_offset + delta < start:
                        continue
                    if key is None:
                        self._result.records_without_key += 1
                    elif not put(key, base_offset + delta):
                        return False
            if header.last_offset >= start:
                offset_map.latest_offset = header.last_offset
        return True

    def _clean_group(self, group: Sequence[SegmentFiles], batch_filter: BatchFilter) -> CleanedSegment:
        request, transactions = self._request, batch_filter.transactions
        copy = SegmentCopy(self._files, request.directory, group[0].base_offset, request.index_interval_bytes)
        for segment in group:
            transactions.add(self._aborted(segment.base_offset, self._offset_after(segment)))
            for content, header in self._batches(segment, segment.base_offset):
                self._result.bytes_read += header.size_bytes
                retained = batch_filter.filter(content, header)
                if retained is not None:
                    copy.append(retained, header if retained is content else read_header(retained))
                    self._result.bytes_written += len(retained)
                    self._pace(len(retained))
        aborted, transactions.retained = transactions.retained, []
        return copy.finish(aborted, [each.base_offset for each in group], group[-1].modified_ms)

    def _offset_after(self, segment: SegmentFiles) -> int:
        number = self._base_offsets.index(segment.base_offset) + 1
        return self._base_offsets[number] if number < len(self._base_offsets) else self._request.end_offset

    def _aborted(self, start_offset: int, end_offset: int) -> list[AbortedTransaction]:
        return collect_aborted(
            self._files, self._request.directory, self._base_offsets, start_offset, end_offset
        )

    def _batches(self, segment: SegmentFiles, start_offset: int) -> Iterator[tuple[memoryview, BatchHeader]]:
        """Yield the batches of a segment from the one with `start_offset` on, each whole and with a right CRC."""
        files, end = self._files, segment.size_bytes
        descriptor = files.open(self._request.directory / file_name(segment.base_offset, LOG_SUFFIX))
        position = find_position(files, descriptor, 0, end, start_offset)
        while position is not None and position < end:
            chunk = memoryview(files.pread(descriptor, min(self._read_bytes, end - position), position))
            at = 0
            while len(chunk) - at >= HEADER_SIZE_BYTES:
                header = read_header(chunk, at)
                if header.size_bytes > len(chunk) - at:
                    break
                check_crc(chunk, at, header)
                yield chunk[at : at + header.size_bytes], header
                at += header.size_bytes
            if at == 0:
                header = read_header(chunk)
                content = memoryview(self._read_large(descriptor, position, header, end))
                yield content, header
                at = header.size_bytes
            position += at
            self._pace(at)

    def _read_large(self, descriptor: Descriptor, position: int, header: BatchHeader, end: int) -> bytes:
        """Return a batch that is larger than what is read at once."""
        if position + header.size_bytes > end:
            raise CorruptBatchError(
                f"The last batch claims {header.size_bytes} bytes at byte {position} of {end}"
            )
        content = read_batch(self._files, descriptor, position, header)
        check_crc(content, 0, header)
        return content
