"""What a run has left behind: the data directory must be whole, and hold everything that was acknowledged.

Read from the files alone, by a walk of its own through every byte; then the same directories are recovered as after a
crash, which must find nothing to cut off.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from ottla.records.batch import BatchHeader, check_crc, iterate_batches
from ottla.records.record import iterate_records
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.storage.partition_metadata import read_topic_id
from tests.fuzz.ledger import Batch, Ledger, digest
from tests.support.logs import NOW_MS, log_bytes, topic_config

OPEN_FILES = 100
NODE_ID = 1


class AftermathError(Exception):
    """Something that must not be in a data directory, or is not there and must be."""


def judge_directory(path: Path, ledger: Ledger) -> int:
    """Judge a data directory that nobody uses; return the number of record batches. Raises AftermathError."""
    files = FileSystem()
    directory = LogDirectory.open(files, path, node_id=NODE_ID)
    try:
        if not directory.was_stopped_cleanly:
            raise AftermathError("the stop was not clean")
        starts = directory.log_start_offsets.read()
        promised: dict[tuple[bytes, int], dict[int, Batch]] = defaultdict(dict)
        for place, batch in ledger.batches.items():
            promised[place.topic_id, place.partition][place.base_offset] = batch
        count = 0
        for topic_partition, folder in directory.find_partitions().present:
            topic_id = read_topic_id(files, folder)
            assert topic_id is not None
            start = starts.get(topic_partition, 0)
            wanted = promised[topic_id, topic_partition.partition]
            count += _judge_partition(files, folder, start, wanted)
        directory.mark_clean_shutdown(directory.previous_broker_epoch)
    finally:
        directory.close()
    return count


def _judge_partition(files: FileSystem, folder: Path, start: int, wanted: dict[int, Batch]) -> int:
    segments = log_bytes(folder)
    # As Apache Kafka: the checkpoint names a start only where it is not that of the first segment.
    start = max(start, int(min(segments).removesuffix(".log")))
    found: dict[int, Batch] = {}
    next_offset = None
    for name, content in segments.items():
        first = int(name.removesuffix(".log"))
        if next_offset is not None and first != next_offset:
            raise AftermathError(f"{folder.name}/{name} begins at {first}, {next_offset} is the next")
        next_offset = first
        positions = {}
        for position, header in iterate_batches(content):
            check_crc(content, position, header)
            if header.base_offset != next_offset:
                raise AftermathError(f"{folder.name}: offset {header.base_offset} where {next_offset} is due")
            found[header.base_offset] = _read(content, position, header, folder)
            positions[position] = header
            next_offset = header.next_offset
        _judge_indexes(folder, first, positions)
    for offset, batch in wanted.items():
        if offset < start:
            continue
        there = found.get(offset)
        if there is None or there.records_count != batch.records_count:
            raise AftermathError(f"{folder.name}: the acknowledged batch at {offset} is not there: {there}")
        if batch.digest not in {None, there.digest}:
            raise AftermathError(f"{folder.name}: the batch at {offset} holds other records than were sent")
    _judge_recovery(files, folder, start, next_offset or 0)
    return len(found)


def _read(content: bytes, position: int, header: BatchHeader, folder: Path) -> Batch:
    records = list(iterate_records(content, position, header))
    # An uncompressed batch is stored with the offset deltas that it came with, as Apache Kafka stores it.
    if header.codec and [each.offset for each in records] != list(
        range(header.base_offset, header.next_offset)
    ):
        raise AftermathError(f"{folder.name}: the records of {header} have other offsets")
    return Batch(len(records), digest(records))


def _judge_indexes(folder: Path, base_offset: int, batches: dict[int, BatchHeader]) -> None:
    """Every entry of both indexes must fit the batches; entries of zeros are room for later ones."""
    stem = f"{base_offset:020d}"
    last = (-1, -1)
    for entry in _entries(folder / f"{stem}.index", 8):
        offset, position = int.from_bytes(entry[:4], "big"), int.from_bytes(entry[4:], "big")
        header = batches.get(position)
        if header is None or not header.base_offset <= base_offset + offset <= header.last_offset:
            raise AftermathError(f"{folder.name}/{stem}.index: offset {offset} is not at byte {position}")
        if (offset, position) <= last:
            raise AftermathError(f"{folder.name}/{stem}.index: {offset} does not follow {last}")
        last = (offset, position)
    last = (-1, -1)
    offsets = {header.last_offset: header for header in batches.values()}
    for entry in _entries(folder / f"{stem}.timeindex", 12):
        timestamp, offset = int.from_bytes(entry[:8], "big", signed=True), int.from_bytes(entry[8:], "big")
        if base_offset + offset not in offsets or (timestamp, offset) < last:
            raise AftermathError(f"{folder.name}/{stem}.timeindex: {timestamp} at {offset} after {last}")
        last = (timestamp, offset)


def _entries(path: Path, size: int) -> list[bytes]:
    content = path.read_bytes() if path.exists() else b""
    entries = [content[at : at + size] for at in range(0, len(content), size)]
    return [entry for entry in entries if entry.strip(b"\0")]


def _judge_recovery(files: FileSystem, folder: Path, start: int, end: int) -> None:
    """Recover a partition from its first byte; nothing may be cut off."""
    before = log_bytes(folder)
    log = PartitionLog.open(
        OpenFiles(files, OPEN_FILES),
        folder,
        topic_config(),
        clean_shutdown=False,
        recovery_point=0,
        log_start_offset=start,
        now_ms=NOW_MS,
    )
    log.close()
    if log.log_end_offset != max(end, start) or log_bytes(folder) != before:
        raise AftermathError(f"{folder.name}: a recovery ends at {log.log_end_offset} instead of {end}")
