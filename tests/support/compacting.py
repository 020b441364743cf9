"""Logs that are compacted by the functions alone: written by a partition log, cleaned in place, read as they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, iterate_batches, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.record import Record, iterate_records
from ottla.storage.append_check import AppendOrigin
from ottla.storage.compaction import CompactionRequest, CompactionResult, compact, producers_path
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import CLEANED_SUFFIX
from ottla.storage.partition_log import PartitionLog
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, LOG_SUFFIX, SEGMENT_SUFFIXES, file_name
from ottla.storage.swapping import CleanedSegment
from tests.support.logs import NOW_MS, LogDriver, topic_config


class StoredBatch(NamedTuple):
    """A batch as it lies in a segment."""

    header: BatchHeader
    records: tuple[Record, ...]


def at_once(_: int) -> None:
    """Read and write without any pause."""


def keyed_driver(directory: Path, files: FileSystem | None = None, **changes: object) -> LogDriver:
    """Return a log of small segments for records with keys."""
    config = topic_config(
        **{
            "cleanup_policy": frozenset({"compact"}),
            "segment_bytes": 600,
            "index_interval_bytes": 150,
            **changes,
        }
    )
    return LogDriver(directory, config, files or FileSystem())


def append(driver: LogDriver, *records: tuple[bytes | None, bytes | None], **fields: object) -> int:
    """Append one batch of keys and values as a coordinator does, which may leave out keys; return its base offset."""
    timestamp = fields.pop("timestamp_ms", None)
    batch = build_batch(
        [NewRecord(key, value, timestamp) for key, value in records],  # type: ignore[arg-type]
        **{"now_ms": driver.now_ms, **fields},  # type: ignore[arg-type]
    )
    result = driver.log.append(batch, leader_epoch=0, origin=AppendOrigin.CLIENT, now_ms=driver.now_ms)
    return result.base_offset


def append_raw(driver: LogDriver, batch: bytes | bytearray) -> int:
    """Append a batch as it is, of whatever kind; return its base offset."""
    result = driver.log.append(
        bytearray(batch), leader_epoch=0, origin=AppendOrigin.RAFT_LEADER, now_ms=driver.now_ms
    )
    return result.base_offset


def request_for(driver: LogDriver, **changes: object) -> CompactionRequest:
    """Return the request of cleaning everything before the active segment, with the producers written for it."""
    log, config = driver.log, driver.config
    end = log.segments[-1].base_offset
    producers_path(driver.directory, end).write_bytes(log.producer_state.snapshot())
    fields = {
        "directory": driver.directory,
        "first_dirty_offset": 0,
        "end_offset": end,
        "producers_offset": end,
        "segment_bytes": config.segment_bytes,
        "segment_index_bytes": config.segment_index_bytes,
        "index_interval_bytes": config.index_interval_bytes,
        "delete_retention_ms": config.delete_retention_ms,
        "now_ms": NOW_MS,
        "dedupe_buffer_bytes": 1 << 20,
        "dedupe_load_factor": 0.9,
        "read_bytes": 4096,
        **changes,
    }
    return CompactionRequest(**fields)  # type: ignore[arg-type]


def clean(driver: LogDriver, **changes: object) -> CompactionResult:
    """Compact the log, and put what this makes in the place of its segments while the log is closed."""
    driver.log.roll(driver.now_ms)
    request = request_for(driver, **changes)
    driver.log.close()
    result = compact(driver.files, request, at_once)
    for segment in result.segments:
        put_in_place(driver.directory, segment)
    producers_path(driver.directory, request.producers_offset).unlink()
    driver.reopen(clean=True)
    return result


def put_in_place(directory: Path, segment: CleanedSegment) -> None:
    """Do with files what the log does with itself."""
    for base_offset in segment.replaces:
        for suffix in SEGMENT_SUFFIXES:
            (directory / file_name(base_offset, suffix)).unlink(missing_ok=True)
    for suffix in SEGMENT_SUFFIXES:
        source = directory / (file_name(segment.base_offset, suffix) + CLEANED_SUFFIX)
        if suffix != ABORTED_INDEX_SUFFIX or segment.has_aborted_index:
            source.rename(directory / file_name(segment.base_offset, suffix))


def batches_in(directory: Path) -> list[StoredBatch]:
    """Return all batches of a partition directory, read byte by byte."""
    found = []
    for path in sorted(directory.glob("*" + LOG_SUFFIX)):
        content = path.read_bytes()
        for position, header in iterate_batches(content):
            found.append(StoredBatch(header, tuple(iterate_records(content, position, header))))
    return found


def records_in(directory: Path) -> list[Record]:
    """Return all records of a partition directory."""
    return [record for batch in batches_in(directory) for record in batch.records]


def fetch_all(log: PartitionLog) -> list[Record]:
    """Return all records as a consumer gets them, who passes over batches that are empty."""
    records: list[Record] = []
    offset = log.log_start_offset
    while found := log.read(offset, 500, upper_bound=log.log_end_offset, must_return_a_batch=True):
        content = found.read()
        position = 0
        while len(content) - position >= HEADER_SIZE_BYTES:
            header = read_header(content, position)
            if position + header.size_bytes > len(content):
                break
            records += iterate_records(content, position, header)
            offset = header.next_offset
            position += header.size_bytes
        assert position, "a read returns at least one whole batch"
    return records


def latest_by_key(records: Sequence[Record]) -> dict[bytes | None, bytes | None]:
    """Return what a consumer that keeps a table would have: a value for each key that was not deleted."""
    table = {record.key: record.value for record in records}
    return {key: value for key, value in table.items() if value is not None and key is not None}
